"""Masks and labels of one stack from a folder of contour files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medgraft.cohort import Cohort
from medgraft.core.cohort import ImportNote, StackEntry
from medgraft.core.errors import InputError
from medgraft.core.files import AnyPath
from medgraft.core.progress import Report, silent
from medgraft.labels import ContourMasks, mask_rule, masks_from_contours
from medgraft.workspace.masks.acts import MaskAct
from medgraft.workspace.masks.filling import put_contours
from medgraft.workspace.masks.slice_labels import MaskLabelling, label_masks
from medgraft.workspace.project import Project


@dataclass(frozen=True, kw_only=True)
class ContourLabelling:
    """What a folder of contours gave.

    phases, slices: how many gained a mask. before: the file with the mask that was replaced, relative to the project.
    """

    stack: str
    subject: str
    phases: int
    slices: int
    labels: MaskLabelling
    notes: tuple[ImportNote, ...]
    before: str | None


def label_from_contours(
    project: Project,
    folder: AnyPath,
    stack: str | None = None,
    *,
    rule: str = "pool",
    replace: bool = False,
    report: Report = silent,
) -> ContourLabelling:
    """Fill contour files into masks of a stack, store them, and label its slices from its masks.

    Phases that have no mask yet gain one; a mask that is there is not overwritten. `undo_masks` takes the masks back.

    Args:
        project: where the stack is.
        folder: files named `IM-0001-NNNN-{i,o}contour-auto.txt`, NNNN being the InstanceNumber.
        stack: its id; may be left out if one stack alone has instance numbers, or one alone of them no mask.
        rule: a name in `labels.MASK_RULES`.
        replace: put the contours in place of the masks that their phases have.
        report: is told of progress.

    Raises:
        InputError: no such stack or rule, several stacks that fit, no contour files or none of this stack, a phase that
            has a mask already, or other classes than the other phases have.
    """
    mask_rule(rule)
    with project.cohort() as cohort:
        entry = _chosen(cohort, stack)
        found = masks_from_contours(Path(folder), np.asarray(entry.instance_numbers), entry.shape[2:])
        _check_found(found, entry)
        before = put_contours(MaskAct(cohort=cohort, what="contour files"), entry, found, replace=replace)
        entry = cohort.entry(entry.id)
        with project.labels() as store:
            labels = label_masks(store, [entry], cohort.mask_arrays.read, rule, source="contour", report=report)
    return ContourLabelling(
        stack=entry.id,
        subject=entry.subject,
        phases=len(found.phases),
        slices=int(found.mask.any(axis=(2, 3)).sum()),
        labels=labels,
        notes=found.notes,
        before=before,
    )


def _chosen(cohort: Cohort, stack: str | None) -> StackEntry:
    entries = cohort.entries() if stack is None else (cohort.entry(stack),)
    numbered = [entry for entry in entries if entry.instance_numbers is not None]
    fitting = [entry for entry in numbered if not entry.mask_phases] or numbered
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        ids = ", ".join(f"{entry.id} ({entry.subject})" for entry in fitting)
        raise InputError(f"Expected one stack for the contours, got {len(fitting)}. Available: {ids}. Do: name one.")
    raise InputError(
        f"Expected a stack with instance numbers, got {stack or 'none in this project'}. "
        "Do: import the DICOM files that the contours belong to."
    )


def _check_found(found: ContourMasks, entry: StackEntry) -> None:
    if not found.phases:
        told = "; ".join(f"{note.where}: {note.text}" for note in found.notes) or "they surround no pixel"
        raise InputError(f"Expected contours of images of stack {entry.id}, got none: {told}. Do: name their stack.")
