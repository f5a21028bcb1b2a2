"""Take back what was last done to masks: a repair, or contours or corrected masks that were put in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgraft.cohort import Cohort
from medgraft.core.errors import InputError
from medgraft.core.progress import Progress, Report, silent
from medgraft.workspace.masks.acts import MaskTaken, digest_of, masks_taken, put_back
from medgraft.workspace.masks.before import kept_mask
from medgraft.workspace.project import Project


@dataclass(frozen=True, kw_only=True)
class StackUndone:
    """One mask as it was before.

    what, when: what was taken back, and when it had been done. phases: how many are labelled again. voxels: how many
    are other than they were.
    """

    stack: str
    subject: str
    what: str
    when: str
    phases: int
    voxels: int


@dataclass(frozen=True, kw_only=True)
class MasksUndone:
    """Whether it was only tried, which masks are as they were before, and which were left as they are, with reasons."""

    dry_run: bool
    stacks: tuple[StackUndone, ...]
    left_out: tuple[str, ...]


def undo_masks(
    project: Project, stacks: Sequence[str] = (), *, dry_run: bool = False, report: Report = silent
) -> MasksUndone:
    """Take back the last act on a project's masks.

    Acts are `repair_masks`, `mask_from_rtstruct`, `label_from_contours` and `return_masks`. Again and again it walks
    back through them. Phases that the act filled for the first time are without a mask again. Labels of slices stay as
    they are: `label_from_masks` makes them anew. A mask that was changed by other means since then is left as it is.
    Killed at any moment, it can be done again.

    Args:
        project: where the masks are.
        stacks: ids, of which what was done last to each is taken back; none are all stacks of the last act.
        dry_run: say what would be taken back, and change nothing.
        report: is told of each stack.

    Raises:
        InputError: no such stack, or nothing that can be taken back; nothing was changed then.
        ProjectError: the mask before is missing or damaged.
    """
    undone = []
    with project.cohort() as cohort:
        chosen, left_out = _as_left(cohort, _last(cohort, stacks))
        for done, taken in enumerate(chosen, start=1):
            undone.append(_undo(cohort, taken, dry_run=dry_run))
            report(Progress(stage="undo", done=done, total=len(chosen), detail=undone[-1].subject))
    return MasksUndone(dry_run=dry_run, stacks=tuple(undone), left_out=tuple(left_out))


def _last(cohort: Cohort, stacks: Sequence[str]) -> list[MaskTaken]:
    """The last act's masks, or the last of each stack."""
    there = {entry.id for entry in cohort.entries()}
    taken = [one for one in masks_taken(cohort) if one.stack in there]
    last = {one.stack: one for one in taken}
    never = [cohort.entry(stack).id for stack in stacks if stack not in last]
    if never or not taken:
        raise InputError(
            f"Expected masks that were repaired or filled, got {', '.join(never) or 'none in this project'}. "
            "There is nothing to take back."
        )
    return [last[stack] for stack in dict.fromkeys(stacks)] or [one for one in taken if one.act == taken[-1].act]


def _as_left(cohort: Cohort, chosen: Sequence[MaskTaken]) -> tuple[list[MaskTaken], list[str]]:
    """Masks that are as the act left them, or put back already by who was killed; and why others are left out."""
    fitting, left_out = [], []
    for taken in chosen:
        if digest_of(cohort.mask(cohort.entry(taken.stack))) in {taken.before, taken.after}:
            fitting.append(taken)
        else:
            kept = f"; the one before is {taken.kept}" if taken.kept else ""
            left_out.append(f"stack {taken.stack}: its mask was changed by other means after {taken.what}{kept}")
    if not fitting:
        raise InputError(f"Expected masks as they were left, got others. {left_out[0]}. Do: name other stacks.")
    return fitting, left_out


def _undo(cohort: Cohort, taken: MaskTaken, *, dry_run: bool) -> StackUndone:
    entry = cohort.entry(taken.stack)
    drawn = cohort.mask(entry)
    now = np.zeros(entry.shape, np.uint8) if drawn is None else drawn
    before = _before(cohort, taken, now)
    voxels = int(np.count_nonzero(before != now))
    if not dry_run:
        put_back(cohort, taken, before)
    return StackUndone(
        stack=entry.id,
        subject=entry.subject,
        what=taken.what,
        when=taken.when,
        phases=len(taken.phases),
        voxels=voxels,
    )


def _before(cohort: Cohort, taken: MaskTaken, now: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The mask that was kept, else the one that is there without the phases that were added."""
    if taken.kept:
        return kept_mask(cohort, taken.kept)
    mask = np.zeros_like(now)
    labelled = list(taken.phases)
    mask[labelled] = now[labelled]
    return mask
