"""Where the two surfaces of the wall lie between the voxels' centres.

A mask says of each centre on which side it is, no more. Smoothed, its half-level loses the stairs of the grid but
draws round shapes in; two widths of smoothing together leave them where they are. The mask bounds how far it may move.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from medgraft.measurement.regions import BEYOND, OUTSIDE, POOL, Regions, Spacing

Floats = NDArray[np.float32]

#: Standard deviation of the smoothing in voxels, on an isotropic grid.
_SIGMA = 1.5
_TRUNCATE = 3.0
#: A sphere of radius r smoothed by s has its half-level s^2 / r too far in, since its value at r is off by a multiple
#: of s / r. Smoothed twice it is as if by sqrt(2) s: weights 1 + w and -w with (1 + w) = w sqrt(2) cancel the error.
_TWICE = np.float32(1 / (np.sqrt(2) - 1))

#: No level is nearer to zero than this at a centre, so that the surface stays on the mask's side of it.
_LEAST = 0.02


@dataclass(frozen=True, kw_only=True, eq=False)
class Levels:
    """Two functions (Z, Y, X) that are zero on a surface and positive on the wall's side of it; no unit.

    inner: of the endocardium. outer: of the epicardium.
    """

    inner: Floats
    outer: Floats


def levels_of(regions: Regions) -> Levels:
    """The levels of both surfaces; where the heart was cut, those of the heart continued."""
    codes = regions.codes
    pool = (codes == POOL) | (codes == POOL + BEYOND)
    return Levels(inner=-level_of(pool, regions.spacing), outer=level_of(codes != OUTSIDE, regions.spacing))


def level_of(inside: NDArray[np.bool_], spacing: Spacing) -> Floats:
    """A smooth function that is positive inside a mask, negative outside, and zero where its surface likely is.

    Along a coarse axis fewer voxels are smoothed over, and more millimetres: the standard deviation in mm follows the
    geometric mean of the axis' spacing and the finest one.
    """
    sigma = _SIGMA * np.sqrt(min(spacing) / np.asarray(spacing))
    once = ndimage.gaussian_filter(inside.astype(np.float32), sigma, truncate=_TRUNCATE, mode="nearest")
    twice = ndimage.gaussian_filter(once, sigma, truncate=_TRUNCATE, mode="nearest")
    level = once + _TWICE * (once - twice) - np.float32(0.5)
    np.maximum(level, _LEAST, out=level, where=inside)
    np.minimum(level, -_LEAST, out=level, where=~inside)
    return np.asarray(level, np.float32)
