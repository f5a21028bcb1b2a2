"""One step's worth of data."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class Batch:
    """inputs: what the forward pass reads, each (N, ...). targets: (N,) class index."""

    inputs: tuple[Tensor, ...]
    targets: Tensor
