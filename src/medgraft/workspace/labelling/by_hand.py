"""Labels by hand: two keystrokes for a stack, one key for a slice, a model's proposal accepted; each is one act.

Slices are those of the stored stack (`UnitKey.slice`), whichever end the base is at. `act` is an id of the caller's:
the same act again, after a lost answer, stores nothing twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError
from medgraft.core.task import UnitKey
from medgraft.labels import LabelEvent, LabelStore, OpinionAsked, Readings, record_opinion
from medgraft.workspace.labelling.along_stack import base_to_apex, codes_between
from medgraft.workspace.project import Project

#: Sources of labels that a person gave here, and may take back; a sheet is not undone by a key.
BY_HAND = ("app", "model-accepted", "adjudication")


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """What an act left.

    codes: the reader's labels of the stack at the phase now, in stored order; None where there is none.
    events: how many labels the act gave or took back. at: when it was stored, UTC, ISO 8601.
    """

    reader: str
    task: str
    stack: str
    phase: int
    codes: tuple[str | None, ...]
    events: int
    at: str


def label_range(
    project: Project,
    *,
    reader: str,
    stack: str,
    phase: int,
    first: int,
    last: int,
    task: str = "sax-range",
    act: str | None = None,
) -> Labelled:
    """Label all slices of a stack at a phase from its first and last slice inside, by the order of the anatomy.

    Args:
        project: where the stack is and labels go.
        reader: who says so.
        stack: its id.
        phase: index on T.
        first: the slice inside that is nearest to one end.
        last: the one nearest to the other; the two may come in either order.
        task: one with three classes along the stack: before, inside, after.
        act: an id for this act.

    Raises:
        InputError: no such stack, phase or slice, a base at no known end, or a task with other than three classes.
        LabelError: an unknown task, or the reader is done with the stack in a round.
    """
    entry = _entry(project, stack)
    _check_place(entry, phase, first, last)
    place = base_to_apex(entry).index
    start, end = sorted((place(first), place(last)))
    with project.labels() as store:
        if len(store.task(task).along_stack) != 3:
            raise InputError(f"Expected a task with three classes along the stack, got {task}. Do: label boundaries.")
        codes = codes_between(entry, store.task(task), (start, end + 1))
        detail = f"from slices {first} and {last}"
        events = stack_events(reader, task, entry, phase, dict(enumerate(codes)), detail=detail)
        return _record(store, entry, events, act)


def label_boundaries(
    project: Project,
    *,
    reader: str,
    stack: str,
    phase: int,
    changes: Sequence[int],
    task: str = "sax-levels",
    act: str | None = None,
) -> Labelled:
    """Label all slices of a stack at a phase from where its classes change.

    `changes` are K-1 rising numbers of slices from the base, one for each change between the K classes along the
    stack; two equal ones leave out the class between. Other arguments and errors as in `label_range`.
    """
    entry = _entry(project, stack)
    _check_place(entry, phase)
    with project.labels() as store:
        codes = codes_between(entry, store.task(task), changes)
        detail = f"from changes {', '.join(map(str, changes))}"
        events = stack_events(reader, task, entry, phase, dict(enumerate(codes)), detail=detail)
        return _record(store, entry, events, act)


def label_slice(
    project: Project,
    *,
    reader: str,
    stack: str,
    phase: int,
    slice: int,  # noqa: A002 - the field's own name
    code: str | None,
    task: str = "sax-range",
    act: str | None = None,
) -> Labelled:
    """Label one slice, or take its label back with None. Other arguments and errors as in `label_range`."""
    entry = _entry(project, stack)
    _check_place(entry, phase, slice)
    with project.labels() as store:
        return _record(store, entry, stack_events(reader, task, entry, phase, {slice: code}), act)


def accept_proposal(
    project: Project,
    *,
    reader: str,
    stack: str,
    phase: int,
    codes: Sequence[str],
    model: str,
    task: str = "sax-range",
    act: str | None = None,
) -> Labelled:
    """Make a model's proposal for all slices of a stack at a phase the reader's labels, and keep that it was so.

    The source is "model-accepted", the model is in `detail`. `codes` are in stored order; other arguments and errors
    as in `label_range`.
    """
    entry = _entry(project, stack)
    _check_place(entry, phase)
    if len(codes) != entry.shape[1]:
        raise InputError(f"Expected codes of all {entry.shape[1]} slices of stack {stack}, got {len(codes)}.")
    events = stack_events(reader, task, entry, phase, dict(enumerate(codes)), source="model-accepted", detail=model)
    with project.labels() as store:
        return _record(store, entry, events, act)


def ask_opinion(
    project: Project, *, reader: str, stack: str, phase: int, model: str, task: str = "sax-range"
) -> OpinionAsked:
    """Keep that a reader asks for a model's opinion; show it after this returns. Errors as in `label_range`."""
    _check_place(_entry(project, stack), phase)
    with project.labels() as store:
        return record_opinion(store, OpinionAsked(reader=reader, task=task, stack=stack, phase=phase, model=model))


