"""Repairs of masks: what a step does is a function of one volume, the steps are a table, and each change is told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from medgraft.core.errors import InputError
from medgraft.core.task import MASK_CLASSES, MASK_CODES
from medgraft.labels.mask_morphology import FAR, Reach, Volume, close_classes, close_gap, fill_holes, largest_components

#: A repair that reaches farther than this would invent anatomy, and fill the memory.
MOST_VOXELS = 50


@dataclass(frozen=True, kw_only=True)
class RepairStep:
    """One step of a repair: a name in `MASK_REPAIRS`, how far it reaches and whether it stays within slices.

    radius: in voxels or mm, by `unit`; 0 for repairs without one. in_plane: each slice is repaired by itself, as for
    thick slices of unknown spacing.
    """

    repair: str
    radius: float = 0.0
    unit: Literal["voxels", "mm"] = "voxels"
    in_plane: bool = False


@dataclass(frozen=True, kw_only=True)
class MaskChange:
    """What one step did to one class at one phase: how many voxels the class gained and lost."""

    repair: str
    phase: int
    structure: str
    added: int
    removed: int


@dataclass(frozen=True, kw_only=True, eq=False)
class RepairedMask:
    """mask: (T, Z, Y, X) in `core.task.MASK_CODES`. changes: in the order of steps, only of steps that changed any."""

    mask: Volume
    changes: tuple[MaskChange, ...]


@dataclass(frozen=True, kw_only=True)
class MaskRepair:
    """A repair by name. change: a mask (Z, Y, X) to the repaired one. needs_radius: it has no meaning without one."""

    name: str
    what: str
    change: Callable[[Volume, Reach], Volume]
    needs_radius: bool


def repair_mask(
    mask: NDArray[Any],
    phases: Sequence[int],
    steps: Sequence[RepairStep],
    spacing: tuple[float, float, float] | None = None,
) -> RepairedMask:
    """Repair the labelled phases of a mask, step by step.

    Args:
        mask: (T, Z, Y, X) in `core.task.MASK_CODES`; it is not changed.
        phases: which of the T phases are labelled; the others stay as they are.
        steps: in the order in which they are done, for example `PAPER_REPAIR`.
        spacing: (z, y, x) in mm; needed by steps whose radius is in mm.

    Raises:
        InputError: an unknown repair, a radius that is missing, not wanted or above `MOST_VOXELS`, mm without a
            spacing, a mask that is not (T, Z, Y, X), or a phase outside T.

    >>> mask = np.zeros((1, 1, 5, 5), np.uint8)
    >>> mask[0, 0, 1:4, 1:4] = MASK_CODES["pool"]
    >>> mask[0, 0, 2, 2] = 0
    >>> repair_mask(mask, [0], [RepairStep(repair="fill-holes", in_plane=True)]).changes
    (MaskChange(repair='fill-holes', phase=0, structure='pool', added=1, removed=0),)
    """
    if mask.ndim != 4 or any(not 0 <= phase < len(mask) for phase in phases):
        raise InputError(f"Expected a mask (T, Z, Y, X) and phases on it, got {mask.shape}, {list(phases)}.")
    repaired = np.array(mask, np.uint8)
    changes: list[MaskChange] = []
    for step in steps:
        repair, reach = _repair(step), _reach(step, spacing)
        for phase in phases:
            # No repair reaches out of the box around what is drawn, and a heart is a small part of a chest.
            box = (ndimage.find_objects((repaired[phase] > 0).astype(np.uint8)) or [()])[0]
            before = repaired[phase][box].copy()
            repaired[phase][box] = repair.change(before, reach)
            changes += _changes(step.repair, phase, before, repaired[phase][box])
    return RepairedMask(mask=repaired, changes=tuple(changes))


def repair_step(text: str) -> RepairStep:
    """A step from its text: name[:radius[mm]][:in-plane].

    >>> repair_step("closing:5mm")
    RepairStep(repair='closing', radius=5.0, unit='mm', in_plane=False)

    Raises `InputError` where the text says no step.
    """
    name, *rest = text.split(":")
    step = RepairStep(repair=name)
    for part in rest:
        if part == "in-plane":
            step = replace(step, in_plane=True)
            continue
        try:
            number = float(part.removesuffix("mm"))
        except ValueError as error:
            raise InputError(
                f"Expected name[:radius[mm]][:in-plane], for example closing:5mm, got {text!r}."
            ) from error
        step = replace(step, radius=number, unit="mm" if part.endswith("mm") else "voxels")
    _repair(step)
    return step


#: The repairs by name.
MASK_REPAIRS = {
    repair.name: repair
    for repair in (
        MaskRepair(
            name="closing",
            what="each class dilated, then eroded by the radius",
            change=close_classes,
            needs_radius=True,
        ),
        MaskRepair(
            name="close-gap",
            what="background between pool and myocardium, within the radius of both, goes to the nearer",
            change=close_gap,
            needs_radius=True,
        ),
        MaskRepair(
            name="fill-holes",
            what="enclosed background goes to the nearest class",
            change=fill_holes,
            needs_radius=False,
        ),
        MaskRepair(
            name="largest-component",
            what="of each class only the largest connected part is kept",
            change=largest_components,
            needs_radius=False,
        ),
    )
}

#: Dilation then erosion by 5 pixels, as the two institutions of the paper repaired their masks.
PAPER_REPAIR = (RepairStep(repair="closing", radius=5),)


def _repair(step: RepairStep) -> MaskRepair:
    if step.repair not in MASK_REPAIRS:
        raise InputError(f"Expected a repair of masks, got {step.repair!r}. Available: {', '.join(MASK_REPAIRS)}.")
    repair = MASK_REPAIRS[step.repair]
    if not (step.radius > 0 if repair.needs_radius else step.radius == 0):
        wanted = "a radius above 0" if repair.needs_radius else "no radius"
        raise InputError(f"Expected {wanted} for {step.repair}, got {step.radius:g} {step.unit}.")
    return repair


def _reach(step: RepairStep, spacing: tuple[float, float, float] | None) -> Reach:
    if step.unit == "mm" and spacing is None:
        raise InputError(
            f"Expected a spacing for {step.repair} in mm, got none, or slices that are not equally far apart. "
            "Do: give the radius in voxels."
        )
    in_mm = step.unit == "mm" or not step.radius
    z, y, x = spacing if in_mm and spacing else (1.0, 1.0, 1.0)
    voxel = (FAR if step.in_plane else z, y, x)
    if step.radius > MOST_VOXELS * min(voxel):
        raise InputError(f"Expected a radius of at most {MOST_VOXELS} voxels for {step.repair}, got {step.radius:g}.")
    return Reach(radius=step.radius, voxel=voxel)


def _changes(repair: str, phase: int, before: Volume, after: Volume) -> list[MaskChange]:
    found = []
    for name in MASK_CLASSES:
        was, now = before == MASK_CODES[name], after == MASK_CODES[name]
        added, removed = int((now & ~was).sum()), int((was & ~now).sum())
        if added or removed:
            found.append(MaskChange(repair=repair, phase=phase, structure=name, added=added, removed=removed))
    return found
