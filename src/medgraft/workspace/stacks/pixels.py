"""The pixels of a stack as a screen needs them: in 16 bits, as a small picture, and where they lie in the patient."""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError
from medgraft.core.geometry import orientation_letters
from medgraft.workspace.project import Project

#: Pixels looked at to choose a window: enough for a percentile, few enough to take a millisecond.
_SAMPLED = 100_000
_DARK, _BRIGHT = 1.0, 99.5
_OPPOSITE = str.maketrans("LRPASI", "RLAPIS")
_MOST = 2**16 - 1


@dataclass(frozen=True, kw_only=True, eq=False)
class ScreenPixels:
    """Images of a stack in 16 bits: all slices of a phase, or all phases of a slice.

    values: (N, Y, X) uint16, little-endian, in stored order. A stored pixel is `values * slope + intercept`.
    window: the darkest and the brightest stored pixel worth telling apart (percentiles 1 and 99.5).
    digest: equal for equal pixels.
    """

    values: NDArray[np.uint16]
    slope: float
    intercept: float
    window: tuple[float, float]
    digest: str


@dataclass(frozen=True, kw_only=True)
class StackPlace:
    """How a stack lies in the patient.

    edges: letters at the top, right, bottom and left of a slice (of L R P A S I); None where the source knows no place.
    slice_positions: (Z,) distance of each slice from the first, in mm.
    """

    edges: tuple[str, str, str, str] | None
    slice_positions: tuple[float, ...]


def phase_pixels(project: Project, stack: str, phase: int) -> ScreenPixels:
    """All slices of one phase: exactly for 8 and 16 bit images, scaled from least to most for deeper ones.

    Raises `InputError` for a stack or a phase that is not there, `ProjectError` where its pixels are lost.
    """
    entry, stored = _stored(project, stack)
    _check(phase, entry.shape[0], f"a phase of stack {stack}")
    return screen_pixels(np.asarray(stored[phase]), f"{entry.pixels_digest[:32]}-phase-{phase}")


def slice_cine(project: Project, stack: str, at: int) -> ScreenPixels:
    """All phases of one slice, to be played; otherwise as `phase_pixels`."""
    entry, stored = _stored(project, stack)
    _check(at, entry.shape[1], f"a slice of stack {stack}")
    return screen_pixels(np.asarray(stored[:, at]), f"{entry.pixels_digest[:32]}-slice-{at}")


def stack_thumbnail(project: Project, stack: str, *, side: int = 96) -> bytes:
    """The middle slice of a stack at end-diastole (or the first phase) as a PNG; otherwise as `slice_picture`."""
    with project.cohort() as cohort:
        entry = cohort.entry(stack)
    return slice_picture(project, stack, entry.phases.get("ed", 0), entry.shape[1] // 2, side=side)


def slice_picture(project: Project, stack: str, phase: int, at: int, *, side: int = 96) -> bytes:
    """One slice as a PNG, its longer side `side` pixels, its sides true to the patient where spacing is known.

    Raises as `phase_pixels`, and for a slice that is not there.
    """
    entry, stored = _stored(project, stack)
    _check(phase, entry.shape[0], f"a phase of stack {stack}")
    _check(at, entry.shape[1], f"a slice of stack {stack}")
    shown = screen_pixels(np.asarray(stored[phase, at]), "")
    low, high = ((edge - shown.intercept) / shown.slope for edge in shown.window)
    grey = np.clip((shown.values.astype(np.float32) - low) / (high - low), 0, 1) * 255
    picture = Image.fromarray(grey.astype(np.uint8)).resize(_fitted(entry, side), Image.Resampling.BILINEAR)
    text = io.BytesIO()
    picture.save(text, "PNG")
    return text.getvalue()


def stack_places(project: Project) -> dict[str, StackPlace]:
    """Where each stack of a project lies, by its id."""
    with project.cohort() as cohort:
        return {entry.id: _place(entry) for entry in cohort.entries()}


def _place(entry: StackEntry) -> StackPlace:
    affines = entry.affine_stack
    origins = affines[:, :3, 3]
    positions = tuple(round(float(mm), 3) for mm in np.linalg.norm(origins - origins[0], axis=1))
    if not entry.directions_known:
        return StackPlace(edges=None, slice_positions=positions)
    right, bottom = orientation_letters(affines[0])
    edges = (bottom.translate(_OPPOSITE), right, bottom, right.translate(_OPPOSITE))
    return StackPlace(edges=edges, slice_positions=positions)


def _stored(project: Project, stack: str) -> tuple[StackEntry, NDArray[Any]]:
    with project.cohort() as cohort:
        entry = cohort.entry(stack)
        return entry, cohort.pixels(entry)


def _check(index: int, length: int, what: str) -> None:
    if not 0 <= index < length:
        raise InputError(f"Expected {what} in 0..{length - 1}, got {index}.")


def screen_pixels(stored: NDArray[Any], digest: str) -> ScreenPixels:
    """Images (N, Y, X) in 16 bits, with a window."""
    values, slope, intercept = _in_16_bits(stored)
    low, high = (edge * slope + intercept for edge in _window(values))
    return ScreenPixels(values=values, slope=slope, intercept=intercept, window=(low, high), digest=digest)


def _in_16_bits(stored: NDArray[Any]) -> tuple[NDArray[np.uint16], float, float]:
    """Values in uint16, slope and intercept back to the stored ones."""
    if stored.dtype.kind in "ub" and stored.dtype.itemsize <= 2:
        return stored.astype("<u2"), 1.0, 0.0
    if stored.dtype == np.int16:
        return (stored.astype(np.int32) + 2**15).astype("<u2"), 1.0, -float(2**15)
    return _scaled(stored.astype(np.float64))


def _scaled(stored: NDArray[np.float64]) -> tuple[NDArray[np.uint16], float, float]:
    finite = stored[np.isfinite(stored)]
    least, most = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    slope = (most - least) / _MOST or 1.0
    clean = np.nan_to_num(stored, nan=least, posinf=most, neginf=least)
    return np.round((clean - least) / slope).astype("<u2"), slope, least


def _window(values: NDArray[np.uint16]) -> tuple[int, int]:
    few = values.ravel()[:: max(values.size // _SAMPLED, 1)]
    low, high = np.percentile(few, [_DARK, _BRIGHT]) if few.size else (0, 1)
    return int(low), max(int(high), int(low) + 1)


def _fitted(entry: StackEntry, side: int) -> tuple[int, int]:
    """Width and height in pixels, the longer of them `side`."""
    _, _, rows, columns = entry.shape
    _, row_mm, column_mm = entry.spacing or (1.0, 1.0, 1.0)
    width, height = columns * column_mm, rows * row_mm
    scale = side / max(width, height)
    return max(round(width * scale), 1), max(round(height * scale), 1)
