"""What is measured: the mask of one volume and its spacing, checked."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.core.task import MASK_CODES

Spacing = tuple[float, float, float]


def checked_volume(mask: NDArray[Any], spacing: Spacing | None) -> tuple[NDArray[np.uint8], Spacing]:
    """The mask as (Z, Y, X) uint8 and its spacing. Raises `InputError` with what is wrong."""
    mask = np.asarray(mask)
    if mask.ndim != 3:
        raise InputError(f"Expected a mask of one phase, (Z, Y, X), got {mask.shape}.")
    codes = MASK_CODES.values()
    if mask.dtype.kind not in "biu" or (mask.size and not min(codes) <= mask.min() <= mask.max() <= max(codes)):
        raise InputError(f"Expected whole numbers of {MASK_CODES} in a mask, got {mask.dtype}. Map other codes first.")
    return np.ascontiguousarray(mask, np.uint8), checked_spacing(spacing)


def checked_spacing(spacing: Spacing | None) -> Spacing:
    """The spacing (z, y, x). Raises `InputError` if it is unknown or impossible."""
    if spacing is None:
        raise InputError(
            "Expected a spacing (z, y, x) in mm, got None: the source does not say how large its voxels are. "
            "Measure without millimetres (Dice), or give the spacing."
        )
    values = np.asarray(spacing, float)
    if values.shape != (3,) or not np.isfinite(values).all() or (values <= 0).any():
        raise InputError(f"Expected a spacing of three lengths above 0 mm, z, y, x, got {spacing}.")
    return (float(values[0]), float(values[1]), float(values[2]))
