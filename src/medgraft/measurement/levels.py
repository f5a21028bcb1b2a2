"""Where the two surfaces of the wall lie between the voxels' centres.

A mask says of each centre on which side it is, no more. Smoothed, its half-level loses the stairs of the grid but
draws round shapes in; sharpened again by as much as curvature takes, it leaves them where they are. The mask bounds
how far it may move.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from medgraft.measurement.regions import BEYOND, MARGIN, OUTSIDE, POOL, Regions

Floats = NDArray[np.float32]
SurfaceName = Literal["endocardium", "epicardium"]
Box = tuple[slice, ...]

#: Standard deviation of the smoothing in voxels, on an isotropic grid: more, and cavities of a few voxels vanish.
_SIGMA = 2.0
#: Voxels on every side that a level depends on; all but one for the smoothing, three standard deviations.
_REACH = MARGIN - 1
_RADIUS = _REACH - 1
#: Voxels along the sides of the parts that are smoothed at a time.
_TILE = 32
#: No level is nearer to zero than this at a centre, so that the surface stays on the mask's side of it.
_LEAST = 0.02


def levels_at(regions: Regions, surface: SurfaceName, numbers: NDArray[np.int32], n_nodes: int) -> Floats:
    """A smooth function that is zero on a surface of the wall and positive on the wall's side of it; no unit.

    Where the heart was cut it is that of the heart continued. Along a coarse axis fewer voxels are smoothed over, and
    more millimetres: the standard deviation in mm follows the geometric mean of the axis' spacing and the finest one.

    Args:
        regions: the box of a wall.
        surface: "endocardium" or "epicardium".
        numbers: (Z, Y, X) the node at each voxel of the box, `n_nodes` where there is none.
        n_nodes: how many there are, all voxels of the wall or next to one.

    Returns:
        (n_nodes,)
    """
    sigma = _SIGMA * np.sqrt(min(regions.spacing) / np.asarray(regions.spacing))
    kernels = [_kernel(width) for width in sigma]
    level = np.empty(n_nodes, np.float32)
    for tile, around in _tiles(regions.codes.shape):
        here = numbers[tile] < n_nodes
        if here.any():
            side = _wall_side(regions.codes[around], surface)
            level[numbers[tile][here]] = _level_in(side, kernels, sigma.astype(np.float32))[here]
    return level


def _tiles(shape: Sequence[int]) -> Iterator[tuple[Box, Box]]:
    """Parts of a box that together have all that can be nodes, and each with what is around it."""
    starts = [range(_REACH, n - _REACH, _TILE) for n in shape]
    for corner in product(*starts):
        ends = [min(start + _TILE, n - _REACH) for start, n in zip(corner, shape, strict=True)]
        sides = list(zip(corner, ends, strict=True))
        yield (
            tuple(slice(start, end) for start, end in sides),
            tuple(slice(start - _REACH, end + _REACH) for start, end in sides),
        )


def _level_in(side: NDArray[np.bool_], kernels: Sequence[Floats], sigma: Floats) -> Floats:
    """The level in a tile, whose surface is where `side`, the tile with its surroundings, changes."""
    inside = side[(slice(_REACH, -_REACH),) * 3]
    if side.all() or not side.any():
        return np.where(inside, np.float32(0.5), np.float32(-0.5))
    smooth = _smoothed(side, kernels)
    level = smooth[1:-1, 1:-1, 1:-1] - np.float32(0.5)
    # On a sphere of radius r smoothing by s takes s / (r sqrt(2 pi)) from the value of one half. So does s^2 times the
    # Laplacian of what was smoothed, to first order in s / r.
    for axis, width in enumerate(sigma):
        within = tuple(slice(None) if other == axis else slice(1, -1) for other in range(3))
        level -= width**2 * np.diff(smooth[within], n=2, axis=axis)
    return np.asarray(np.where(inside, np.maximum(level, _LEAST), np.minimum(level, -_LEAST)), np.float32)


def _smoothed(side: NDArray[np.bool_], kernels: Sequence[Floats]) -> Floats:
    """(z - 2 R, y - 2 R, x - 2 R) smoothed along each axis, R being the radius."""
    smooth = side.astype(np.float32)
    for kernel, n in zip(kernels, side.shape, strict=True):
        # The first axis comes back as the last: after three, each is where it was.
        smooth = smooth.transpose(1, 2, 0) @ kernel[: n - 2 * _RADIUS, :n].T
    return smooth


def _kernel(sigma: float) -> Floats:
    """(n - 2 R, n) the matrix that smooths a line of the largest tile."""
    each = np.eye(_TILE + 2 * _REACH, dtype=np.float32)
    return np.asarray(ndimage.gaussian_filter1d(each, sigma, axis=0, radius=_RADIUS)[_RADIUS:-_RADIUS])


def _wall_side(codes: NDArray[np.uint8], surface: SurfaceName) -> NDArray[np.bool_]:
    if surface == "epicardium":
        return np.asarray(codes != OUTSIDE)
    return np.asarray((codes != POOL) & (codes != POOL + BEYOND))
