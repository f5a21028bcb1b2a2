"""How far two drawings of one structure agree: overlap, and the distance between their surfaces.

Both empty is perfect agreement: Dice 1, distance 0. One empty is none at all: Dice 0, and a distance that is not
defined. Whoever averages distances must say what such a pair counts, or a model that misses has the better mean:
`hausdorff95_or_worst` gives the usual answer.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, distance_transform_edt

from medgraft.core.errors import InputError

Mask = NDArray[np.bool_]

#: What the mean of the structures' coefficients is called in tables and files.
MEAN_DICE = "mean Dice"


def dice(a: Mask, b: Mask) -> float:
    """Dice's coefficient of two masks of any shape, 0..1; 1 where both are empty.

    >>> dice(np.array([True, True, False]), np.array([True, False, False]))
    0.6666666666666666
    """
    _check(a, b)
    size = np.count_nonzero(a) + np.count_nonzero(b)
    return float(2 * np.count_nonzero(a & b) / size) if size else 1.0


def hausdorff95(a: Mask, b: Mask, spacing: Sequence[float] | None = None, *, within: Mask | None = None) -> float:
    """The 95 % Hausdorff distance between the surfaces of two masks, the larger of both ways.

    A surface is the voxels of a mask that touch its outside across a face, or the border of the image.

    Args:
        a: of any number of axes.
        b: of the same shape.
        spacing: mm along each axis; None for distances in voxels.
        within: of the same shape; only voxels of a surface in here are counted, by their distance to the whole other
            surface. (Masks that are cut to a region would share the cut, and be the nearer for it.)

    Returns:
        mm, or voxels without a spacing; 0 where both are empty or no surface is in `within`, NaN where one is empty.

    References:
        Huttenlocher et al. 1993, doi 10.1109/34.232073; the percentile as in Metrics Reloaded (Maier-Hein et al. 2024).

    >>> line = np.arange(9)
    >>> hausdorff95(line < 4, line < 6), hausdorff95(line < 4, line < 6, within=line > 2)
    (1.9, 2.0)
    """
    _check(a, b)
    if not (a.any() and b.any()):
        return np.nan if a.any() or b.any() else 0.0
    ways = _both_ways(a, b, spacing, within)
    return max((float(np.percentile(way, 95)) for way in ways if way.size), default=0.0)


def hausdorff95_or_worst(
    a: Mask, b: Mask, spacing: Sequence[float] | None = None, *, within: Mask | None = None
) -> float:
    """`hausdorff95` as it counts in a mean: `worst_distance` where one mask is empty."""
    found = hausdorff95(a, b, spacing, within=within)
    return found if np.isfinite(found) else worst_distance(a.shape, spacing)


def worst_distance(shape: Sequence[int], spacing: Sequence[float] | None = None) -> float:
    """What a structure that only one side has counts in a mean of distances: the diagonal of the image.

    The worst case of Metrics Reloaded, as the BraTS challenge has it; in mm, or in voxels without a spacing.

    >>> worst_distance((3, 4), (1.0, 1.0))
    5.0
    """
    sides = np.asarray(shape, float) * (1.0 if spacing is None else np.asarray(spacing, float))
    return float(np.linalg.norm(sides))


def _both_ways(
    a: Mask, b: Mask, spacing: Sequence[float] | None, within: Mask | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far each voxel of a's surface is from b's, and of b's from a's."""
    near = _around(a | b)  # no surface lies elsewhere
    of_a, of_b = (_surface(np.asarray(mask[near])) for mask in (a, b))
    counted = True if within is None else within[near]
    return _distances(of_b, spacing)[of_a & counted], _distances(of_a, spacing)[of_b & counted]


def _check(a: Mask, b: Mask) -> None:
    if a.shape != b.shape:
        raise InputError(f"Expected two masks of one shape, got {a.shape} and {b.shape}.")


def _around(mask: Mask) -> tuple[slice, ...]:
    """The smallest box around a mask, one voxel wider."""
    places = [
        np.flatnonzero(mask.any(axis=tuple(i for i in range(mask.ndim) if i != axis))) for axis in range(mask.ndim)
    ]
    return tuple(slice(max(place[0] - 1, 0), place[-1] + 2) for place in places)


def _surface(mask: Mask) -> Mask:
    return np.asarray(mask & ~binary_erosion(mask))


def _distances(surface: Mask, spacing: Sequence[float] | None) -> NDArray[np.float64]:
    """From each voxel to the nearest one of a surface."""
    return np.asarray(distance_transform_edt(~surface, sampling=spacing), float)
