"""Which slices and phases of a stack are shown with the outlines of what a model saw in it."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from medgraft.core.cohort import StackEntry
from medgraft.core.task import ClassLabel
from medgraft.report import MaskedSlice, mask_sheet
from medgraft.workspace.measuring.measured import StackMeasures
from medgraft.workspace.measuring.one_stack import DrawnMask
from medgraft.workspace.models.captions import phase_caption, stack_caption
from medgraft.workspace.project import Project
from medgraft.workspace.stacks.volumes import stack_volume

#: Slices of a phase on a sheet, at most.
_MOST = 12
#: Share of the structures' own extent that is shown around them, and the smallest share of the image that is shown.
_MARGIN, _LEAST = 0.4, 0.25


def mask_outlines(
    project: Project,
    entry: StackEntry,
    pixels: NDArray[Any],
    drawn: DrawnMask,
    *,
    figures: StackMeasures,
    classes: Sequence[ClassLabel],
) -> Figure:
    """A sheet of ED and ES, or of the first and the middle phase of those that were looked at.

    All slices are shown of a short stack; of others twelve, spread over what was found. Slices are cut about what was
    found at any of these phases, and turned as readers are used to see them.
    """
    phases = _phases(entry, drawn, figures)
    found = np.any([np.asarray(drawn.mask[phase]) > 0 for phase in phases], axis=0)
    rows, columns = _window(found, 1), _window(found, 2)
    x, y, z = (-1 if turned else 1 for turned in stack_volume(project, entry.id).turned)
    slices = _slices(found)[::z]

    def shown(phase: int) -> Iterator[MaskedSlice]:
        for at in slices:
            cut = (phase, at, rows, columns)
            number = len(found) - at if z < 0 else at + 1
            yield MaskedSlice(
                image=np.asarray(pixels[cut], np.float32)[::y, ::x],
                mask=np.asarray(drawn.mask[cut])[::y, ::x],
                caption=f"slice {number} of {len(found)}",
            )

    spacing = entry.spacing
    return mask_sheet(
        [(_heading(entry, phase, figures), list(shown(phase))) for phase in phases],
        [item for item in classes if item.code in drawn.classes],
        aspect=spacing[1] / spacing[2] if spacing else 1.0,
        title=stack_caption(entry),
    )


def _phases(entry: StackEntry, drawn: DrawnMask, figures: StackMeasures) -> list[int]:
    names = {entry.phase_name(phase): phase for phase in drawn.phases}
    known = [names[name] for name in (figures.ed, figures.es) if name is not None]
    return list(dict.fromkeys(known or (drawn.phases[0], drawn.phases[len(drawn.phases) // 2])))


def _heading(entry: StackEntry, phase: int, figures: StackMeasures) -> str:
    """Its name, and what it was measured as where that is not its name."""
    caption = phase_caption(entry, phase)
    measured = {figures.ed: "ED", figures.es: "ES"}.get(entry.phase_name(phase), caption)
    return ", ".join(dict.fromkeys((measured, caption)))


def _slices(found: NDArray[np.bool_]) -> list[int]:
    """Of (Z, Y, X), with one slice beyond what was found at either end."""
    n_slices, inside = len(found), np.flatnonzero(found.any(axis=(1, 2)))
    if n_slices <= _MOST:
        return list(range(n_slices))
    first, last = (max(0, inside[0] - 1), min(n_slices - 1, inside[-1] + 1)) if len(inside) else (0, n_slices - 1)
    return list(dict.fromkeys(np.linspace(first, last, _MOST).round().astype(int).tolist()))


def _window(found: NDArray[np.bool_], axis: int) -> slice:
    """What is shown of rows or columns: all of them where nothing was found."""
    side, inside = found.shape[axis], np.flatnonzero(found.any(axis=tuple({0, 1, 2} - {axis})))
    if not len(inside):
        return slice(0, side)
    middle = (inside[0] + inside[-1] + 1) / 2
    half = max((inside[-1] + 1 - inside[0]) * (0.5 + _MARGIN), side * _LEAST / 2)
    return slice(max(0, round(middle - half)), min(side, round(middle + half)))
