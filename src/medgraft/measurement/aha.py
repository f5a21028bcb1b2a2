"""The left ventricle in the 16 or 17 segments of the American Heart Association.

Cerqueira et al. 2002, doi 10.1161/hc0402.102975: three rings of equal height from base to apex, six parts of 60
degrees in the basal and the mid-cavity ring, four of 90 degrees in the apical ring, and the tip beyond the cavity.
"""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from medgraft.core.errors import InputError
from medgraft.core.geometry import normal_of
from medgraft.core.task import MASK_CODES
from medgraft.measurement.thickness import WallThickness, thickness_of
from medgraft.measurement.volume_mask import Spacing, checked_volume

#: Names by number.
AHA_SEGMENTS = {
    1: "basal anterior",
    2: "basal anteroseptal",
    3: "basal inferoseptal",
    4: "basal inferior",
    5: "basal inferolateral",
    6: "basal anterolateral",
    7: "mid anterior",
    8: "mid anteroseptal",
    9: "mid inferoseptal",
    10: "mid inferior",
    11: "mid inferolateral",
    12: "mid anterolateral",
    13: "apical anterior",
    14: "apical septal",
    15: "apical inferior",
    16: "apical lateral",
    17: "apex",
}

#: Segments of the rings from base to apex, from the angle where the first begins (degrees from the middle of the
#: septum) on towards the anterior wall.
_RINGS: tuple[tuple[float, tuple[int, ...]], ...] = (
    (0.0, (2, 1, 6, 5, 4, 3)),
    (0.0, (8, 7, 12, 11, 10, 9)),
    (-45.0, (14, 13, 16, 15)),
)
_TIP = 17


def aha_segments(
    mask: NDArray[Any],
    spacing: Spacing | None,
    *,
    n_segments: Literal[16, 17] = 17,
    base_first: bool = True,
    from_apex: bool = True,
    septum: float | None = None,
) -> NDArray[np.uint8]:
    """The segment of each voxel of the wall, (Z, Y, X): 1 to 17 as in `AHA_SEGMENTS`, 0 outside.

    The rings are thirds of the slices that show the cavity. Wall beyond them on the apex side is the tip, of 16
    segments part of the apical ring; on the base side it is part of the basal ring.

    Args:
        mask: (Z, Y, X) a short-axis stack in `core.task.MASK_CODES`.
        spacing: (z, y, x) in mm.
        n_segments: with (17) or without (16) the tip.
        base_first: slice 0 is at the base.
        from_apex: rows downwards and columns to the right, the heart is seen from its apex, as is usual
            (`seen_from_apex`).
        septum: the angle of the middle of the septum around the cavity, degrees from +x towards +y. From the right
            ventricle in the mask if None (`septum_angle`).

    Raises:
        InputError: no cavity, no right ventricle beside the wall and no angle, or an unknown number of segments.
    """
    mask, mm = checked_volume(mask, spacing)
    if n_segments not in (16, 17):
        raise InputError(f"Expected 16 or 17 segments, got {n_segments}.")
    ring = _ring_of_slices(mask, base_first)
    middle = septum_angle(mask, mm) if septum is None else septum
    wall = mask == MASK_CODES["myocardium"]
    segments = np.zeros(mask.shape, np.uint8)
    angles = _angles(mask, mm)[wall]
    turned = (angles - middle) * (1 if from_apex else -1)
    rings = ring[np.nonzero(wall)[0]]
    numbers = np.full(len(turned), _TIP, np.uint8)
    for index, (begin, parts) in enumerate(_RINGS):
        # Of 16 segments the apical ring goes on to the end of the wall.
        here = rings == index if n_segments == 17 else np.minimum(rings, len(_RINGS) - 1) == index
        part = ((turned[here] - begin) % 360 * len(parts) / 360).astype(int)
        numbers[here] = np.array(parts)[np.minimum(part, len(parts) - 1)]
    segments[wall] = numbers
    return segments


