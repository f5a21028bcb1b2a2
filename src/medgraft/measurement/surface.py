"""The endocardium or the epicardium as triangles with the wall's thickness at every corner, for views in 3D."""

from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.measurement.grid import grid_of
from medgraft.measurement.levels import SurfaceName
from medgraft.measurement.regions import OUTSIDE, POOL, WALL, Regions, regions_of
from medgraft.measurement.volume_mask import Spacing, checked_volume

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

#: What the wall borders on at each surface.
_ACROSS = {"endocardium": POOL, "epicardium": OUTSIDE}
_CORNERS = np.array(list(product((0, 1), repeat=3)))


@dataclass(frozen=True, kw_only=True, eq=False)
class WallSurface:
    """Triangles of one surface of the wall, open where the wall was cut.

    vertices: (V, 3) x, y, z in mm from the centre of the mask's first voxel. triangles: (F, 3) numbers of vertices,
    counter-clockwise as seen from outside the heart where x, y, z are right-handed. thickness: (V,) mm, NaN where
    unknown.
    """

    vertices: Floats
    triangles: NDArray[np.uint32]
    thickness: Floats


def wall_surface(
    mask: NDArray[Any],
    spacing: Spacing | None,
    thickness: NDArray[np.floating],
    surface: SurfaceName = "epicardium",
) -> WallSurface:
    """One surface of the wall, where `wall_thickness` takes it to be, as a surface net.

    Args:
        mask: (Z, Y, X) one phase in `core.task.MASK_CODES`, with a wall.
        spacing: (z, y, x) in mm.
        thickness: (Z, Y, X) of `wall_thickness`.
        surface: "endocardium" or "epicardium".

    Raises:
        InputError: no wall, thickness of another shape, an unknown surface, or what `wall_thickness` raises.

    References:
        Gibson 1998, Constrained elastic surface nets, doi 10.1007/BFb0056277.
    """
    mask, mm = checked_volume(mask, spacing)
    if surface not in _ACROSS:
        raise InputError(f"Expected a surface, got {surface!r}. Available: {', '.join(_ACROSS)}.")
    if thickness.shape != mask.shape:
        raise InputError(f"Expected thickness of the mask's shape {mask.shape}, got {thickness.shape}.")
    regions = regions_of(mask, mm)
    quads = _quads(regions, _ACROSS[surface])
    cells, corners = np.unique(quads.reshape(-1, 3), axis=0, return_inverse=True)
    a, b, c, d = corners.reshape(-1, 4).T
    places = cells + _crossings(regions, surface, cells) + np.array(regions.origin)
    return WallSurface(
        vertices=np.asarray((places * mm)[:, ::-1], np.float32),
        triangles=np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)]).astype(np.uint32),
        thickness=_mean_of_corners(thickness, cells + np.array(regions.origin)),
    )


def _quads(regions: Regions, across: int) -> Integers:
    """(Q, 4, 3) the four cells round each face between the wall and what is across, by their first corners."""
    quads = []
    for axis in range(3):
        u, v = np.eye(3, dtype=int)[[(axis + 1) % 3, (axis + 2) % 3]]
        low, high = np.delete(regions.codes, -1, axis), np.delete(regions.codes, 0, axis)
        for inner, outer, ring in (
            (low, high, (0 * u, -v, -u - v, -u)),
            (high, low, (0 * u, -u, -u - v, -v)),
        ):
            wall, beyond = (inner, outer) if across == OUTSIDE else (outer, inner)
            found = np.argwhere((wall == WALL) & (beyond == across))
            quads.append(found[:, None] + np.array(ring))
    return np.concatenate(quads)


def _crossings(regions: Regions, surface: SurfaceName, cells: Integers) -> NDArray[np.float64]:
    """(C, 3) in each cell of 2 x 2 x 2 voxels, the mean of where its twelve edges cross the surface, within 0..1."""
    places = np.ravel_multi_index(tuple((cells[:, None] + _CORNERS).T), regions.codes.shape).T
    grid = grid_of(regions)
    levels = (grid.inner if surface == "endocardium" else grid.outer)[grid.numbers[places]]
    total, count = np.zeros(cells.shape), np.zeros(len(cells))
    for near, far in combinations(range(len(_CORNERS)), 2):
        step = _CORNERS[far] - _CORNERS[near]
        if np.abs(step).sum() == 1:  # an edge of the cell
            start, end = levels[:, near], levels[:, far]
            crossed = (start > 0) != (end > 0)
            share = np.divide(start, start - end, out=np.zeros_like(start), where=crossed)
            total += crossed[:, None] * (_CORNERS[near] + share[:, None] * step)
            count += crossed
    return np.asarray(total / count[:, None])


def _mean_of_corners(thickness: NDArray[np.floating], cells: Integers) -> Floats:
    """(C,) the mean of what is known at the corners of cells; corners beyond the image are not."""
    total, count = np.zeros(len(cells)), np.zeros(len(cells))
    for corner in _CORNERS:
        at = cells + corner
        inside = ((at >= 0) & (at < thickness.shape)).all(axis=1)
        values = np.where(inside, thickness[tuple(np.clip(at, 0, np.array(thickness.shape) - 1).T)], np.nan)
        known = np.isfinite(values)
        total += np.where(known, values, 0)
        count += known
    return np.asarray(np.divide(total, count, out=np.full(len(cells), np.nan), where=count > 0), np.float32)
