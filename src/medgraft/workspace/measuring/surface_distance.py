"""How far the surfaces of two masks of one stack lie apart in the patient."""

import numpy as np
from numpy.typing import NDArray

from medgraft.evaluation import hausdorff95, worst_distance
from medgraft.measurement import moved_over

Mask = NDArray[np.bool_]


def surface_distance(
    a: Mask,
    b: Mask,
    spacing: tuple[float, float, float],
    aside: NDArray[np.float64] | None,
    *,
    within: Mask | None = None,
) -> float:
    """The 95 % Hausdorff distance in mm, as it counts in a mean (`evaluation.hausdorff95_or_worst`).

    Args:
        a: (Z, Y, X) one structure.
        b: of the same shape.
        spacing: (z, y, x) in mm; slices equally far apart.
        aside: how far slices lie aside of each other (`core.geometry.slices_aside`).
        within: as of `evaluation.hausdorff95`.
    """
    counted = None if within is None else _straight(within, aside)
    found = hausdorff95(_straight(a, aside), _straight(b, aside), spacing, within=counted)
    return found if np.isfinite(found) else worst_distance(a.shape, spacing)


def _straight(mask: Mask, aside: NDArray[np.float64] | None) -> Mask:
    return mask if aside is None else moved_over(mask, aside, beyond="nothing")
