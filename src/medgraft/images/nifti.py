"""NIfTI-1 and -2 files to stacks and back. NIfTI counts towards right, anterior, superior; medgraft towards L, P, S."""

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
from medgraft.core.errors import ImageError, InputError
from medgraft.core.geometry import Affine, normal_of
from medgraft.core.stack import Stack
from medgraft.core.task import MASK_CLASSES, MASK_CODES
from medgraft.images.nifti_grid import MASK_NOTES, affine_mm, laid_on, times_ms
from medgraft.images.pixel_reader import smallest
from medgraft.images.problem import FOREIGN
from medgraft.images.where import cause

#: A 4D heart CT of 20 phases, 512 x 512 x 250, 16 bits, is 2.4 GiB.
MAX_BYTES = 8 << 30

#: Slices that are off an even, parallel grid by more than this (mm) cannot be written.
EVEN = 1e-2

_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


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
    affine = _TO_LPS @ place
    affines = np.stack([_slice_affine(affine, z) for z in range(pixels.shape[1])])
    labels = None if mask is None else _in_our_codes(_mask(mask, place, pixels.shape, note), mask, mask_codes)
    return Stack(
        pixels=pixels,
        affines=affines,
        spacing=_spacing(affine),
        times=times_ms(image, len(pixels)),
        mask=labels,
        mask_phases=() if labels is None else _labelled(labels, empty_phases_labelled),
        mask_classes=mask_classes or _classes(labels, mask_codes),
    )


def write_nifti(path: Path, stack: Stack, mask: Path | None = None) -> None:
    """Write a stack as NIfTI-1, 3D where T is 1, else 4D; `mask` names a second file for the stack's mask.

    Reading it again gives the same pixels, and positions within 1e-4 mm (NIfTI keeps them in 32 bits).
    Raises `InputError` where slices are tilted or unevenly spaced (NIfTI has one affine), or no mask is there to write.
    """
    affine = _TO_LPS @ _volume_affine(stack)
    _save(path, stack.pixels, affine, stack)
    if mask is not None:
        if stack.mask is None:
            raise InputError(f"Expected a stack with a mask to write {mask.name}, got one without.")
        _save(mask, stack.mask, affine, stack)


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


def _slice_affine(affine: NDArray[np.float64], z: int) -> NDArray[np.float64]:
    result = affine.copy()
    result[:3, 3] = affine[:3, 3] + z * affine[:3, 2]
    result[:3, 2] = normal_of(affine)
    return result


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
        raise ImageError(
            f"Expected the codes {sorted(table)} in {path.name}, got {sorted(unknown)}. Name them in mask_codes."
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


def _volume_affine(stack: Stack) -> NDArray[np.float64]:
    """One affine (4, 4) in LPS for all slices. The step along z is where the slices go, not always their normal."""
    affine, n_slices = stack.affines[0].copy(), len(stack.affines)
    if n_slices > 1:
        affine[:3, 2] = (stack.affines[-1][:3, 3] - affine[:3, 3]) / (n_slices - 1)
    elif stack.spacing is not None:
        affine[:3, 2] = normal_of(affine) * stack.spacing[0]
    even = np.stack([_slice_affine(affine, z) for z in range(n_slices)])
    corner = np.array([stack.pixels.shape[3], stack.pixels.shape[2], 0, 1])
    off = np.abs((even - stack.affines) @ corner).max()
    if off > EVEN:
        raise InputError(f"Expected parallel, evenly spaced slices for NIfTI, got some {off:.2f} mm off. Write DICOM.")
    return np.asarray(affine, float)


def _save(path: Path, array: NDArray[Any], affine: NDArray[np.float64], stack: Stack) -> None:
    volume = array.transpose()
    make: Any = nib.Nifti1Image  # nibabel's annotations stop short of its constructor
    image = make(volume[..., 0] if len(array) == 1 else volume, affine, dtype=array.dtype)
    steps = np.diff(stack.times) if stack.times is not None else np.zeros(0)
    even = len(steps) > 0 and bool(np.allclose(steps, steps[0]))
    image.header.set_xyzt_units("mm", "msec" if even else "unknown")
    if even and stack.times is not None:
        image.header["pixdim"][4], image.header["toffset"] = steps[0], stack.times[0]
    nib.save(image, path)
