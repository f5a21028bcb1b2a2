"""Lengths of the streamlines through the voxels of a wall, from surface to surface.

The thickness is the same all along a streamline. So only lines through the middle of the wall are followed to both
ends; every other voxel takes the length of the line through it from its neighbours towards the middle.
"""

from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from medgraft.measurement.grid import WallGrid
from medgraft.measurement.potential import directions_and_middle

Floats = NDArray[np.float32]
Integers = NDArray[np.int32]
Indices = NDArray[np.int64]

#: Streamlines that are followed at a time: what is looked up for them stays in the processor's cache.
_CHUNK = 1 << 14
#: How far a voxel looks towards the middle, in voxels of the finest axis; how much of what it sees must be known.
_LOOK, _KNOWN = np.float32(1.3), 0.01
#: Voxels of the finest axis: a change too small to matter; a step too short to lead anywhere.
_SETTLED, _STUCK = 1e-3, 0.01
_HALF = np.float32(0.5)
#: Columns of the field behind the direction (z, y, x).
_INNER, _OUTER = 3, 4


def streamline_lengths(grid: WallGrid, potential: Floats) -> Floats:
    """The length (N,) in mm of the streamline through each voxel; NaN where none joins the surfaces.

    Args:
        grid: the wall.
        potential: (N,) 0 on the inner surface, 1 on the outer.
    """
    along, middle = directions_and_middle(grid, potential)
    field = _field(grid, along)
    lengths = np.full(grid.n_wall, np.nan, np.float32)
    for begin in range(0, len(middle), _CHUNK):
        seeds = middle[begin : begin + _CHUNK]
        lengths[seeds] = _followed(grid, field, seeds, _INNER) + _followed(grid, field, seeds, _OUTER)
    inwards = np.where(potential > _HALF, np.float32(-1), np.float32(1))
    return _carried(grid, lengths, inwards[:, None] * field[: grid.n_wall, :3])


def _field(grid: WallGrid, along: Floats) -> Floats:
    """(M + 1, 5) direction, inner and outer level of every node; the last row is nowhere, where every line ends."""
    field = np.zeros((len(grid.places) + 1, 5), np.float32)
    field[: grid.n_wall, :3] = along
    lacking = np.flatnonzero(~field[:-1, :3].any(axis=1))  # around the wall, and where the potential is flat
    total = _sum_beside(grid, field[:, :3], lacking)
    size = np.linalg.norm(total, axis=1, keepdims=True)
    field[lacking, :3] = np.divide(total, size, out=total, where=size > 0)
    field[:-1, _INNER], field[:-1, _OUTER] = grid.inner, grid.outer
    field[-1, _INNER:] = -1
    return field


def _followed(grid: WallGrid, field: Floats, seeds: Indices, end: int) -> Floats:
    """How far (n,) it is from seeds along their streamlines to the inner or outer surface, mm."""
    step = grid.spacing.min() * (1 if end == _OUTER else -1)
    longest = float(np.sum(grid.shape * grid.spacing))  # where a mask is no wall, a line may turn in circles
    lengths, run = np.full(len(seeds), np.nan, np.float32), np.zeros(len(seeds), np.float32)
    lines, at, here = np.arange(len(seeds)), grid.voxels(seeds).astype(np.float32), field[seeds]
    before = here
    while len(lines):
        # Adams and Bashforth's second order: one look at the field for each step.
        move = step * (1.5 * here[:, :3] - 0.5 * before[:, :3])
        at = at + move / grid.spacing
        there = _weighted(*grid.interpolation(at), field)
        way = np.linalg.norm(move, axis=1)
        ends = there[:, end] <= 0
        lengths[lines[ends]] = run[ends] + way[ends] * here[ends, end] / (here[ends, end] - there[ends, end])
        on = ~ends & (way > _STUCK * grid.spacing.min()) & (run < longest)
        lines, at, run, before, here = lines[on], at[on], (run + way)[on], here[on], there[on]
    return lengths


def _carried(grid: WallGrid, lengths: Floats, inwards: Floats) -> Floats:
    """Lengths of the middle taken to the others, each from where its streamline was a little nearer to the middle."""
    values = np.zeros((len(grid.places) + 1, 2), np.float32)  # the length of a node, 0 if unknown; whether it is known
    values[: grid.n_wall] = np.stack([np.nan_to_num(lengths), np.isfinite(lengths)], axis=1)
    _settle(grid, values, np.flatnonzero(np.isnan(lengths)), inwards)
    # Corners of a cut across the grid may look out of the wall: they take what is around them.
    blind = np.flatnonzero(values[: grid.n_wall, 1] == 0)
    length, known = _sum_beside(grid, values, blind).T
    values[blind] = np.stack([length / np.maximum(known, 1), known > 0], axis=1)
    length, known = values[: grid.n_wall].T
    return np.where(known > 0, length, np.float32(np.nan))


def _settle(grid: WallGrid, values: Floats, nodes: Indices, inwards: Floats) -> None:
    """Give nodes the length from a little nearer to the middle, until none changes any more."""
    weights, seen = np.empty((len(nodes), 8), np.float32), np.empty((len(nodes), 8), np.int32)
    parts = [slice(begin, begin + _CHUNK) for begin in range(0, len(nodes), _CHUNK)]
    for part in parts:
        weights[part], seen[part] = _look(grid, nodes[part], inwards)
    for _ in range(sum(grid.shape)):  # a length is passed on by a voxel at least each time
        changes = [_pass_on(values, nodes[part], weights[part], seen[part]) for part in parts]
        if max(changes, default=0) <= _SETTLED * grid.spacing.min():
            return


def _look(grid: WallGrid, nodes: Indices, inwards: Floats) -> tuple[Floats, Integers]:
    """What lies a little nearer to the middle than each of n nodes: weights and nodes, (n, 8)."""
    look = _LOOK * grid.spacing.min() * inwards[nodes] / grid.spacing
    return grid.interpolation(grid.voxels(nodes).astype(np.float32) + look)


def _pass_on(values: Floats, nodes: Indices, weights: Floats, seen: Integers) -> float:
    """Give nodes the length where they look, as far as it is known; by how many mm one changed at most."""
    length, known = _weighted(weights, seen, values).T
    sure = known > _KNOWN
    length = np.divide(length, known, out=np.zeros_like(length), where=sure)
    change = float(np.abs(length - values[nodes, 0]).max(initial=0))
    values[nodes] = np.stack([length, sure], axis=1)
    return change


def _weighted(weights: Floats, nodes: Integers, values: Floats) -> Floats:
    """The sum (n, C) of values (M + 1, C) of nodes (n, 8), weighted."""
    rows = np.arange(0, weights.size + 1, weights.shape[1], dtype=np.int32)
    return np.asarray(csr_array((weights.ravel(), nodes.ravel(), rows), shape=(len(weights), len(values))) @ values)


def _sum_beside(grid: WallGrid, values: Floats, nodes: Indices) -> Floats:
    """The sum (n, C) of values (M + 1, C) over each node and its 26 neighbours."""
    places = grid.places[nodes]
    total = np.zeros((len(nodes), values.shape[1]), np.float32)
    for step in product((-1, 0, 1), repeat=3):
        total += values[grid.numbers[places + step @ grid.strides]]
    return total
