"""The grid a network reads over the grid a volume came on: crop, pad and resampling in one, exact in millimetres."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

Shape = tuple[int, int, int]

#: A last voxel is added only for more than this share of a voxel.
_SLIVER = 1e-3

#: Native slices whose scores are in memory at once.
_SLICES = 32


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One axis of both grids. Voxel i covers i to i + 1, so its centre is at i + 0.5; both begin at the same face.

    native: voxels on the native grid. ratio: a network voxel's length in native voxels. start: the network voxel, of
    those that cover the whole volume, with which the network's grid begins; negative where it is padded.
    length: voxels the network reads.
    """

    native: int
    ratio: float
    start: int
    length: int

    @cached_property
    def to_network(self) -> Tensor:
        """Weights (length, native); rows outside the volume are 0."""
        index = torch.arange(self.start, self.start + self.length, dtype=torch.float64)
        inside = (index >= 0) & (index < whole_length(self.native, self.ratio))
        return _weights((index + 0.5) * self.ratio - 0.5, inside, self.native, self.ratio)

    @cached_property
    def to_native(self) -> Tensor:
        """Weights (native, length); rows outside what the network reads are 0."""
        index = torch.arange(self.native, dtype=torch.float64)
        centres = (index + 0.5) / self.ratio - 0.5 - self.start
        inside = (centres + 0.5 > -_SLIVER) & (centres + 0.5 < self.length + _SLIVER)
        return _weights(centres, inside, self.length, 1 / self.ratio)


def whole_axis(native: int, ratio: float) -> Axis:
    """The axis that covers all of a volume."""
    return Axis(native=native, ratio=ratio, start=0, length=whole_length(native, ratio))


def cut_axis(native: int, ratio: float, length: int, centre: float | None = None) -> Axis:
    """The axis of `length` network voxels about a native voxel index; about the middle of the volume by default.

    >>> cut_axis(10, ratio=1.0, length=6).start
    2
    """
    middle = ((native - 1) / 2 if centre is None else centre) + 0.5
    start = math.ceil(middle / ratio - length / 2 - 0.5)
    return Axis(native=native, ratio=ratio, start=start, length=length)


def whole_length(native: int, ratio: float) -> int:
    """How many network voxels cover an axis."""
    return max(1, math.ceil(native / ratio - _SLIVER))


@dataclass(frozen=True, kw_only=True)
class VolumeGrid:
    """Three axes (Z, Y, X). Time is no axis of a grid: phases are never mixed."""

    axes: tuple[Axis, Axis, Axis]

    @property
    def shape(self) -> Shape:
        """(Z', Y', X') that the network reads."""
        z, y, x = self.axes
        return z.length, y.length, x.length

    def to_network(self, volumes: Tensor) -> Tensor:
        """Volumes (N, Z, Y, X) on the network's grid (N, Z', Y', X'), 0 outside the volume."""
        return _along_axes(volumes, [axis.to_network for axis in self.axes])

    def to_native(self, volumes: Tensor) -> Tensor:
        """Volumes (N, Z', Y', X') on the native grid (N, Z, Y, X), 0 where the network did not look."""
        return _along_axes(volumes, [axis.to_native for axis in self.axes])

    def mask_to_network(self, codes: Tensor) -> Tensor:
        """Codes (N, Z, Y, X) of any integer type on the network's grid, 0 outside the volume.

        The share of each code in a voxel is interpolated and the largest share wins: between thick slices a wall then
        runs obliquely, where the nearest code would make steps.
        """
        present = sorted({0, *torch.unique(codes).tolist()})
        # Phase by phase, so that shares of one phase alone are in memory.
        moved = [
            _best((code, self.to_network((phase == code)[None].float())[0]) for code in present) for phase in codes
        ]
        return torch.stack(moved).to(codes.dtype)

    def scores_to_native(self, scores: Tensor) -> Tensor:
        """The best class (Z, Y, X) uint8 of each native voxel, from scores (K, Z', Y', X') above 0; 0 outside.

        Scores are interpolated before the best is chosen, which is finer than the other way round; some slices at a
        time, since those of a whole native volume are large.
        """
        along_z, *in_plane = (axis.to_native for axis in self.axes)
        slabs = (
            _best((code, _along_axes(score[None], [rows, *in_plane])[0]) for code, score in enumerate(scores))
            for rows in torch.split(along_z, _SLICES)
        )
        return torch.cat(list(slabs))


def _best(candidates: Iterator[tuple[int, Tensor]]) -> Tensor:
    """The code of the largest value at each place; the first of equals."""
    first, largest = next(candidates)
    codes = torch.full_like(largest, first, dtype=torch.uint8)
    for code, values in candidates:
        codes[values > largest] = code
        largest = torch.maximum(largest, values)
    return codes


def _weights(centres: Tensor, inside: Tensor, n: int, ratio: float) -> Tensor:
    """Rows of linear interpolation among n voxels; where voxels grow, the triangle is as wide as they (antialiasing).

    Rows sum to 1, so that a constant stays what it is up to the volume's faces, or to 0 where not `inside`.
    """
    distance = (centres[:, None] - torch.arange(n, dtype=torch.float64)).abs()
    triangle = (1 - distance / max(1.0, ratio)).clamp_min(0) * inside[:, None]
    return (triangle / triangle.sum(dim=1, keepdim=True).clamp_min(1e-12)).float()


def _along_axes(volumes: Tensor, weights: list[Tensor]) -> Tensor:
    """Each axis on its own, those that shrink first."""
    for axis in sorted(range(3), key=lambda axis: len(weights[axis]) / weights[axis].shape[1]):
        matrix = weights[axis].to(volumes.device)
        rows, columns = matrix.shape
        if rows != columns or not torch.equal(matrix, torch.eye(rows, device=matrix.device)):
            volumes = (volumes.movedim(axis - 3, -1) @ matrix.T).movedim(-1, axis - 3)
    return volumes.contiguous()
