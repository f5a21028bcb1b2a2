"""Small changes of pose and grey level for training volumes, the same for an image and its mask."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import grid_sample

from medgraft.core.seeds import rng
from medgraft.recipe.grid import VolumeGrid

Triple = tuple[float, float, float]

#: Volumes (Z, Y, X) of some phases, one after the other, in one tensor or in several.
Phases = Tensor | Sequence[Tensor]


@dataclass(frozen=True, kw_only=True)
class Distortion:
    """One recorded choice. All phases of a sequence share it, so that the heart moves as it did.

    turn: degrees about (z, y, x); about z positive anticlockwise as seen. scale: (z, y, x), above 1 enlarges.
    shift: (z, y, x) in voxels of the network's grid. flip: which of (z, y, x) are mirrored.
    gamma: exponent of grey levels in 0..1. noise: standard deviation of Gaussian noise. seed: that noise's numbers.
    """

    turn: Triple = (0.0, 0.0, 0.0)
    scale: Triple = (1.0, 1.0, 1.0)
    shift: Triple = (0.0, 0.0, 0.0)
    flip: tuple[bool, ...] = (False, False, False)
    gamma: float = 1.0
    noise: float = 0.0
    seed: int = 0

    def apply(self, images: Phases, codes: Phases, grid: VolumeGrid) -> tuple[Tensor, Tensor]:
        """Images (T, Z, Y, X) in 0..1 and codes (S, Z, Y, X), cut to `grid` and changed by one resampling.

        Codes are whole numbers of any type. `grid` cuts or pads without changing the voxel size. What is beyond the cut
        turns into view where the volume goes on, and 0 where it ends; no other part is read, of volumes that may be
        memory-mapped.
        """
        places = self._places(grid)
        box = _box(places, [axis.native for axis in grid.axes])
        images, codes = (torch.stack([phase[box] for phase in phases]) for phases in (images, codes))
        classes = torch.unique(torch.cat([codes.new_zeros(1), codes.flatten()]))
        channels = torch.cat([images.float(), *((codes == code).float() for code in classes)])
        moved = grid_sample(channels[None], _in_box(places, box).to(channels)[None], align_corners=False)[0]
        pictures, shares = moved[: len(images)], moved[len(images) :]
        return self._regreyed(pictures), classes[shares.view(len(classes), *codes.shape[:1], *grid.shape).argmax(dim=0)]

    def _places(self, grid: VolumeGrid) -> Tensor:
        """Which voxel (z, y, x) of the volume each voxel of the result comes from, (Z', Y', X', 3)."""
        lengths = torch.tensor(grid.shape, dtype=torch.float64)
        starts = torch.tensor([axis.start for axis in grid.axes], dtype=torch.float64)
        middle = (lengths - 1) / 2
        voxels = torch.stack(torch.meshgrid(*(torch.arange(n) for n in grid.shape), indexing="ij"), dim=-1)
        from_middle = voxels.double() - middle - torch.tensor(self.shift, dtype=torch.float64)
        return from_middle @ self._matrix().T + middle + starts

    def _matrix(self) -> Tensor:
        """(3, 3) in (z, y, x): from the result back to the volume it was made of."""
        turned = _rotation(self.turn)
        signs = torch.tensor([-1.0 if mirrored else 1.0 for mirrored in self.flip], dtype=torch.float64)
        return torch.diag(signs / torch.tensor(self.scale, dtype=torch.float64)) @ turned.T

    def _regreyed(self, images: Tensor) -> Tensor:
        noise: NDArray[np.float32] = rng(self.seed).standard_normal(tuple(images.shape), np.float32)
        return (images.clamp(0, 1) ** self.gamma + self.noise * torch.from_numpy(noise).to(images)).clamp(0, 1)


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """How far training volumes may be changed; each choice is drawn evenly from these ranges, and recorded.

    degrees: about each axis. scale: a share of the size, up or down. shift: voxels of the network's grid along each
    axis. gamma: log of the exponent, up or down. noise: largest standard deviation, of grey levels in 0..1.
    flips: axes (of 0, 1, 2 for Z, Y, X) that may be mirrored: none by default, for a mirrored heart is another heart.
    """

    degrees: float = 10.0
    scale: float = 0.1
    shift: float = 4.0
    gamma: float = 0.2
    noise: float = 0.03
    flips: tuple[int, ...] = ()

    def choose(self, rng: np.random.Generator, *, in_plane: bool = False) -> Distortion:
        """One choice. in_plane: pose changes within slices only, for grids whose voxels are not known to be cubes."""
        turn, shift = (rng.uniform(-1, 1, 3) * reach for reach in (self.degrees, self.shift))
        scale = np.full(3, math.exp(rng.uniform(-1, 1) * math.log1p(self.scale)))
        if in_plane:
            turn[1:], shift[0], scale[0] = 0, 0, 1
        mirrored = rng.uniform(size=3) < 0.5
        return Distortion(
            turn=_triple(turn),
            scale=_triple(scale),
            shift=_triple(shift),
            flip=tuple(bool(mirrored[axis]) and axis in self.flips for axis in range(3)),
            gamma=math.exp(rng.uniform(-1, 1) * self.gamma),
            noise=rng.uniform(0, 1) * self.noise,
            seed=int(rng.integers(1 << 63)),
        )


def _triple(values: NDArray[np.float64]) -> Triple:
    z, y, x = values.tolist()
    return z, y, x


def _box(places: Tensor, sides: Sequence[int]) -> tuple[slice, ...]:
    """The part of a volume that is interpolated at some places (..., 3); a voxel at its edge where all are outside."""
    flat, last = places.flatten(0, -2), torch.tensor(sides) - 1
    starts = flat.amin(0).floor().long().clamp_min(0).minimum(last)
    stops = flat.amax(0).ceil().long().maximum(starts).minimum(last) + 1
    return tuple(slice(start, stop) for start, stop in zip(starts.tolist(), stops.tolist(), strict=True))


def _in_box(places: Tensor, box: tuple[slice, ...]) -> Tensor:
    """Places (..., 3) as `grid_sample` wants them: x, y, z in -1..1 of a box."""
    starts, sides = (torch.tensor(values) for values in zip(*((b.start, b.stop - b.start) for b in box), strict=True))
    return ((2 * (places - starts) + 1) / sides - 1).flip(-1)


def _rotation(degrees: Triple) -> Tensor:
    """(3, 3) in (z, y, x): about x, then y, then z."""
    z, y, x = (math.radians(angle) for angle in degrees)
    about_z = [[1, 0, 0], [0, math.cos(z), -math.sin(z)], [0, math.sin(z), math.cos(z)]]
    about_y = [[math.cos(y), 0, math.sin(y)], [0, 1, 0], [-math.sin(y), 0, math.cos(y)]]
    about_x = [[math.cos(x), -math.sin(x), 0], [math.sin(x), math.cos(x), 0], [0, 0, 1]]
    return torch.tensor(about_z).double() @ torch.tensor(about_y).double() @ torch.tensor(about_x).double()
