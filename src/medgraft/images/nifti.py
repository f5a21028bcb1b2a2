"""NIfTI-1 and -2 files to stacks and back. NIfTI counts towards right, anterior, superior; medgraft towards L, P, S."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError
from nibabel.wrapstruct import WrapStructError
from numpy.typing import NDArray

from medgraft.core.errors import ImageError, InputError
from medgraft.core.geometry import normal_of
from medgraft.core.stack import Stack
from medgraft.core.task import MASK_CLASSES, MASK_CODES
from medgraft.images.pixel_reader import smallest
from medgraft.images.problem import FOREIGN

#: A 4D heart CT of 20 phases, 512 x 512 x 250, 16 bits, is 2.4 GiB.
MAX_BYTES = 8 << 30

#: Slices that are off an even, parallel grid by more than this (mm) cannot be written.
EVEN = 1e-2

_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_MILLISECONDS = {"msec": 1.0, "sec": 1000.0, "usec": 1e-3}


def read_nifti(
    path: Path,
    mask: Path | None = None,
    mask_codes: Mapping[int, int] | None = None,
    *,
    mask_classes: tuple[str, ...] | None = None,
    empty_phases_labelled: bool = False,
) -> Stack:
    """The stack in a 3D (x, y, z) or 4D (x, y, z, t) file, pixels in the stored type unless the header scales them.

    Args:
        path: `.nii` or `.nii.gz`.
        mask: a mask of the same shape.
        mask_codes: code in the file -> code of `core.task.MASK_CODES`; by default the file's are ours.
        mask_classes: the classes that the mask labels at all. None: those that `mask_codes` names, else those that
            the mask holds.
        empty_phases_labelled: a phase whose mask is all zero says that nothing is there; else it is not labelled.

    Raises:
        ImageError: no NIfTI file, damaged, neither 3D nor 4D, a mask of another shape or with unknown codes.
    """
    image = _load(path)
    pixels = _pixels(image, path)
    affine = _TO_LPS @ _true_affine(image)
    affines = np.stack([_slice_affine(affine, z) for z in range(pixels.shape[1])])
    labels = None if mask is None else _mask(mask, pixels.shape, mask_codes)
    return Stack(
        pixels=pixels,
        affines=affines,
        spacing=_spacing(affine),
        times=_times(image, len(pixels)),
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
        image: Any = nib.load(path)
    except (*FOREIGN, ImageFileError, HeaderDataError, WrapStructError) as error:
        raise ImageError(f"Expected a NIfTI file in {path.name}, got {type(error).__name__}: {error}.") from error
    if not isinstance(image, nib.Nifti1Image) or len(image.shape) not in (3, 4) or 0 in image.shape:
        raise ImageError(
            f"Expected NIfTI of 3 or 4 dimensions in {path.name}, got {type(image).__name__} {image.shape}."
        )
    if np.prod(image.shape, dtype=float) * int(image.header["bitpix"]) / 8 > MAX_BYTES:
        raise ImageError(f"Expected at most {MAX_BYTES >> 30} GiB of pixels in {path.name}, got shape {image.shape}.")
    return image


def _pixels(image: Any, path: Path) -> NDArray[Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scaled = (image.dataobj.slope, image.dataobj.inter) != (1.0, 0.0)
            stored = np.asanyarray(image.dataobj) if scaled else image.dataobj.get_unscaled()
            pixels = smallest(stored) if scaled else np.array(stored, stored.dtype.newbyteorder("="))
    except FOREIGN as error:
        raise ImageError(
            f"Expected {image.shape} pixels in {path.name}, got {type(error).__name__}: {error}."
        ) from error
    if pixels.dtype.kind not in "iuf":
        raise ImageError(f"Expected grey pixels in {path.name}, got {pixels.dtype}.")
    return np.ascontiguousarray(pixels.reshape((*pixels.shape[:3], -1)).transpose())


def _true_affine(image: Any) -> NDArray[np.float64]:
    """The file's affine in RAS. One of 1 mm voxels is a placeholder if `pixdim` says otherwise (as in ACDC)."""
    affine, sizes = np.array(image.affine, float), np.asarray(image.header.get_zooms()[:3], float)
    placeholder = np.allclose(np.linalg.norm(affine[:3, :3], axis=0), 1) and bool(np.all(sizes > 0))
    return affine @ np.diag([*(sizes if placeholder else (1, 1, 1)), 1])


def _slice_affine(affine: NDArray[np.float64], z: int) -> NDArray[np.float64]:
    result = affine.copy()
    result[:3, 3] = affine[:3, 3] + z * affine[:3, 2]
    result[:3, 2] = normal_of(affine)
    return result


def _spacing(affine: NDArray[np.float64]) -> tuple[float, float, float]:
    x, y = np.linalg.norm(affine[:3, :2], axis=0)
    return abs(float(affine[:3, 2] @ normal_of(affine))), float(y), float(x)


def _times(image: Any, n_phases: int) -> NDArray[np.float64] | None:
    """Phase times in ms where the header gives a step and its unit."""
    unit = _MILLISECONDS.get(image.header.get_xyzt_units()[1])
    step = float(image.header["pixdim"][4])
    if n_phases == 1 or unit is None or not step > 0:
        return None
    return np.asarray((float(image.header["toffset"]) + step * np.arange(n_phases)) * unit, float)


def _mask(path: Path, shape: tuple[int, ...], codes: Mapping[int, int] | None) -> NDArray[np.uint8]:
    stored = _pixels(_load(path), path)
    if stored.shape != shape:
        raise ImageError(f"Expected a mask of shape {shape} in {path.name}, got {stored.shape}.")
    table = dict(codes) if codes is not None else {code: code for code in MASK_CODES.values()}
    found = {float(code) for code in np.unique(stored)}
    unknown = found - {float(code) for code in table}
    if unknown:
        raise ImageError(
            f"Expected the codes {sorted(table)} in {path.name}, got {sorted(unknown)}. Name them in mask_codes."
        )
    mask = np.zeros(shape, np.uint8)
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
