"""Where the voxels of a NIfTI file are in the patient: units, placeholders, and masks whose axes run another way."""

from typing import Any

import numpy as np
from nibabel import orientations
from numpy.typing import NDArray

from medgraft.core.cohort import NoteKind
from medgraft.core.geometry import Affine, normal_of

#: NIfTI counts towards right, anterior, superior; medgraft towards left, posterior, superior.
TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])

#: Codes of `xyzt_units` to mm and ms (NIfTI-1, nifti1.h); a code that is not here says nothing.
_SPACE_MM = {1: 1000.0, 2: 1.0, 3: 1e-3}
_TIME_MS = {8: 1000.0, 16: 1.0, 24: 1e-3}

#: A voxel is longer than the first, nothing is as far away as the second; of a volume of this share axes are one.
_LEAST_MM, _MOST_MM, _FLAT = 1e-5, 1e6, 1e-3

#: In the header's description: NIfTI has no other way to keep where voxels lie beside each other and say no more.
DIRECTIONS_UNKNOWN = b"directions unknown"

#: What is said of a mask that does not lie as its image does.
MASK_NOTES: dict[str, tuple[NoteKind, str]] = {
    "mask-turned": ("repaired", "The axes of the mask run another way than those of its image: they were turned."),
    "mask-elsewhere": (
        "noticed",
        "The header of the mask places it elsewhere than its image: its voxels are taken as they lie. Look at them.",
    ),
}

_ORIENTATIONS: Any = orientations  # nibabel's annotations stop short of it


def affine_mm(image: Any) -> Affine | None:
    """The file's affine (4, 4) in RAS mm, None if it places voxels nowhere.

    One of voxels of size 1 is a placeholder if `pixdim` says otherwise (as in ACDC).
    """
    with np.errstate(all="ignore"):  # of damaged headers
        affine, sizes = np.array(image.affine, float), _voxel_sizes(image)
        placeholder = np.allclose(np.linalg.norm(affine[:3, :3], axis=0), 1) and bool(np.all(sizes > 0))
        affine = affine @ np.diag([*(sizes if placeholder else (1, 1, 1)), 1])
        affine[:3] *= _SPACE_MM.get(int(image.header["xyzt_units"]) & 0x07, 1.0)
        if image.shape[2] == 1 and not affine[:3, 2].any():  # of a single slice some programs tell no thickness
            across = np.cross(affine[:3, 0], affine[:3, 1])
            affine[:3, 2] = across / np.linalg.norm(across)
        sides = np.linalg.norm(affine[:3, :3], axis=0)
        sound = sides.min() > _LEAST_MM and np.abs(affine).max() < _MOST_MM
        return affine if sound and abs(np.linalg.det(affine[:3, :3] / sides)) > _FLAT else None


def says_directions(image: Any) -> bool:
    """Whether the file says which way the patient's axes run: a placeholder for an affine does not."""
    header, lengths = image.header, np.abs(image.affine[:3, :3])
    lost = np.array_equal(lengths, np.eye(3)) and not np.allclose(_voxel_sizes(image), 1)
    coded = int(header["qform_code"]) > 0 or int(header["sform_code"]) > 0
    return coded and not lost and header["descrip"].item() != DIRECTIONS_UNKNOWN


def slice_of_volume(affine: Affine, z: int) -> Affine:
    """The affine (4, 4) of one slice of a volume, both in LPS."""
    result = affine.copy()
    result[:3, 3] = affine[:3, 3] + z * affine[:3, 2]
    result[:3, 2] = normal_of(affine)
    return result


def times_ms(image: Any, n_phases: int) -> NDArray[np.float64] | None:
    """Phase times where the header gives a step and its unit."""
    unit = _TIME_MS.get(int(image.header["xyzt_units"]) & 0x38)
    step = float(image.header["pixdim"][4])
    if n_phases == 1 or unit is None or not 0 < step < np.inf:
        return None
    start = float(image.header["toffset"])
    return np.asarray(((start if np.isfinite(start) else 0.0) + step * np.arange(n_phases)) * unit, float)


def laid_on(stored: NDArray[Any], theirs: Affine, ours: Affine, shape: tuple[int, ...]) -> tuple[NDArray[Any], str]:
    """Voxels (T, Z, Y, X) of another file as they lie on our grid, and a code of `MASK_NOTES` or "".

    They are turned if their axes run another way through the same place. Voxels that lie elsewhere, by their affine,
    come back as they are: programs lose affines more often than voxels.
    """
    turn = _ORIENTATIONS.ornt_transform(_ORIENTATIONS.io_orientation(theirs), _ORIENTATIONS.io_orientation(ours))
    turned = _ORIENTATIONS.apply_orientation(stored.transpose(), turn).transpose()
    affine = theirs @ _ORIENTATIONS.inv_ornt_aff(turn, stored.shape[:0:-1])
    if turned.shape != shape or _far_apart(affine, ours, shape) > np.linalg.norm(ours[:3, :3], axis=0).min() / 2:
        return stored, "mask-elsewhere"
    return turned, "" if np.array_equal(turn, [[0, 1], [1, 1], [2, 1]]) else "mask-turned"


def _voxel_sizes(image: Any) -> NDArray[np.float64]:
    """(x, y, z) as `pixdim` has them."""
    return np.asarray(image.header.get_zooms()[:3], float)


def _far_apart(one: Affine, other: Affine, shape: tuple[int, ...]) -> float:
    """How far apart two affines put the same corner of a volume (T, Z, Y, X), at most, in mm."""
    corners = np.array(np.meshgrid(*([0, side - 1] for side in shape[:0:-1]))).reshape(3, -1)
    return float(np.linalg.norm(((one - other) @ np.vstack([corners, np.ones(8)]))[:3], axis=0).max())
