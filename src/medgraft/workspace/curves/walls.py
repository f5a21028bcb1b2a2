"""The wall of one subject for the report of a learning curve: by segment, and on the outer surface."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from medgraft.core.task import MASK_CODES
from medgraft.measurement import moved_over, wall_surface, wall_thickness
from medgraft.report import BullsEye, Surface
from medgraft.workspace.curves.subjects import Shown
from medgraft.workspace.measuring.wall_segments import seen_septum, wall_segments
from medgraft.workspace.stacks.volumes import StackVolume

_REFERENCE = "reference"
#: What a mask must show for its wall to be measured.
_WALL = {MASK_CODES["pool"], MASK_CODES["myocardium"]}


def bulls_eye(shown: Shown) -> Iterator[BullsEye]:
    """Thickness by segment as drawn and as every model sees it; nothing where it cannot be measured as drawn."""
    masks = {_REFERENCE: shown.reference, **shown.seen}
    by_source = {name: _segments(mask, shown) for name, mask in masks.items()}
    found = {name: values for name, values in by_source.items() if values is not None}
    if _REFERENCE in found:
        yield BullsEye(subject=shown.entry.subject, phase=shown.phase, by_source=found)


def surfaces(shown: Shown, volume: StackVolume, title: str) -> Iterator[Surface]:
    """The outer surface as drawn and as one model sees it, turned as readers are used to see the volume."""
    for source, mask in ((_REFERENCE, shown.reference), (title, shown.seen.get(title))):
        if mask is not None and _measurable(mask, shown):
            spacing, aside = shown.entry.even_spacing, shown.entry.aside
            straight = mask if aside is None else moved_over(mask, aside)
            surface = wall_surface(straight, spacing, wall_thickness(straight, spacing))
            yield Surface(
                subject=shown.entry.subject,
                phase=shown.phase,
                source=source,
                vertices=_as_seen(surface.vertices, volume.turned),
                triangles=surface.triangles,
                thickness=surface.thickness,
            )


def _measurable(mask: NDArray[np.uint8], shown: Shown) -> bool:
    return shown.entry.even_spacing is not None and set(np.unique(mask).tolist()) >= _WALL


def _segments(mask: NDArray[np.uint8], shown: Shown) -> NDArray[np.float64] | None:
    """(17,) median thickness, NaN where a segment has no wall; None where a model sees no ventricle."""
    spacing, base_first = shown.entry.even_spacing, shown.entry.base_first
    if spacing is None or not shown.entry.directions_known or not _measurable(mask, shown):
        return None
    septum = None if base_first is None else seen_septum(shown.drawn, spacing)
    found = wall_segments(mask, spacing, shown.entry.affine_stack, base_first=base_first, septum=septum)
    return None if found is None else np.array([found[number].median for number in sorted(found)])


def _as_seen(vertices: NDArray[np.float32], turned: tuple[bool, bool, bool]) -> NDArray[np.float32]:
    """Columns to the right, the first slice on top, the first row towards the viewer; turned as images are."""
    columns, rows, slices = (vertices.T[axis] * (-1 if turned[axis] else 1) for axis in range(3))
    return np.stack([columns, -slices, -rows], axis=1)
