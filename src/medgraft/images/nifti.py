"""NIfTI-1 and -2 files to stacks."""

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError
from nibabel.wrapstruct import WrapStructError
from numpy.typing import NDArray

from medgraft.core.cohort import ImportNote
from medgraft.core.errors import ImageError
from medgraft.core.geometry import Affine, normal_of
from medgraft.core.stack import Stack
from medgraft.core.task import MASK_CLASSES, MASK_CODES
from medgraft.images.nifti_grid import (
    MASK_NOTES,
    TO_LPS,
    affine_mm,
    laid_on,
    says_directions,
    slice_of_volume,
    times_ms,
)
from medgraft.images.pixel_reader import smallest
from medgraft.images.problem import FOREIGN
from medgraft.images.where import cause

#: A 4D heart CT of 20 phases, 512 x 512 x 250, 16 bits, is 2.4 GiB.
MAX_BYTES = 8 << 30

#: So many codes that are unknown are named: an image taken for a mask has thousands.
_SHOWN = 5


def read_nifti(
    path: Path,
    mask: Path | None = None,
    mask_codes: Mapping[int, int] | None = None,
    *,
    mask_classes: tuple[str, ...] | None = None,
    empty_phases_labelled: bool = False,
    note: Callable[[ImportNote], None] = lambda _note: None,
) -> Stack:
    """The stack in a 3D (x, y, z) or 4D (x, y, z, t) file, pixels in the stored type unless the header scales them.

    Args:
        path: `.nii` or `.nii.gz`.
        mask: a mask of the same voxels; its axes may run another way.
        mask_codes: code in the file -> code of `core.task.MASK_CODES`; by default the file's are ours.
        mask_classes: the classes that the mask labels at all. None: those that `mask_codes` names, else those that
            the mask holds.
        empty_phases_labelled: a phase whose mask is all zero says that nothing is there; else it is not labelled.
        note: receives what was odd about the place of the mask.

    Raises:
        ImageError: no NIfTI file, damaged, neither 3D nor 4D, voxels of no size, a mask of another shape or with
            unknown codes.
    """
    image = _load(path)
    pixels, place = _pixels(image, path), _place(image, path)
    affine = TO_LPS @ place
    affines = np.stack([slice_of_volume(affine, z) for z in range(pixels.shape[1])])
    labels = None if mask is None else _in_our_codes(_mask(mask, place, pixels.shape, note), mask, mask_codes)
    return Stack(
        pixels=pixels,
        affines=affines,
        spacing=_spacing(affine),
        directions_known=says_directions(image),
        times=times_ms(image, len(pixels)),
        mask=labels,
        mask_phases=() if labels is None else _labelled(labels, empty_phases_labelled),
        mask_classes=mask_classes or _classes(labels, mask_codes),
    )


def _load(path: Path) -> Any:
    try:
        with warnings.catch_warnings(action="ignore"):
            image: Any = nib.load(path)
    except (*FOREIGN, ImageFileError, HeaderDataError, WrapStructError) as error:
        raise ImageError(
            f"Expected a NIfTI file in {path.name}, got {type(error).__name__}: {cause(error, path)}."
        ) from error
    if not isinstance(image, nib.Nifti1Image) or len(image.shape) not in (3, 4) or 0 in image.shape:
        raise ImageError(
            f"Expected NIfTI of 3 or 4 dimensions in {path.name}, got {type(image).__name__} {image.shape}."
        )
    if np.prod(image.shape, dtype=float) * int(image.header["bitpix"]) / 8 > MAX_BYTES:
        raise ImageError(f"Expected at most {MAX_BYTES >> 30} GiB of pixels in {path.name}, got shape {image.shape}.")
    return image


def _pixels(image: Any, path: Path) -> NDArray[Any]:
    try:
        with warnings.catch_warnings(action="ignore"):
            scaled = (image.dataobj.slope, image.dataobj.inter) != (1.0, 0.0)
            stored = np.asanyarray(image.dataobj) if scaled else image.dataobj.get_unscaled()
            pixels = smallest(stored) if scaled else np.array(stored, stored.dtype.newbyteorder("="))
    except FOREIGN as error:
        raise ImageError(
            f"Expected {image.shape} pixels in {path.name}, got {type(error).__name__}: {cause(error, path)}."
        ) from error
    if pixels.dtype.kind not in "iuf":
        raise ImageError(f"Expected grey pixels in {path.name}, got {pixels.dtype}.")
    return np.ascontiguousarray(pixels.reshape((*pixels.shape[:3], -1)).transpose())


def _place(image: Any, path: Path) -> Affine:
    affine = affine_mm(image)
    if affine is None:
        raise ImageError(
            f"Expected voxels of a size and place in {path.name}, got the affine {image.affine[:3].tolist()}. "
            "Do: correct its sform, or write it again from its source."
        )
    return affine


def _spacing(affine: NDArray[np.float64]) -> tuple[float, float, float]:
    x, y = np.linalg.norm(affine[:3, :2], axis=0)
    return abs(float(affine[:3, 2] @ normal_of(affine))), float(y), float(x)


def _mask(path: Path, place: Affine, shape: tuple[int, ...], note: Callable[[ImportNote], None]) -> NDArray[Any]:
    """The voxels of a mask as they lie on the image at `place`."""
    image = _load(path)
    laid, code = laid_on(_pixels(image, path), _place(image, path), place, shape)
    if laid.shape != shape:
        raise ImageError(f"Expected a mask of shape {shape} in {path.name}, got {laid.shape}.")
    if code:
        kind, text = MASK_NOTES[code]
        note(ImportNote(kind=kind, code=code, where=path.name, text=text))
    return laid


def _in_our_codes(stored: NDArray[Any], path: Path, codes: Mapping[int, int] | None) -> NDArray[np.uint8]:
    table = dict(codes) if codes is not None else {code: code for code in MASK_CODES.values()}
    found = {float(code) for code in np.unique(stored)}
    unknown = found - {float(code) for code in table}
    if unknown:
        first = ", ".join(f"{code:g}" for code in sorted(unknown)[:_SHOWN])
        more = f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
        raise ImageError(
            f"Expected the codes {sorted(table)} in {path.name}, got {first}{more}. Is it a mask? If so, say what its "
            "codes mean (mask codes)."
        )
    mask = np.zeros(stored.shape, np.uint8)
    for code, ours in table.items():
        mask[stored == code] = ours
    return mask


def _labelled(mask: NDArray[np.uint8], empty_too: bool) -> tuple[int, ...]:
    return tuple(int(t) for t in np.flatnonzero(mask.any(axis=(1, 2, 3)) | empty_too))


def _classes(mask: NDArray[np.uint8] | None, codes: Mapping[int, int] | None) -> tuple[str, ...]:
    """The classes that a table of codes names, else those found in a mask; all of them where neither says any."""
    known = set() if mask is None else set(codes.values() if codes is not None else np.unique(mask).tolist())
    return tuple(name for name in MASK_CLASSES if MASK_CODES[name] in known) or MASK_CLASSES
