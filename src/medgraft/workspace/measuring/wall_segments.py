"""The wall by segments of the American Heart Association, whatever planes the heart was imaged in."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.core.geometry import slices_aside
from medgraft.measurement import (
    WallThickness,
    aha_segments,
    seen_from_apex,
    segment_thickness,
    septum_angle,
    wall_thickness,
)
from medgraft.workspace.measuring.short_axis import short_axis, usual_septum


def wall_segments(
    mask: NDArray[np.uint8],
    spacing: tuple[float, float, float],
    affines: NDArray[np.float64],
    *,
    base_first: bool | None = None,
    septum: float | None = None,
    thickness: NDArray[np.float32] | None = None,
    n_segments: Literal[16, 17] = 17,
) -> Mapping[int, WallThickness] | None:
    """Thickness of segments 1 to 16 or 17; None where neither base nor wall can be told.

    A short-axis stack is parted as it lies. Any other is turned into short-axis slices first (`short_axis`), with the
    thickness that was measured in its own.

    Args:
        mask: (Z, Y, X) one phase in `core.task.MASK_CODES`, with cavity and wall.
        spacing: (z, y, x) in mm.
        affines: (Z, 4, 4) of its slices, equally far apart.
        base_first: of a short-axis stack, else None.
        septum: the angle of its middle in a short-axis stack, degrees (`measurement.septum_angle`); where anatomy
            usually has it if None.
        thickness: (Z, Y, X) mm, if it was measured already.
        n_segments: with (17) or without (16) the tip (`measurement.aha_segments`).
    """
    if thickness is None:
        thickness = wall_thickness(mask, spacing, aside=slices_aside(affines))
    if base_first is not None:
        segments = aha_segments(
            mask,
            spacing,
            n_segments=n_segments,
            base_first=base_first,
            from_apex=len(affines) == 1 or seen_from_apex(affines, base_first),
            septum=usual_septum(affines[0]) if septum is None else septum,
        )
        return segment_thickness(thickness, segments)
    turned = short_axis(mask, affines)
    if turned is None:
        return None
    segments = aha_segments(turned.mask, turned.spacing, n_segments=n_segments, septum=turned.septum)
    return segment_thickness(turned.carried(thickness), segments)


def seen_septum(mask: NDArray[np.uint8], spacing: tuple[float, float, float]) -> float | None:
    """The septum's angle in a short-axis stack, degrees; None where no right ventricle lies beside the wall."""
    try:
        return septum_angle(mask, spacing)
    except InputError:
        return None