def septum_angle(mask: NDArray[Any], spacing: Spacing | None) -> float:
    """The angle of the middle of the septum: half-way between the right ventricle's insertions.

    In each slice the insertions are the ends of the arc along which the wall touches the right ventricle; the angle is
    the mean direction over slices, each weighted with the size of its arc.

    Args:
        mask: (Z, Y, X) with `rv` voxels.
        spacing: (z, y, x) in mm.

    Returns:
        Degrees around the cavity from +x towards +y, within -180..180.

    Raises:
        InputError: the mask shows no right ventricle beside the wall.
    """
    mask, mm = checked_volume(mask, spacing)
    beside = ndimage.binary_dilation(mask == MASK_CODES["rv"], np.ones((1, 3, 3)), iterations=2)
    septal = beside & (mask == MASK_CODES["myocardium"])
    angles = np.radians(_angles(mask, mm))
    arcs = [angles[index][septal[index]] for index in np.flatnonzero(septal.any(axis=(1, 2)))]
    if not arcs:
        raise InputError("Expected a right ventricle (code 3) beside the wall, got none. Give the septum's angle.")
    return float(np.degrees(np.angle(sum(len(arc) * np.exp(1j * _middle_of_arc(arc)) for arc in arcs))))


def segment_thickness(thickness: NDArray[np.floating], segments: NDArray[np.uint8]) -> dict[int, WallThickness]:
    """Thickness (Z, Y, X) summarised over each of the 17 segments, {number: summary}."""
    return {number: thickness_of(thickness[segments == number]) for number in AHA_SEGMENTS}


def seen_from_apex(affines: NDArray[np.float64], base_first: bool) -> bool:
    """Whether slices (Z, 4, 4) as stored, rows downwards, show the heart from its apex. Needs two slices or more."""
    along = affines[-1, :3, 3] - affines[0, :3, 3]
    # Rows down and columns to the right, the normal points away from who looks.
    return bool((normal_of(affines[0]) @ along < 0) == base_first)


def _ring_of_slices(mask: NDArray[np.uint8], base_first: bool) -> NDArray[np.int64]:
    """The ring of each slice (Z,), 0 at the base; 3 beyond the cavity's apical end."""
    shows = (mask == MASK_CODES["pool"]).any(axis=(1, 2))
    if not shows.any():
        raise InputError("Expected a mask that shows the cavity (code 1), got none.")
    order = np.arange(len(mask))[:: 1 if base_first else -1]
    inside = np.flatnonzero(shows[order])
    first, last = inside[0], inside[-1]
    # A slice stands for its centre: of 4 slices in thirds, centres at 1/8, 3/8, 5/8, 7/8 give 1, 2 and 1.
    ring = np.floor((np.arange(len(mask)) - first + 0.5) * len(_RINGS) / (last - first + 1))
    return np.asarray(np.clip(ring, 0, len(_RINGS)).astype(np.int64)[order])


def _angles(mask: NDArray[np.uint8], spacing: Spacing) -> NDArray[np.float64]:
    """The angle (Z, Y, X) of each voxel around its slice's cavity, degrees; around the wall where there is none."""
    rows, columns = np.arange(mask.shape[1])[:, None], np.arange(mask.shape[2])
    angles = np.zeros(mask.shape)
    for index, part in enumerate(mask):
        cavity, wall = part == MASK_CODES["pool"], part == MASK_CODES["myocardium"]
        inside = np.argwhere(cavity if cavity.any() else wall)
        if len(inside):
            row, column = inside.mean(axis=0)
            angles[index] = np.degrees(np.arctan2((rows - row) * spacing[1], (columns - column) * spacing[2]))
    return angles


def _middle_of_arc(angles: NDArray[np.float64]) -> float:
    """Half-way between the ends of an arc of angles, radians."""
    mean = np.angle(np.exp(1j * angles).sum())
    off = np.angle(np.exp(1j * (angles - mean)))
    return float(mean + (off.min() + off.max()) / 2)
