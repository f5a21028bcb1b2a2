"""Labels of slices from the masks of a project."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError
from medgraft.core.progress import Progress, Report, silent
from medgraft.core.task import Task
from medgraft.labels import LabelEvent, LabelStore, MaskLabels, count_by_rule, labels_from_mask, mask_rule
from medgraft.workspace.labelling.changes import LabelChanges, record_changes
from medgraft.workspace.project import Project

#: How the mask (T, Z, Y, X) of a stack is read, by its id.
MaskOf = Callable[[str], NDArray[Any]]


@dataclass(frozen=True, kw_only=True)
class MaskLabelling:
    """What labelling from masks did.

    task, rule, reader: for example "sax-range", "pool", "mask:pool". stacks: how many were labelled.
    counts: slices per code under every rule of the task, {rule: {code: slices}}: what another rule would have said;
    without rules that look for what no mask labels.
    notes: what was left out and what a reader should look at.
    """

    task: str
    rule: str
    reader: str
    stacks: int
    changes: LabelChanges
    counts: Mapping[str, Mapping[str, int]]
    notes: tuple[str, ...]


def label_from_masks(project: Project, rule: str = "pool", *, report: Report = silent) -> MaskLabelling:
    """Label every slice of every phase that carries a mask.

    Doing it again adds nothing unless masks changed; what was said of masks that are gone is withdrawn. Stacks whose
    base is at no known end are left out, with a note.

    Args:
        project: where masks are, and where labels go.
        rule: a name in `labels.MASK_RULES`; `pool` is the paper's.
        report: is told of each stack.

    Raises:
        InputError: no stack has a mask and none had when this was done before, or an unknown rule.
    """
    with project.cohort() as cohort, project.labels() as store:
        entries = cohort.entries()
        done = label_masks(store, entries, cohort.mask_arrays.read, rule, report=report)
    if not (done.changes.withdrawn or any(entry.mask_phases for entry in entries)):
        raise InputError(f"Expected masks in {project.root.name}, got none. Do: import masks, or label from contours.")
    return done


def label_masks(
    store: LabelStore,
    entries: Sequence[StackEntry],
    mask_of: MaskOf,
    rule: str,
    *,
    source: str = "mask",
    report: Report = silent,
) -> MaskLabelling:
    """Record what a rule makes of the masks of some stacks, nothing of those without; `source`: "mask" or "contour".

    Masks are read one by one: a mapped one holds a file open, of which a process may have some hundreds.
    """
    bare = {entry.id for entry in entries if not entry.mask_phases}
    entries = [entry for entry in entries if entry.mask_phases]
    ordered = [entry for entry in entries if entry.base_first is not None]
    notes = [
        f"{_name(entry)}: left out, it is not known at which end the base is"
        for entry in entries
        if entry.base_first is None
    ]
    made: dict[str, MaskLabels] = {}
    for done, entry in enumerate(ordered, start=1):
        mask = _base_first(entry, mask_of(entry.id))
        made[entry.id] = labels_from_mask(mask, entry.mask_phases, rule, entry.mask_classes)
        notes += _notes_of(entry, made[entry.id])
        report(Progress(stage="label", done=done, total=len(ordered), detail=entry.subject))
    events = [event for entry in ordered for event in _events(entry, made[entry.id], source)]
    reader, task = f"{source}:{rule}", mask_rule(rule).task
    return MaskLabelling(
        task=task.name,
        rule=rule,
        reader=reader,
        stacks=len(made),
        changes=record_changes(store, events, reader=reader, task=task.name, stacks=bare | made.keys()),
        counts=_counts(ordered, mask_of, task),
        notes=tuple(sorted(notes)),
    )


def _counts(entries: Sequence[StackEntry], mask_of: MaskOf, task: Task) -> Mapping[str, Mapping[str, int]]:
    stacks = ((_base_first(entry, mask_of(entry.id)), entry.mask_phases, entry.mask_classes) for entry in entries)
    return count_by_rule(stacks, task)


def _base_first(entry: StackEntry, mask: NDArray[Any]) -> NDArray[Any]:
    return mask[:, list(entry.base_to_apex)]


def _events(entry: StackEntry, labels: MaskLabels, source: str) -> tuple[LabelEvent, ...]:
    """Events with slices numbered as they are stored, whichever end the base is at."""
    return tuple(
        replace(event, unit=event.unit._replace(slice=entry.base_to_apex[event.unit.slice]))
        for event in labels.events(entry.id, source)
    )


def _notes_of(entry: StackEntry, labels: MaskLabels) -> list[str]:
    refused = [f"phase {phase}: no labels, {why}" for phase, why in labels.refused.items()]
    return [f"{_name(entry)}: {note}" for note in (*refused, *labels.notes)]


def _name(entry: StackEntry) -> str:
    return f"{entry.subject}, stack {entry.id}"
