"""Stacks to NIfTI-1 files."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.core.files import whole_file
from medgraft.core.geometry import Affine, normal_of
from medgraft.core.stack import Stack
from medgraft.images.nifti_grid import DIRECTIONS_UNKNOWN, TO_LPS, slice_of_volume

#: Slices that are off an even, parallel grid by more than this (mm) cannot be written.
EVEN = 1e-2

#: Codes of `qform_code` and `sform_code` (nifti1.h): the place is unknown, that in the scanner, or that of other files.
_UNKNOWN, _IN_SCANNER, _ALIGNED = 0, 1, 2

#: Cosine between axes that count as at right angles.
_RIGHT_ANGLE = 1e-4

#: Little is gained by more, which takes many times as long.
_COMPRESSION = 1


def write_nifti(path: Path, stack: Stack, mask: Path | None = None) -> None:
    """Write a stack as NIfTI-1, 3D where T is 1, else 4D; `mask` names a second file for the stack's mask.

    Reading it again gives the same pixels, and positions within 1e-4 mm (NIfTI keeps them in 32 bits). Each file is
    whole or absent, equal stacks give equal bytes, and of mapped pixels one phase at a time is in memory. Axes at right
    angles are written as quaternion and as matrix, so that programs that know one of both agree. Of a stack of unknown
    directions the matrix alone is written, as aligned with other files and not with a scanner, and the description says
    so: an image and its mask then lie on each other wherever they are opened.
    Raises `InputError` where slices are tilted or unevenly spaced (NIfTI has one affine), or no mask is there to write.
    """
    affine = TO_LPS @ _volume_affine(stack)
    if mask is not None and stack.mask is None:
        raise InputError(f"Expected a stack with a mask to write {mask.name}, got one without.")
    _save(path, stack.pixels, affine, stack)
    if mask is not None and stack.mask is not None:
        _save(mask, stack.mask, affine, stack)


def _volume_affine(stack: Stack) -> Affine:
    """One affine (4, 4) in LPS for all slices. The step along z is where the slices go, not always their normal."""
    affine, n_slices = stack.affines[0].copy(), len(stack.affines)
    if n_slices > 1:
        affine[:3, 2] = (stack.affines[-1][:3, 3] - affine[:3, 3]) / (n_slices - 1)
    elif stack.spacing is not None:
        affine[:3, 2] = normal_of(affine) * stack.spacing[0]
    even = np.stack([slice_of_volume(affine, z) for z in range(n_slices)])
    corner = np.array([stack.pixels.shape[3], stack.pixels.shape[2], 0, 1])
    off = np.abs((even - stack.affines) @ corner).max()
    if off > EVEN:
        raise InputError(f"Expected parallel, evenly spaced slices for NIfTI, got some {off:.2f} mm off. Write DICOM.")
    return np.asarray(affine, float)


def _save(path: Path, array: NDArray[Any], affine: Affine, stack: Stack) -> None:
    volume = array.transpose()
    make: Any = nib.Nifti1Image  # nibabel's annotations stop short of its constructor
    image = make(volume[..., 0] if len(array) == 1 else volume, affine, dtype=array.dtype)
    in_scanner = _IN_SCANNER if stack.directions_known else _UNKNOWN
    image.header.set_sform(affine, in_scanner or _ALIGNED)
    image.header.set_qform(affine, in_scanner if _at_right_angles(affine) else _UNKNOWN)
    if not stack.directions_known:
        image.header["descrip"] = DIRECTIONS_UNKNOWN
    steps = np.diff(stack.times) if stack.times is not None else np.zeros(0)
    even = len(steps) > 0 and bool(np.allclose(steps, steps[0]))
    image.header.set_xyzt_units("mm", "msec" if even else "unknown")
    if even and stack.times is not None:
        image.header["pixdim"][4], image.header["toffset"] = steps[0], stack.times[0]
    with whole_file(path) as draft, _opened(draft, zipped=path.name.lower().endswith(".gz")) as file:
        image.to_stream(file)


def _at_right_angles(affine: Affine) -> bool:
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    return bool(np.abs(axes.T @ axes - np.eye(3)).max() < _RIGHT_ANGLE)


@contextmanager
def _opened(draft: Path, *, zipped: bool) -> Iterator[BinaryIO]:
    """A file to write to; a zipped one keeps neither its name nor the time."""
    with draft.open("wb") as raw:
        if not zipped:
            yield raw
            return
        with gzip.GzipFile("", "wb", _COMPRESSION, raw, mtime=0) as file:
            yield cast("BinaryIO", file)
