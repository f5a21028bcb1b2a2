"""Filled contours put into the mask of a stack: beside the masks of other phases, or in place of those there."""

import numpy as np
from numpy.typing import NDArray

from medgraft.cohort import Cohort
from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError
from medgraft.labels import ContourMasks
from medgraft.workspace.masks.acts import MaskAct


def put_contours(act: MaskAct, entry: StackEntry, filled: ContourMasks, *, replace: bool) -> str | None:
    """Add the filled phases to those that have a mask, or replace these; gives where the mask before is kept.

    Raises `InputError` for a phase that has a mask already, unless it is to be replaced, or for other classes than the
    phases have that stay.
    """
    taken = sorted(set(entry.mask_phases) & set(filled.phases))
    if taken and not replace:
        phases = ", ".join(entry.phase_name(phase) for phase in taken)
        raise InputError(
            f"Expected phases without a mask on stack {entry.id}, got {phases}. Do: replace their masks (--replace); "
            "they are kept in masks/before/."
        )
    if set(entry.mask_phases) - set(taken) and set(entry.mask_classes) != set(filled.classes):
        raise InputError(
            f"Expected contours of {', '.join(entry.mask_classes)} as in the phases of stack {entry.id} that have a "
            f"mask, got {', '.join(filled.classes)}. Do: name regions that were set aside, or draw the missing ones."
        )
    return act.put(entry, _joined(act.cohort, entry, filled), (*entry.mask_phases, *filled.phases), filled.classes).kept


def _joined(cohort: Cohort, entry: StackEntry, filled: ContourMasks) -> NDArray[np.uint8]:
    before = cohort.mask(entry)
    if before is None:
        return filled.mask
    mask = np.array(before)
    mask[list(filled.phases)] = filled.mask[list(filled.phases)]
    return mask
