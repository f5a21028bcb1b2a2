"""One step's worth of data."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class Batch:
    """inputs: what the forward pass reads, each (N, ...). targets: (N,) class index."""

    inputs: tuple[Tensor, ...]
    targets: Tensor


def batch_slices(n_rows: int, batch_size: int) -> list[slice]:
    """How an epoch's rows are cut into batches: a rest of a single row is left out, since batch norm needs two.

    >>> batch_slices(7, 3)
    [slice(0, 3, None), slice(3, 6, None)]
    >>> batch_slices(8, 3)[-1]
    slice(6, 8, None)
    """
    ends = [(first, min(first + batch_size, n_rows)) for first in range(0, n_rows, batch_size)]
    return [slice(first, last) for first, last in ends if last - first > 1]
