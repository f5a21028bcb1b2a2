"""The wall as a list of nodes: its voxels, then those that touch them. All further work is done on the list."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from medgraft.measurement.levels import level_at
from medgraft.measurement.regions import BEYOND, OUTSIDE, POOL, WALL, Regions

Floats = NDArray[np.float32]
Integers = NDArray[np.int32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Link:
    """What lies next to every voxel of the wall in one direction.

    near: (N,) number of the next node. reach: (N,) mm to it, or to the surface where that comes first.
    closed: the voxels whose next node is beyond a cut.
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

    @cached_property
    def links(self) -> tuple[tuple[Link, Link], ...]:
        """To the lower and to the higher neighbour along z, y and x."""
        return tuple((self._link(axis, -1), self._link(axis, 1)) for axis in range(3))

    def _link(self, axis: int, side: int) -> Link:
        near = self.numbers[self.places[: self.n_wall] + side * self.strides[axis]]
        kind = self.kind[near]
        reach = np.full(self.n_wall, self.spacing[axis], np.float32)
        for level, surface in ((self.inner, POOL), (self.outer, OUTSIDE)):
            at = np.flatnonzero(kind == surface)
            reach[at] *= level[at] / (level[at] - level[near[at]])
        return Link(near=near, reach=reach, closed=np.flatnonzero(kind >= BEYOND))

    def voxels(self, nodes: NDArray[np.int64] | slice) -> NDArray[np.int64]:
        """The voxels (n, 3) of nodes in the box."""
        return np.stack(np.unravel_index(self.places[nodes], self.shape), axis=1)

    def interpolation(self, at: Floats) -> csr_array:
        """Weights (n, M + 1) that interpolate values of nodes linearly at points (n, 3) in voxels of the box."""
        low = np.floor(at)
        (z1, y1, x1), (z0, y0, x0) = (at - low).T, (1 - (at - low)).T
        planes = (z0 * y0, z0 * y1, z1 * y0, z1 * y1)
        weights = np.stack([plane * x for plane in planes for x in (x0, x1)], axis=1)
        corners = np.array([(z, y, x) for z in (0, 1) for y in (0, 1) for x in (0, 1)])
        nodes = self.numbers[(low.astype(np.int64) @ self.strides)[:, None] + corners @ self.strides]
        rows = np.arange(0, weights.size + 1, len(corners), dtype=np.int32)
        return csr_array((weights.ravel(), nodes.ravel(), rows), shape=(len(at), len(self.places) + 1))


def grid_of(regions: Regions) -> WallGrid:
    """The nodes of regions, with the levels of both surfaces at each."""
    wall = regions.codes == WALL
    around = _grown(wall) & ~wall
    places = np.concatenate([np.flatnonzero(wall), np.flatnonzero(around)])
    numbers = np.full(wall.size, len(places), np.int32)
    numbers[places] = np.arange(len(places), dtype=np.int32)
    return WallGrid(
        n_wall=int(wall.sum()),
        shape=regions.codes.shape,
        spacing=np.asarray(regions.spacing, np.float32),
        numbers=numbers,
        places=places,
        kind=regions.codes.ravel()[places],
        inner=level_at(regions, "endocardium", places),
        outer=level_at(regions, "epicardium", places),
    )


def _grown(wall: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The wall and its 26 neighbours; nothing is at the border of a box."""
    grown = wall
    for axis in range(3):
        grown = grown | np.roll(grown, 1, axis) | np.roll(grown, -1, axis)
    return grown
