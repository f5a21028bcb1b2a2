"""Repairs of a project's masks: every change is told, and the mask before it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgraft.cohort import Cohort, PixelStore
from medgraft.core.cohort import StackEntry
from medgraft.core.digest import array_digest
from medgraft.core.errors import InputError
from medgraft.core.progress import Progress, Report, silent
from medgraft.labels import PAPER_REPAIR, MaskChange, RepairStep, repair_mask, repair_step
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
class MaskRepairs:
    """The steps in their order, whether they were only tried, and what they did to each stack."""

    steps: tuple[RepairStep, ...]
    dry_run: bool
    stacks: tuple[StackRepair, ...]


def repair_masks(
    project: Project,
    steps: Sequence[str] = (),
    stacks: Sequence[str] = (),
    *,
    dry_run: bool = False,
    report: Report = silent,
) -> MaskRepairs:
    """Repair the masks of a project, phase by phase.

    A mask that changes is kept as it was in `masks/before/`, under its stack's id and its own digest. Labels of slices
    stay as they are: `label_from_masks` makes them anew.

    Args:
        project: where the masks are.
        steps: in the order in which they are done, each name[:radius[mm]][:in-plane] of `labels.MASK_REPAIRS`; none
            are the paper's, `labels.PAPER_REPAIR`.
        stacks: ids; none are all stacks with a mask.
        dry_run: say what would change, and change nothing.
        report: is told of each stack.

    Raises:
        InputError: no such step or stack, a stack without a mask, or a step that does not fit a stack (a radius in mm
            where no spacing is known, or one that is too large); nothing was changed then.
    """
    chosen = tuple(repair_step(text) for text in steps) or PAPER_REPAIR
    repaired = []
    with project.cohort() as cohort:
        entries = _masked(cohort, stacks)
        _check(chosen, entries)
        for done, entry in enumerate(entries, start=1):
            repaired.append(_repair(cohort, entry, chosen, dry_run=dry_run))
            report(Progress(stage="repair", done=done, total=len(entries), detail=entry.subject))
    return MaskRepairs(steps=chosen, dry_run=dry_run, stacks=tuple(repaired))


def _masked(cohort: Cohort, stacks: Sequence[str]) -> list[StackEntry]:
    entries = [cohort.entry(stack) for stack in dict.fromkeys(stacks)] or [
        entry for entry in cohort.entries() if entry.mask_phases
    ]
    without = [entry.id for entry in entries if not entry.mask_phases]
    if without or not entries:
        raise InputError(
            f"Expected stacks with masks, got {', '.join(without) or 'none in this project'}. Do: import masks, or "
            "fill them from contours."
        )
    return entries


def _check(steps: Sequence[RepairStep], entries: Sequence[StackEntry]) -> None:
    """Refuse steps that do not fit a stack before the first mask is changed: tried on nothing, they are checked."""
    nothing = np.zeros((1, 1, 1, 1), np.uint8)
    for entry in entries:
        try:
            repair_mask(nothing, (), steps, entry.spacing)
        except InputError as error:
            raise InputError(f"{error} This is stack {entry.id} of {entry.subject}.") from error


def _repair(cohort: Cohort, entry: StackEntry, steps: Sequence[RepairStep], *, dry_run: bool) -> StackRepair:
    mask = cohort.mask_arrays.read(entry.id)
    done = repair_mask(mask, entry.mask_phases, steps, entry.spacing)
    before = None
    if done.changes and not dry_run:
        before = _keep(cohort, entry.id, np.asarray(mask))
        cohort.set_mask(entry.id, done.mask, entry.mask_phases, entry.mask_classes)
    return StackRepair(
        stack=entry.id, subject=entry.subject, phases=len(entry.mask_phases), changes=done.changes, before=before
    )


def _keep(cohort: Cohort, stack: str, mask: NDArray[np.uint8]) -> str:
    """Store a mask under its content beside the project's masks; its path relative to the project."""
    kept = PixelStore(cohort.mask_arrays.folder / "before")
    kept.prepare()
    key = f"{stack}-{array_digest(mask)[:16]}"
    if not kept.has(key):
        kept.write(key, mask)
    return kept.path(key).relative_to(cohort.root).as_posix()
