"""Where pixels are in the patient: DICOM's patient coordinates (LPS), millimetres, 4 x 4 affines.

An affine maps a pixel index (x = column, y = row, z, 1) to (L, P, S, 1): +x of the patient is left, +y posterior,
+z superior (PS3.3 C.7.6.2.1.1). Affines of single slices have z = 0 in the slice's own plane.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError

Affine = NDArray[np.float64]

#: From the base of the heart towards its apex, for a patient on the back: left, forward (anterior) and down.
BASE_TO_APEX = np.array([0.70, -0.45, -0.55])
#: Slices are equally far apart if their distances differ by no more than this share.
_EVEN = 0.02
#: Pixels; slices are moved by whole ones.
_LEAST_ASIDE = 0.5


def slice_affine(
    position: tuple[float, float, float],
    row_direction: tuple[float, float, float],
    column_direction: tuple[float, float, float],
    spacing: tuple[float, float],
) -> Affine:
    """The affine (4, 4) of one slice from ImagePositionPatient, ImageOrientationPatient and PixelSpacing.

    `row_direction` points along increasing column index, `column_direction` along increasing row index;
    `spacing` is (between rows, between columns) in mm as in DICOM. Raises `InputError` if the directions are
    not perpendicular unit vectors to within 1e-3.
    """
    along_row, along_column = np.asarray(row_direction, float), np.asarray(column_direction, float)
    lengths = np.linalg.norm(along_row), np.linalg.norm(along_column)
    if not np.allclose([*lengths, along_row @ along_column], [1, 1, 0], atol=1e-3):
        raise InputError(
            f"Expected perpendicular unit vectors in ImageOrientationPatient, got {row_direction}, {column_direction}."
        )
    affine = np.eye(4)
    affine[:3, 0] = along_row * spacing[1]
    affine[:3, 1] = along_column * spacing[0]
    affine[:3, 2] = np.cross(along_row, along_column)
    affine[:3, 3] = position
    return affine


def normal_of(affine: Affine) -> NDArray[np.float64]:
    """The unit normal (3,) of a slice: the cross product of its row and column directions."""
    normal = np.cross(affine[:3, 0], affine[:3, 1])
    return np.asarray(normal / np.linalg.norm(normal), float)


def positions_along(affines: NDArray[np.float64], normal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where slices (Z, 4, 4) lie along `normal`, in mm: their origins projected on it, shape (Z,)."""
    return np.asarray(affines[:, :3, 3] @ normal, float)


def equally_far_apart(affines: NDArray[np.float64], distance: float) -> bool:
    """Whether slices (Z, 4, 4) follow each other `distance` mm apart along their normal, to within 2 %; one alone does.

    >>> slices = np.tile(np.eye(4), (3, 1, 1))
    >>> slices[:, 2, 3] = 0, 8, 16
    >>> equally_far_apart(slices, 8.0)
    True
    """
    if len(affines) < 2:
        return True
    steps = np.diff(positions_along(affines, normal_of(affines[0])))
    return bool(np.allclose(np.abs(steps), distance, rtol=_EVEN)) and len(set(np.sign(steps))) == 1


def even_spacing(
    affines: NDArray[np.float64], spacing: tuple[float, float, float] | None
) -> tuple[float, float, float] | None:
    """The spacing (z, y, x) of slices (Z, 4, 4) that are equally far apart: what lies between them can be told in mm.

    None where it is unknown or they are not.
    """
    return spacing if spacing and equally_far_apart(affines, spacing[0]) else None


def slices_aside(affines: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """(Z, 2) how many rows and columns slices (Z, 4, 4) lie aside of where they would be over the first one.

    None where that is less than half a pixel. Scanners with a tilted gantry and slices that were moved by hand lie so.

    >>> slices = np.tile(np.eye(4), (2, 1, 1))
    >>> slices[1, :3, 3] = 3, -2, 8
    >>> slices_aside(slices).tolist()
    [[0.0, 0.0], [-2.0, 3.0]]
    """
    if len(affines) < 2:
        return None
    steps = affines[:, :3, 3] - affines[0, :3, 3]
    sides = [affines[0, :3, axis] / (affines[0, :3, axis] @ affines[0, :3, axis]) for axis in (1, 0)]
    aside = np.stack([steps @ side for side in sides], axis=1)
    return aside if np.abs(aside).max() >= _LEAST_ASIDE else None


def points_to_apex(direction: NDArray[Any]) -> bool:
    """True if a direction in LPS runs from the base of the heart to its apex rather than the other way."""
    return bool(np.asarray(direction, float) @ BASE_TO_APEX > 0)


def orientation_letters(affine: Affine) -> tuple[str, str]:
    """What a reader sees at the right edge and at the bottom edge of a slice: of L R P A S I, up to two letters each.

    >>> orientation_letters(np.eye(4))
    ('L', 'P')
    """
    return _letters(affine[:3, 0]), _letters(affine[:3, 1])


def _letters(direction: NDArray[np.float64]) -> str:
    unit = direction / np.linalg.norm(direction)
    names = [("L", "R"), ("P", "A"), ("S", "I")]
    order = np.argsort(-np.abs(unit))
    return "".join(names[axis][0 if unit[axis] > 0 else 1] for axis in order[:2] if abs(unit[axis]) > 0.35)