def undo_labels(project: Project, *, reader: str, task: str = "sax-range") -> Labelled | None:
    """Take back the reader's latest act by hand, as a whole; None if there is none left.

    `codes` of the answer are those of the first stack that changed. Raises `LabelError` if the reader is done with it
    in a round.
    """
    with project.labels() as store:
        latest = store.latest_act(reader, task)
        if not latest or latest[0].source not in BY_HAND:
            return None
        Readings(store=store).check_free(latest)
        return _labelled(store, _entry(project, latest[0].unit.stack), store.undo(reader, task))


def labels_seen_by(
    project: Project, viewer: str, *, task: str = "sax-range", stack: str | None = None
) -> tuple[LabelEvent, ...]:
    """What every reader says now, as far as a viewer may see it: nothing of others in a blinded round.

    Of one stack if given. Raises `LabelError` for an unknown task.
    """
    with project.labels() as store:
        return Readings(store=store).visible(store.task(task).name, viewer, stack)


def stack_events(
    reader: str,
    task: str,
    entry: StackEntry,
    phase: int,
    codes: Mapping[int, str | None],
    *,
    source: str = "app",
    detail: str = "",
) -> tuple[LabelEvent, ...]:
    """The labels of some stored slices of a stack at a phase, as events."""
    return tuple(
        LabelEvent(
            reader=reader, unit=UnitKey(entry.id, phase, index), task=task, value=code, source=source, detail=detail
        )
        for index, code in codes.items()
    )


def record_labels(
    store: LabelStore, entry: StackEntry, events: tuple[LabelEvent, ...], act: str | None = None
) -> Labelled:
    """Record labels of one stack at one phase as one act. Raises `LabelError` for labels that cannot be used."""
    return _labelled(store, entry, store.record(events, act=act))


def _record(store: LabelStore, entry: StackEntry, events: tuple[LabelEvent, ...], act: str | None) -> Labelled:
    Readings(store=store).check_free(events)
    return record_labels(store, entry, events, act)


def _labelled(store: LabelStore, entry: StackEntry, stored: tuple[LabelEvent, ...]) -> Labelled:
    reader, task, phase = stored[0].reader, stored[0].task, stored[0].unit.phase
    now = {event.unit: event.value for event in store.current(task, reader, entry.id)}
    return Labelled(
        reader=reader,
        task=task,
        stack=entry.id,
        phase=phase,
        codes=tuple(now.get(UnitKey(entry.id, phase, index)) for index in range(entry.shape[1])),
        events=len(stored),
        at=stored[-1].at,
    )


def _entry(project: Project, stack: str) -> StackEntry:
    with project.cohort() as cohort:
        return cohort.entry(stack)


def _check_place(entry: StackEntry, phase: int, *slices: int) -> None:
    if not 0 <= phase < entry.shape[0]:
        raise InputError(f"Expected a phase of stack {entry.id} within 0..{entry.shape[0] - 1}, got {phase}.")
    if outside := [index for index in slices if not 0 <= index < entry.shape[1]]:
        raise InputError(f"Expected slices of stack {entry.id} within 0..{entry.shape[1] - 1}, got {outside}.")
