"""Join: stacks of the cohort with their labels; every unit that is left out is counted under its reason."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError
from medgraft.core.task import Task, UnitKey
from medgraft.samples.collected import Dropped
from medgraft.samples.samples import Sample, Samples

#: Units left out, by reason.
Reasons = dict[str, list[UnitKey]]


def join(
    entries: Sequence[StackEntry], labels: Mapping[UnitKey, str], task: Task, conflicts: Iterable[UnitKey] = ()
) -> Samples:
    """The labelled units of the phases that the task asks about.

    Args:
        entries: the cohort; their order does not matter.
        labels: one code of the task per unit (`LabelStore.table`).
        task: the question; with `task.phases` only those phases are used.
        conflicts: units whose readers disagree (`LabelStore.conflicts`), so that they are counted as such.

    Raises:
        InputError: a label that is no code of the task, or the same pixels under two subjects.
    """
    _check_codes(labels, task)
    stacks = {entry.id: entry for entry in entries}
    left_out: Reasons = {}
    disagreed = frozenset(conflicts)
    items = [
        _sample(entry, unit, task.index(labels[unit]))
        for entry in stacks.values()
        for unit in _asked_units(entry, task, left_out)
        if _has_label(unit, labels, disagreed, left_out)
    ]
    _explain_unused_labels(labels, stacks, task, left_out)
    check_one_subject_per_image((item.pixels_digest, item.subject) for item in items)
    items.sort(key=lambda item: (item.subject, item.unit))
    return Samples(task=task, items=tuple(items), dropped=_dropped(left_out, stacks))


def check_one_subject_per_image(owned: Iterable[tuple[str, str]]) -> None:
    """Raise `InputError` where the same pixels have two subjects, from pairs of a digest and a subject."""
    owners: dict[str, str] = {}
    for pixels, subject in owned:
        other = owners.setdefault(pixels, subject)
        if other != subject:
            first, second = sorted((other, subject))
            raise InputError(
                f"Expected every image to belong to one subject, got the same pixels under {first} and {second}: "
                "a network could be tested on what it trained on. Do set one of them aside, or give both one subject."
            )


def _check_codes(labels: Mapping[UnitKey, str], task: Task) -> None:
    for unit, code in labels.items():
        if code not in task.codes:
            raise InputError(
                f"Expected labels of {task.name}, got {code!r} at {unit}. Available: {', '.join(task.codes)}."
            )


def _asked_units(entry: StackEntry, task: Task, left_out: Reasons) -> Iterator[UnitKey]:
    n_phases, n_slices = entry.shape[:2]
    for name in task.phases:
        if name not in entry.phases:
            left_out.setdefault(f"stack without a phase named {name}", []).append(UnitKey(entry.id, -1, -1))
    for phase in entry.phases_named(task.phases) if task.phases else range(n_phases):
        yield from (UnitKey(entry.id, phase, index) for index in range(n_slices))


def _has_label(unit: UnitKey, labels: Mapping[UnitKey, str], conflicts: frozenset[UnitKey], left_out: Reasons) -> bool:
    if unit in labels:
        return True
    left_out.setdefault("readers disagree" if unit in conflicts else "no label", []).append(unit)
    return False


def _sample(entry: StackEntry, unit: UnitKey, label: int) -> Sample:
    return Sample(
        unit=unit,
        subject=entry.subject,
        site=entry.site,
        split=entry.split,
        phase=entry.phase_name(unit.phase),
        slice=entry.base_to_apex[unit.slice],
        n_slices=entry.shape[1],
        label=label,
        pixels_digest=entry.pixels_digest,
    )


def _explain_unused_labels(
    labels: Mapping[UnitKey, str], stacks: Mapping[str, StackEntry], task: Task, left_out: Reasons
) -> None:
    for unit in sorted(labels):
        if (reason := _why_unused(unit, stacks, task)) is not None:
            left_out.setdefault(reason, []).append(unit)


def _why_unused(unit: UnitKey, stacks: Mapping[str, StackEntry], task: Task) -> str | None:
    entry = stacks.get(unit.stack)
    if entry is None:
        return "label of a stack that is not in the cohort"
    if not (0 <= unit.phase < entry.shape[0] and 0 <= unit.slice < entry.shape[1]):
        return "label outside its stack"
    if task.phases and unit.phase not in {entry.phases.get(name) for name in task.phases}:
        return f"label of a phase other than {', '.join(task.phases)}"
    return None


def _dropped(left_out: Reasons, stacks: Mapping[str, StackEntry]) -> tuple[Dropped, ...]:
    return tuple(
        Dropped(reason=reason, count=len(units), example=_example(min(units), stacks))
        for reason, units in sorted(left_out.items())
    )


def _example(unit: UnitKey, stacks: Mapping[str, StackEntry]) -> str:
    if unit.slice < 0:
        return f"stack {unit.stack}"
    entry = stacks.get(unit.stack)
    return f"stack {unit.stack}, phase {entry.phase_name(unit.phase) if entry else unit.phase}, slice {unit.slice}"
