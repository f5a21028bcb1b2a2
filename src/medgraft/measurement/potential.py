"""Laplace's equation in the wall: 0 on the inner surface, 1 on the outer, no flux through a cut."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.linalg import cg

from medgraft.measurement.grid import WallGrid
from medgraft.measurement.regions import OUTSIDE

Floats = NDArray[np.float32]

#: Of the residual; a smaller one changes mean errors by less than a thousandth of a voxel.
_TOLERANCE = 1e-4
#: Slope per mm below which there is no direction: that of a wall a metre thick.
_FLAT = 1e-3
_HALF = np.float32(0.5)


def solve_potential(grid: WallGrid) -> Floats:
    """The potential (N,) at the wall's voxels, within 0..1.

    Central differences that end at the surface where it comes before the next voxel, kept symmetric (Gibou et al. 2002,
    doi 10.1006/jcph.2001.6977), solved by conjugate gradients. Their number grows with the wall's thickness in
    voxels, not with N.
    """
    matrix, source, scale = _equations(grid)
    solution, _ = cg(matrix, source, x0=_HALF / scale, rtol=_TOLERANCE)
    return np.asarray(solution * scale, np.float32)


def directions(grid: WallGrid, potential: Floats) -> Floats:
    """Unit vectors (N, 3) in mm along the potential's gradient, outwards; zero where it is flat."""
    gradient = np.empty((grid.n_wall, 3), np.float32)
    for axis, (below, above) in enumerate(_beside(grid, potential)):
        low, high = grid.links[axis]
        fall, rise = (potential - below) / low.reach, (above - potential) / high.reach
        # A cut across the grid is a staircase, which the field does not follow: what is known is the open side.
        fall[low.closed], rise[high.closed] = rise[low.closed], fall[high.closed]
        # The slope of a parabola through three places that need not be equally far apart.
        gradient[:, axis] = (fall * high.reach + rise * low.reach) / (low.reach + high.reach)
    size = np.linalg.norm(gradient, axis=1, keepdims=True)
    return np.asarray(np.divide(gradient, size, out=np.zeros_like(gradient), where=size > _FLAT), np.float32)


def middle_of(grid: WallGrid, potential: Floats) -> NDArray[np.int64]:
    """The voxels at the middle of the wall: those with a neighbour on the other side of one half."""
    outer = potential > _HALF
    crossed = np.zeros(grid.n_wall, bool)
    for pair in _beside(grid, potential):
        for values in pair:
            crossed |= (values > _HALF) != outer
    return np.flatnonzero(crossed)


def _equations(grid: WallGrid) -> tuple[csr_array, Floats, Floats]:
    """Matrix (N, N) with ones on its diagonal, right side, and what scales the solution (Jacobi's preconditioner)."""
    n = grid.n_wall
    own = np.arange(n, dtype=np.int32)
    columns, flows = np.empty((n, 7), np.int32), np.ones((n, 7), np.float32)
    diagonal, source = np.zeros(n, np.float32), np.zeros(n, np.float32)
    columns[:, 0] = own
    for place, (axis, link) in enumerate(((a, link) for a in range(3) for link in grid.links[a]), start=1):
        flow = 1 / (grid.spacing[axis] * link.reach)
        flow[link.closed] = 0
        diagonal += flow
        ends = np.flatnonzero(link.near >= n)
        source[ends] += flow[ends] * (grid.kind[link.near[ends]] == OUTSIDE)
        flow[ends] = 0
        flows[:, place] = flow
        columns[:, place] = np.where(link.near < n, link.near, own)
    diagonal[diagonal == 0] = 1  # a voxel with a cut on every side
    scale = np.asarray(1 / np.sqrt(diagonal), np.float32)
    flows *= -scale[:, None] * scale[columns]
    flows[:, 0] = 1
    rows = np.arange(0, columns.size + 1, columns.shape[1], dtype=np.int32)
    return csr_array((flows.ravel(), columns.ravel(), rows), shape=(n, n)), source * scale, scale


def _beside(grid: WallGrid, potential: Floats) -> Iterator[tuple[Floats, Floats]]:
    """For z, y and x the potential (N,) at the ends of both links: that of a surface there, its own at a cut."""
    nodes = (grid.kind == OUTSIDE).astype(np.float32)
    nodes[: grid.n_wall] = potential
    for links in grid.links:
        below, above = (nodes[link.near] for link in links)
        for values, link in zip((below, above), links, strict=True):
            values[link.closed] = potential[link.closed]
        yield below, above
