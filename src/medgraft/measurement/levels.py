"""Where the two surfaces of the wall lie between the voxels' centres.

A mask says of each centre on which side it is, no more. Smoothed, its half-level loses the stairs of the grid but
draws round shapes in; sharpened again by as much as curvature takes, it leaves them where they are. The mask bounds
how far it may move.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from medgraft.measurement.regions import BEYOND, MARGIN, OUTSIDE, POOL, Regions
from medgraft.measurement.volume_mask import Spacing

Floats = NDArray[np.float32]
SurfaceName = Literal["endocardium", "epicardium"]

#: Standard deviation of the smoothing in voxels, on an isotropic grid.
_SIGMA = 1.6
_TRUNCATE = 3.0
#: Slices that are smoothed at a time.
_SLAB = 32
#: No level is nearer to zero than this at a centre, so that the surface stays on the mask's side of it.
_LEAST = 0.02


def level_at(regions: Regions, surface: SurfaceName, places: NDArray[np.integer]) -> Floats:
    """A smooth function that is zero on a surface of the wall and positive on the wall's side of it; no unit.

    Where the heart was cut it is that of the heart continued. Along a coarse axis fewer voxels are smoothed over, and
    more millimetres: the standard deviation in mm follows the geometric mean of the axis' spacing and the finest one.

    Args:
        regions: the box of a wall.
        surface: "endocardium" or "epicardium".
        places: of any shape, places in the flat box.

    Returns:
        Values in the shape of `places`.
    """
    level = np.empty(places.shape, np.float32)
    slices = places // regions.codes[0].size
    # Slab by slab: the whole box smoothed would be most of the memory, and more than the wall for a large heart.
    for first in range(0, len(regions.codes), _SLAB):
        here = (slices >= first) & (slices < first + _SLAB)
        if here.any():
            start = max(first - MARGIN, 0)
            side = _wall_side(regions.codes[start : first + _SLAB + MARGIN], surface)
            level[here] = _level_in(side, regions.spacing, places[here] - start * side[0].size)
    return level


def _level_in(side: NDArray[np.bool_], spacing: Spacing, places: NDArray[np.integer]) -> Floats:
    """The level at places of a part of the box, whose surface is where `side` changes."""
    sigma = _SIGMA * np.sqrt(min(spacing) / np.asarray(spacing))
    smooth = ndimage.gaussian_filter(side.view(np.uint8), sigma, output=np.float32, truncate=_TRUNCATE, mode="nearest")
    flat = smooth.ravel()
    level = flat[places] - np.float32(0.5)
    # On a sphere of radius r smoothing by s takes s / (r sqrt(2 pi)) from the value of one half. So does s^2 times the
    # Laplacian of what was smoothed, to first order in s / r.
    for step, width in zip(side.strides, sigma.astype(np.float32), strict=True):
        level -= width**2 * (flat[places - step] + flat[places + step] - 2 * flat[places])
    inside = side.ravel()[places]
    return np.asarray(np.where(inside, np.maximum(level, _LEAST), np.minimum(level, -_LEAST)), np.float32)


def _wall_side(codes: NDArray[np.uint8], surface: SurfaceName) -> NDArray[np.bool_]:
    if surface == "epicardium":
        return np.asarray(codes != OUTSIDE)
    return np.asarray((codes != POOL) & (codes != POOL + BEYOND))
