"""Masked samples: sequences with masks, what is labelled of them, and what was left out and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError
from medgraft.core.task import MASK_CODES, Task
from medgraft.samples.collected import Collected, Dropped
from medgraft.samples.join import check_one_subject_per_image

#: Of each slice, rows and columns.
Aside = tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class MaskedSample:
    """One sequence with a mask.

    phases, phase_names: those that are labelled and asked about; a name is such as "ed", or the number as text.
    classes: the task's codes that the source labels, background among them; what it never labels is part of its
    background. n_phases, n_slices: of the whole stack.
    spacing: (z, y, x) in mm, None where unknown or slices are not equally far apart. pixels_digest,
    mask_digest: of the whole stack.
    """

    stack: str
    subject: str
    site: str | None
    split: str | None
    phases: tuple[int, ...]
    phase_names: tuple[str, ...]
    classes: tuple[str, ...]
    n_phases: int
    n_slices: int
    spacing: tuple[float, float, float] | None
    pixels_digest: str
    mask_digest: str


@dataclass(frozen=True, kw_only=True)
class MaskedSamples(Collected[MaskedSample]):
    """Sequences with masks in canonical order (subject, stack), and what was left out and why.

    aside: by stack, where slices do not lie over each other, by how many rows and columns each lies aside
    (`core.geometry.slices_aside`). `digest` is without it: networks read slices as they are stored, and learn the same.
    """

    aside: Mapping[str, Aside] = field(default_factory=dict)


def masked_samples(entries: Sequence[StackEntry], task: Task, *, in_mm: bool = False) -> MaskedSamples:
    """The sequences of a cohort whose masks answer a task.

    Args:
        entries: the cohort; their order does not matter.
        task: the question, of kind "segment"; with `task.phases` only those phases are used.
        in_mm: leave out what has no spacing, or slices that are not equally far apart: for a recipe that speaks of mm.

    Raises:
        InputError: the task gives no masks, or the same pixels are under two subjects.
    """
    if task.kind != "segment":
        raise InputError(f"Expected a task that segments, such as lv-wall, got {task.name}.")
    items: list[MaskedSample] = []
    left_out: dict[str, list[str]] = {}
    for entry in {entry.id: entry for entry in entries}.values():
        reason = _why_left_out(entry, task, in_mm)
        if reason is None:
            items.append(_sample(entry, task))
        else:
            left_out.setdefault(reason, []).append(entry.id)
    check_one_subject_per_image((item.pixels_digest, item.subject) for item in items)
    items.sort(key=lambda item: (item.subject, item.stack))
    aside = {entry.id: moved for entry in entries if (moved := _aside(entry))}
    return MaskedSamples(task=task, items=tuple(items), dropped=_dropped(left_out), aside=aside)


def codes_of_task(mask: NDArray[np.uint8], task: Task) -> NDArray[np.uint8]:
    """A mask in `MASK_CODES` as columns of a task; what the task does not ask about becomes its background, 0.

    >>> from medgraft.core.task import LV_WALL
    >>> codes_of_task(np.array([0, 1, 2, 3], np.uint8), LV_WALL)
    array([0, 1, 2, 0], dtype=uint8)
    """
    columns = [task.codes.index(name) if name in task.codes else 0 for name in MASK_CODES]
    return np.asarray(columns, np.uint8)[mask]


def mask_of_task(columns: NDArray[np.uint8], task: Task) -> NDArray[np.uint8]:
    """Columns of a task, as `codes_of_task` or a model gives them, as a mask in `MASK_CODES`.

    >>> from medgraft.core.task import LV_WALL
    >>> mask_of_task(np.array([0, 1, 2], np.uint8), LV_WALL)
    array([0, 1, 2], dtype=uint8)
    """
    return np.asarray([MASK_CODES.get(code, 0) for code in task.codes], np.uint8)[columns]


def _why_left_out(entry: StackEntry, task: Task, in_mm: bool) -> str | None:
    """The first reason that holds, None if the stack is used."""
    reasons = {
        "no mask, or none with a labelled phase": not entry.mask_phases,
        f"no mask at {', '.join(task.phases)}": not _phases(entry, task),
        f"mask labels none of {', '.join(task.codes[1:])}": len(_classes(entry, task)) < 2,
        "unknown spacing": in_mm and entry.spacing is None,
        "slices not equally far apart": in_mm and entry.even_spacing is None,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _phases(entry: StackEntry, task: Task) -> tuple[int, ...]:
    named = entry.phases_named(task.phases)
    return tuple(phase for phase in sorted(entry.mask_phases) if phase in named or not task.phases)


def _classes(entry: StackEntry, task: Task) -> tuple[str, ...]:
    return task.codes[:1] + tuple(code for code in task.codes[1:] if code in entry.mask_classes)


def _sample(entry: StackEntry, task: Task) -> MaskedSample:
    return MaskedSample(
        stack=entry.id,
        subject=entry.subject,
        site=entry.site,
        split=entry.split,
        phases=_phases(entry, task),
        phase_names=tuple(entry.phase_name(phase) for phase in _phases(entry, task)),
        classes=_classes(entry, task),
        n_phases=entry.shape[0],
        n_slices=entry.shape[1],
        spacing=entry.even_spacing,
        pixels_digest=entry.pixels_digest,
        mask_digest=entry.mask_digest,
    )


def _aside(entry: StackEntry) -> Aside:
    """Empty where slices lie over each other, or where they lie is unknown."""
    moved = entry.aside
    return () if moved is None else tuple((rows, columns) for rows, columns in moved.tolist())


def _dropped(left_out: dict[str, list[str]]) -> tuple[Dropped, ...]:
    return tuple(
        Dropped(reason=reason, count=len(stacks), example=f"stack {min(stacks)}")
        for reason, stacks in sorted(left_out.items())
    )
