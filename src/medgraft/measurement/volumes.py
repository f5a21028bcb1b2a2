"""Volumes of the cavity and of the wall, and what the heart ejects."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.core.task import MASK_CODES
from medgraft.measurement.volume_mask import Spacing, checked_volume

#: Density of myocardium, g/ml (Schulz-Menger et al. 2020, SCMR post-processing, doi 10.1186/s12968-020-00610-6).
MYOCARDIUM_G_PER_ML = 1.05

_MM3_PER_ML = 1000.0


def structure_volume(
    mask: NDArray[Any],
    spacing: Spacing | None,
    structure: str = "pool",
    *,
    included: NDArray[np.bool_] | None = None,
    positions: NDArray[np.float64] | None = None,
) -> float:
    """The volume of one structure of a mask, ml: the sum of its voxels.

    Args:
        mask: (Z, Y, X) one phase in `core.task.MASK_CODES`.
        spacing: (z, y, x) in mm; z between slice centres.
        structure: "pool", "myocardium" or "rv".
        included: (Z,) which slices count; all if None. A short-axis slice beyond the heart's range is left out.
        positions: (Z,) where the slices lie along their normal, mm, in order; each slice then stands for half the way
            to its neighbours on either side. Equally far apart by `spacing` if None.

    Raises:
        InputError: an unknown spacing or structure, or slices that do not fit the mask.

    >>> structure_volume(np.full((2, 10, 10), 1), (5.0, 1.0, 1.0))
    1.0
    """
    mask, mm = checked_volume(mask, spacing)
    if structure not in MASK_CODES:
        raise InputError(f"Expected a structure, got {structure!r}. Available: {', '.join(MASK_CODES)}.")
    voxels = (mask == MASK_CODES[structure]).sum(axis=(1, 2))
    counted = voxels * _included(included, len(mask))
    return float((counted * _thicknesses(positions, len(mask), mm[0])).sum() * mm[1] * mm[2] / _MM3_PER_ML)


def ejection_fraction(edv: float, esv: float) -> float:
    """The share of the cavity's end-diastolic volume that is ejected.

    Raises `InputError` unless `edv` is above 0 ml and `esv` is at least 0.

    >>> ejection_fraction(120.0, 48.0)
    0.6
    """
    if not edv > 0 or not esv >= 0:
        raise InputError(f"Expected an end-diastolic volume above 0 ml and an end-systolic one, got {edv} and {esv}.")
    return (edv - esv) / edv


def _included(included: NDArray[np.bool_] | None, n_slices: int) -> NDArray[np.bool_]:
    if included is None:
        return np.ones(n_slices, bool)
    if included.shape != (n_slices,) or included.dtype != bool:
        raise InputError(f"Expected true or false for {n_slices} slices, got {included.dtype} {included.shape}.")
    return included


def _thicknesses(positions: NDArray[np.float64] | None, n_slices: int, spacing: float) -> NDArray[np.float64]:
    """How many mm each slice stands for, (Z,)."""
    if positions is None or n_slices == 1:
        return np.full(n_slices, spacing)
    steps = np.diff(positions)
    if len(positions) != n_slices or not ((steps > 0).all() or (steps < 0).all()):
        raise InputError(f"Expected the positions of {n_slices} slices in order along their normal, got {positions}.")
    # The outermost slices reach as far outwards as inwards.
    gaps = np.abs(np.concatenate([steps[:1], steps, steps[-1:]]))
    return np.asarray((gaps[:-1] + gaps[1:]) / 2)
