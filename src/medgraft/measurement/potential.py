"""Laplace's equation in the wall: 0 on the inner surface, 1 on the outer, no flux through a cut."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.linalg import cg

from medgraft.measurement.grid import Link, WallGrid
from medgraft.measurement.regions import OUTSIDE

Floats = NDArray[np.float32]
Integers = NDArray[np.int32]

#: Of the residual; a smaller one changes mean errors by less than a thousandth of a voxel.
_TOLERANCE = 1e-4
#: As many as a wall of thousands of voxels takes; what is no wall may never get there.
_MOST_STEPS = 3000
#: Slope per voxel of the finest axis below which there is no direction: that of a wall a thousand voxels thick.
_FLAT = 1e-3
_HALF = np.float32(0.5)


def solve_potential(grid: WallGrid) -> Floats:
    """The potential (N,) at the wall's voxels, within 0..1; NaN if it is not found in `_MOST_STEPS` steps.

    Central differences that end at the surface where it comes before the next voxel, kept symmetric (Gibou et al. 2002,
    doi 10.1006/jcph.2001.6977), solved by conjugate gradients. The number of their steps grows with the wall's
    thickness in voxels, not with N.
    """
    matrix, source, scale = _equations(grid)
    solution, failed = cg(matrix, source, x0=_HALF / scale, rtol=_TOLERANCE, maxiter=_MOST_STEPS)
    return np.full(grid.n_wall, np.nan, np.float32) if failed else np.asarray(solution * scale, np.float32)


def directions_and_middle(grid: WallGrid, potential: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Where the wall's voxels look to, and which lie at its middle.

    Returns:
        Unit vectors (N, 3) in mm along the potential's gradient, outwards, zero where it is flat; and the voxels that
        have a neighbour on the other side of one half.
    """
    nodes = (grid.kind == OUTSIDE).astype(np.float32)
    nodes[: grid.n_wall] = potential
    along, middle = np.empty((grid.n_wall, 3), np.float32), np.zeros(grid.n_wall, bool)
    for part in grid.parts():
        own, outer = nodes[part], nodes[part] > _HALF
        for axis, (low, high) in enumerate(grid.links(part)):
            below, above = _beside(nodes, part, low), _beside(nodes, part, high)
            along[part, axis] = _slope(own, below, above, low, high)
            middle[part] |= ((below > _HALF) != outer) | ((above > _HALF) != outer)
    size = np.linalg.norm(along, axis=1, keepdims=True)
    return np.divide(along, size, out=np.zeros_like(along), where=size > _FLAT / grid.spacing.min()), np.flatnonzero(
        middle
    )


def _equations(grid: WallGrid) -> tuple[csr_array, Floats, Floats]:
    """Matrix (N, N) with ones on its diagonal, right side, and what scales the solution (Jacobi's preconditioner)."""
    n = grid.n_wall
    columns, flows = np.empty((n, 7), np.int32), np.empty((n, 7), np.float32)
    source = np.empty(n, np.float32)
    for part in grid.parts():
        columns[part], flows[part], source[part] = _rows(grid, part)
    scale = np.asarray(1 / np.sqrt(flows[:, 0]), np.float32)
    for part in grid.parts():
        flows[part] *= scale[part, None] * scale[columns[part]]
    rows = np.arange(0, columns.size + 1, columns.shape[1], dtype=np.int32)
    return csr_array((flows.ravel(), columns.ravel(), rows), shape=(n, n)), source * scale, scale


def _rows(grid: WallGrid, part: slice) -> tuple[Integers, Floats, Floats]:
    """Of n voxels the columns (n, 7), first their own, what stands there, and the right side (n,)."""
    own = np.arange(part.start, part.stop, dtype=np.int32)
    columns, flows = np.empty((len(own), 7), np.int32), np.zeros((len(own), 7), np.float32)
    source = np.zeros(len(own), np.float32)
    columns[:, 0] = own
    links = ((axis, link) for axis, pair in enumerate(grid.links(part)) for link in pair)
    for place, (axis, link) in enumerate(links, start=1):
        flow = 1 / (grid.spacing[axis] * link.reach)
        flow[link.closed] = 0
        flows[:, 0] += flow
        ends = np.flatnonzero(link.near >= grid.n_wall)
        source[ends] += flow[ends] * (grid.kind[link.near[ends]] == OUTSIDE)
        flow[ends] = 0
        flows[:, place] = -flow
        columns[:, place] = np.where(link.near < grid.n_wall, link.near, own)
    flows[flows[:, 0] == 0, 0] = 1  # a voxel with a cut on every side
    return columns, flows, source


def _beside(nodes: Floats, part: slice, link: Link) -> Floats:
    """The potential at the end of a link: that of a surface there, its own at a cut."""
    values = nodes[link.near]
    values[link.closed] = nodes[part][link.closed]
    return values


def _slope(own: Floats, below: Floats, above: Floats, low: Link, high: Link) -> Floats:
    """Of a parabola through three places that need not be equally far apart, per mm."""
    fall, rise = (own - below) / low.reach, (above - own) / high.reach
    # A cut across the grid is a staircase, which the field does not follow: what is known is the open side.
    fall[low.closed], rise[high.closed] = rise[low.closed], fall[high.closed]
    return np.asarray((fall * high.reach + rise * low.reach) / (low.reach + high.reach), np.float32)
