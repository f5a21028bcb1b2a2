"""Masks and labels of one stack from a folder of contour files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medgraft.cohort import Cohort
from medgraft.core.cohort import ImportNote, StackEntry
from medgraft.core.errors import InputError
from medgraft.core.files import AnyPath
from medgraft.core.progress import Report, silent
from medgraft.labels import masks_from_contours
from medgraft.workspace.masks.slice_labels import MaskLabelling, label_masks
from medgraft.workspace.project import Project


@dataclass(frozen=True, kw_only=True)
class ContourLabelling:
    """What a folder of contours gave: the stack, how many of its phases and slices gained a mask, labels, notes."""

    stack: str
    subject: str
    phases: int
    slices: int
    labels: MaskLabelling
    notes: tuple[ImportNote, ...]


def label_from_contours(
    project: Project, folder: AnyPath, stack: str | None = None, *, rule: str = "pool", report: Report = silent
) -> ContourLabelling:
    """Fill contour files into masks of a stack, store them, and label its slices from them.

    Args:
        project: where the stack is.
        folder: files named `IM-0001-NNNN-{i,o}contour-auto.txt`, NNNN being the InstanceNumber.
        stack: its id; may be left out if one stack alone has instance numbers and no mask.
        rule: a name in `labels.MASK_RULES`.
        report: is told of progress.

    Raises:
        InputError: no such stack, several that fit, a stack that has a mask already, or no contour files.
    """
    with project.cohort() as cohort:
        entry = _chosen(cohort, stack)
        found = masks_from_contours(Path(folder), np.asarray(entry.instance_numbers), entry.shape[2:])
        entry = cohort.set_mask(entry.id, found.mask, found.phases, found.classes)
    with project.labels() as store:
        labels = label_masks(store, [entry], lambda _: found.mask, rule, source="contour", report=report)
    return ContourLabelling(
        stack=entry.id,
        subject=entry.subject,
        phases=len(found.phases),
        slices=int(found.mask.any(axis=(2, 3)).sum()),
        labels=labels,
        notes=found.notes,
    )


def _chosen(cohort: Cohort, stack: str | None) -> StackEntry:
    entries = cohort.entries() if stack is None else (cohort.entry(stack),)
    fitting = [entry for entry in entries if entry.instance_numbers is not None and not entry.mask_phases]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        ids = ", ".join(f"{entry.id} ({entry.subject})" for entry in fitting)
        raise InputError(f"Expected one stack for the contours, got {len(fitting)}. Available: {ids}. Do: name one.")
    raise InputError(
        f"Expected a stack with instance numbers and without a mask, got {stack or 'none in this project'}. "
        "Masks are not overwritten. Do: import the DICOM files that the contours belong to."
    )
