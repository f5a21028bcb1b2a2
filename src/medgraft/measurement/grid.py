"""The wall as a list of nodes: its voxels, then those that touch them. All further work is done on the list."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from medgraft.measurement.levels import levels_at
from medgraft.measurement.regions import BEYOND, OUTSIDE, POOL, WALL, Regions

Floats = NDArray[np.float32]
Integers = NDArray[np.int32]

#: Voxels of the wall that are worked on at a time: what is made of them stays in the processor's cache.
_PART = 1 << 15
#: Slices of the box likewise.
_SLICES = 16


@dataclass(frozen=True, kw_only=True, eq=False)
class Link:
    """What lies next to n voxels of the wall in one direction.

    near: (n,) number of the next node. reach: (n,) mm to it, or to the surface where that comes first.
    closed: those of the n whose next node is beyond a cut.
    """

    near: Integers
    reach: Floats
    closed: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class WallGrid:
    """N voxels of wall and all their neighbours, M nodes in all, numbered from 0.

    n_wall: N. spacing: (3,) z, y, x in mm. strides: (3,) from a voxel to the next along z, y, x in the flat box.
    numbers: the node at each place of the flat box, M where there is none. places: (M,) the place of each node.
    kind: (M,) codes of `regions`. inner, outer: (M,) levels of the endocardium and the epicardium.
    """

    n_wall: int
    shape: tuple[int, ...]
    spacing: Floats
    numbers: Integers
    places: NDArray[np.int64]
    kind: NDArray[np.uint8]
    inner: Floats
    outer: Floats

    @cached_property
    def strides(self) -> NDArray[np.int64]:
        """Steps between neighbours along z, y and x in the flat box."""
        return np.array([self.shape[1] * self.shape[2], self.shape[2], 1])

    def parts(self) -> Iterator[slice]:
        """The wall's voxels, some at a time."""
        return (slice(start, min(start + _PART, self.n_wall)) for start in range(0, self.n_wall, _PART))

    def links(self, part: slice) -> tuple[tuple[Link, Link], ...]:
        """From some voxels of the wall to their lower and to their higher neighbours along z, y and x."""
        return tuple((self._link(part, axis, -1), self._link(part, axis, 1)) for axis in range(3))

    def _link(self, part: slice, axis: int, side: int) -> Link:
        near = self.numbers[self.places[part] + side * self.strides[axis]]
        kind = self.kind[near]
        reach = np.full(len(near), self.spacing[axis], np.float32)
        for level, surface in ((self.inner, POOL), (self.outer, OUTSIDE)):
            at = np.flatnonzero(kind == surface)
            own = level[part][at]
            reach[at] *= own / (own - level[near[at]])
        return Link(near=near, reach=reach, closed=np.flatnonzero(kind >= BEYOND))

    def voxels(self, nodes: NDArray[np.int64] | slice) -> NDArray[np.int64]:
        """The voxels (n, 3) of nodes in the box."""
        return np.stack(np.unravel_index(self.places[nodes], self.shape), axis=1)

    def interpolation(self, at: Floats) -> tuple[Floats, Integers]:
        """The nodes (n, 8) around points (n, 3) in voxels of the box, and their weights in linear interpolation."""
        low = np.floor(at)
        (z1, y1, x1), (z0, y0, x0) = (at - low).T, (1 - (at - low)).T
        planes = (z0 * y0, z0 * y1, z1 * y0, z1 * y1)
        weights = np.stack([plane * x for plane in planes for x in (x0, x1)], axis=1)
        corners = np.array([(z, y, x) for z in (0, 1) for y in (0, 1) for x in (0, 1)])
        return weights, self.numbers[(low.astype(np.int64) @ self.strides)[:, None] + corners @ self.strides]


def grid_of(regions: Regions) -> WallGrid:
    """The nodes of regions, with the levels of both surfaces at each."""
    wall = regions.codes == WALL
    own = np.flatnonzero(wall)
    places = np.concatenate([own, *_places_around(wall)])
    numbers = np.full(wall.shape, len(places), np.int32)
    numbers.ravel()[places] = np.arange(len(places), dtype=np.int32)
    return WallGrid(
        n_wall=len(own),
        shape=regions.codes.shape,
        spacing=np.asarray(regions.spacing, np.float32),
        numbers=numbers.ravel(),
        places=places,
        kind=regions.codes.ravel()[places],
        inner=levels_at(regions, "endocardium", numbers, len(places)),
        outer=levels_at(regions, "epicardium", numbers, len(places)),
    )


def _places_around(wall: NDArray[np.bool_]) -> Iterator[NDArray[np.int64]]:
    """Places in the flat box beside the wall, some slices at a time; nothing is at the border of a box."""
    for start in range(1, len(wall), _SLICES):
        slab = wall[start - 1 : start + _SLICES + 1]
        yield np.flatnonzero((_grown(slab) & ~slab)[1:-1]) + start * wall[0].size


def _grown(wall: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The wall and its 26 neighbours."""
    grown = wall.copy()
    for axis in range(3):
        low, high = ((slice(None),) * axis + (side,) for side in (slice(None, -1), slice(1, None)))
        before = grown.copy()
        grown[low] |= before[high]
        grown[high] |= before[low]
    return grown
