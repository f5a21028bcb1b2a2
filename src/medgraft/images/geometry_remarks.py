"""What the user should know about a stack's geometry: gaps, uneven or wrongly tagged distances, tilted slices."""

import numpy as np
from numpy.typing import NDArray

from medgraft.core.counted import counted
from medgraft.core.geometry import normal_of
from medgraft.images.frame import Frame
from medgraft.images.ledger import Remark

#: A distance this many times the usual one means that slices are missing.
GAP = 1.5

#: Distances within this share of the usual one (or 0.05 mm) are equal.
EQUAL = 0.02

_TILT_DEGREES = 0.5


def slice_distance(origins: NDArray[np.float64], normal: NDArray[np.float64]) -> float | None:
    """The usual distance of slice centres along the normal, in mm: the median; None for a single slice."""
    steps = np.diff(origins @ normal)
    return float(np.median(np.abs(steps))) if len(steps) else None


def geometry_remarks(slices: list[list[Frame]], normal: NDArray[np.float64]) -> list[Remark]:
    """Remarks about ordered slices (Z lists of frames)."""
    firsts = [row[0] for row in slices]
    affines = np.array([frame.affine for frame in firsts if frame.affine is not None])
    if len(affines) < 2:
        return []
    steps = np.abs(np.diff(affines[:, :3, 3] @ normal))
    usual = float(np.median(steps))
    texts = (
        ("gap", _gap(steps, usual)),
        ("uneven-spacing", _uneven(steps, usual)),
        ("spacing-differs", _tagged(firsts[0], usual)),
        ("spacing-differs", _located(firsts, usual)),
        ("tilted-slices", _tilt(affines, normal)),
    )
    return [Remark(kind="noticed", code=code, text=text, frames=firsts) for code, text in texts if text]


def _gap(steps: NDArray[np.float64], usual: float) -> str:
    wide = np.flatnonzero((steps > GAP * usual) & (usual > 0))
    missing = int(sum(round(steps[i] / usual) - 1 for i in wide))
    places = ", ".join(f"{i} and {i + 1} ({steps[i]:.2f} mm)" for i in wide)
    about = f"About {counted(missing, 'slice')} missing between {places}"
    return f"{about}; usual distance {usual:.2f} mm." if len(wide) else ""


def _uneven(steps: NDArray[np.float64], usual: float) -> str:
    steps = steps[steps <= GAP * usual]
    uneven = len(steps) > 0 and np.abs(steps - usual).max() > max(EQUAL * usual, 0.05)
    return f"Slice distances vary from {steps.min():.2f} to {steps.max():.2f} mm." if uneven else ""


def _tagged(frame: Frame, usual: float) -> str:
    tagged = frame.tagged_spacing
    if tagged is None or abs(tagged - usual) <= max(EQUAL * usual, 0.05):
        return ""
    return f"Slices are {usual:.2f} mm apart by their positions, {tagged:.2f} mm by their tags: the positions are used."


def _located(firsts: list[Frame], usual: float) -> str:
    """SliceLocation is free to count along any axis (PS3.3 C.7.6.2.1.2), so it is only compared."""
    places = [frame.slice_location for frame in firsts if frame.slice_location is not None]
    if len(places) < len(firsts):
        return ""
    step = float(np.median(np.abs(np.diff(places))))
    if abs(step - usual) <= max(EQUAL * usual, 0.05):
        return ""
    return (
        f"Slices are {usual:.2f} mm apart by their positions, {step:.2f} mm by SliceLocation: the positions are used."
    )


def _tilt(affines: NDArray[np.float64], normal: NDArray[np.float64]) -> str:
    cosines = [float(normal_of(affine) @ normal) for affine in affines]
    degrees = float(np.degrees(np.arccos(min(1.0, *cosines))))
    return f"Slices are not parallel: up to {degrees:.1f} degrees from the mean." if degrees > _TILT_DEGREES else ""
