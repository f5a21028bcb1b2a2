"""One step's worth of data."""

from dataclasses import dataclass, fields

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class MaskTarget:
    """Masks of B units over K classes, and what of them was labelled at all.

    codes: (B, [T,] [Z,] Y, X) int64, 0 the background; arbitrary where nothing was labelled.
    phases: (B, T) bool, which phases are labelled; (B, 1) where units have no time axis.
    classes: (B, K) bool, which classes the source of a unit labels; the others look like background there.
    """

    codes: Tensor
    phases: Tensor
    classes: Tensor

    def __len__(self) -> int:
        """B."""
        return len(self.codes)

    def to(self, device: torch.device) -> "MaskTarget":
        """The same on a device."""
        return MaskTarget(**{item.name: getattr(self, item.name).to(device) for item in fields(self)})


@dataclass(frozen=True, kw_only=True, eq=False)
class Batch:
    """inputs: what the forward pass reads, each (N, ...). targets: (N,) class index, or N masks."""

    inputs: tuple[Tensor, ...]
    targets: Tensor | MaskTarget

    def to(self, device: torch.device) -> "Batch":
        """The same on a device."""
        return Batch(inputs=tuple(value.to(device) for value in self.inputs), targets=self.targets.to(device))


def batch_slices(n_rows: int, batch_size: int) -> list[slice]:
    """How an epoch's rows are cut into batches: a rest of a single row is left out, since batch norm needs two.

    >>> batch_slices(7, 3)
    [slice(0, 3, None), slice(3, 6, None)]
    >>> batch_slices(8, 3)[-1]
    slice(6, 8, None)
    """
    ends = [(first, min(first + batch_size, n_rows)) for first in range(0, n_rows, batch_size)]
    return [slice(first, last) for first, last in ends if last - first > 1]
