"""Repairs of a project's masks: every change is told, and the mask before it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError
from medgraft.core.progress import Progress, Report, silent
from medgraft.labels import PAPER_REPAIR, MaskChange, RepairStep, repair_mask, repair_step
from medgraft.workspace.masks.acts import MaskAct
from medgraft.workspace.masks.chosen import chosen_masked
from medgraft.workspace.project import Project


@dataclass(frozen=True, kw_only=True)
class StackRepair:
    """What repairs did to the mask of one stack.

    phases: how many are labelled. changes: voxels gained and lost by step, phase and structure; empty where nothing
    was to be repaired. before: the file with the mask as it was, relative to the project; None where nothing was
    written.
    """

    stack: str
    subject: str
    phases: int
    changes: tuple[MaskChange, ...]
    before: str | None


@dataclass(frozen=True, kw_only=True)
class UnrepairedStack:
    """A stack that a step does not fit, and why."""

    stack: str
    subject: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class MaskRepairs:
    """The steps in their order, whether they were only tried, what they did to each stack, and whom they do not fit."""

    steps: tuple[RepairStep, ...]
    dry_run: bool
    stacks: tuple[StackRepair, ...]
    left_out: tuple[UnrepairedStack, ...]


def repair_masks(
    project: Project,
    steps: Sequence[str] = (),
    stacks: Sequence[str] = (),
    *,
    dry_run: bool = False,
    report: Report = silent,
) -> MaskRepairs:
    """Repair the masks of a project, phase by phase.

    A mask that changes is kept as it was in `masks/before/`, under its stack's id and its own digest. A stack that a
    step does not fit is left out with the reason: a radius that is too large, or one in mm where no spacing is known or
    slices are not equally far apart, unless all steps are in-plane. `undo_masks` takes a repair back. Labels of slices
    stay as they are: `label_from_masks` makes them anew.

    Args:
        project: where the masks are.
        steps: in the order in which they are done, each name[:radius[mm]][:in-plane] of `labels.MASK_REPAIRS`; none
            are the paper's, `labels.PAPER_REPAIR`.
        stacks: ids; none are all stacks with a mask.
        dry_run: say what would change, and change nothing.
        report: is told of each stack.

    Raises:
        InputError: no such step or stack, a stack without a mask, or steps that fit no stack; nothing was changed then.
    """
    chosen = tuple(repair_step(text) for text in steps) or PAPER_REPAIR
    repaired = []
    with project.cohort() as cohort:
        act = MaskAct(cohort=cohort, what=f"repair: {', '.join(step.repair for step in chosen)}")
        entries, left_out = _fitting(chosen, chosen_masked(cohort, stacks))
        for done, entry in enumerate(entries, start=1):
            repaired.append(_repair(act, entry, chosen, dry_run=dry_run))
            report(Progress(stage="repair", done=done, total=len(entries), detail=entry.subject))
    return MaskRepairs(steps=chosen, dry_run=dry_run, stacks=tuple(repaired), left_out=tuple(left_out))


def _fitting(
    steps: Sequence[RepairStep], entries: Sequence[StackEntry]
) -> tuple[list[StackEntry], list[UnrepairedStack]]:
    """The stacks that all steps fit, and why others are left out: tried on nothing, steps are checked."""
    nothing = np.zeros((1, 1, 1, 1), np.uint8)
    fitting, left_out = [], []
    for entry in entries:
        try:
            repair_mask(nothing, (), steps, _spacing(entry, steps))
            fitting.append(entry)
        except InputError as error:
            left_out.append(UnrepairedStack(stack=entry.id, subject=entry.subject, reason=str(error)))
    if not fitting:
        first = left_out[0]
        raise InputError(
            f"Expected steps that fit a stack, got some that fit none. {first.subject}, stack {first.stack}: "
            f"{first.reason}"
        )
    return fitting, left_out


def _spacing(entry: StackEntry, steps: Sequence[RepairStep]) -> tuple[float, float, float] | None:
    """What a radius in mm goes by: across slices only where they are equally far apart."""
    return entry.spacing if all(step.in_plane for step in steps) else entry.even_spacing


def _repair(act: MaskAct, entry: StackEntry, steps: Sequence[RepairStep], *, dry_run: bool) -> StackRepair:
    mask = act.cohort.mask_arrays.read(entry.id)
    done = repair_mask(mask, entry.mask_phases, steps, _spacing(entry, steps))
    before = None
    if done.changes and not dry_run:
        before = act.put(entry, done.mask, entry.mask_phases, entry.mask_classes).kept
    return StackRepair(
        stack=entry.id, subject=entry.subject, phases=len(entry.mask_phases), changes=done.changes, before=before
    )
