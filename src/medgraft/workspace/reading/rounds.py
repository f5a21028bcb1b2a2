"""Rounds of blinded reading: opened, read by several, closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError, LabelError
from medgraft.core.task import Task
from medgraft.labels import Accounts, LabelStore, Reading, Readings
from medgraft.labels.reading import State
from medgraft.workspace.labelling.along_stack import asked_phases, asked_units, base_to_apex
from medgraft.workspace.project import Project
from medgraft.workspace.reading.progress import ReaderProgress, progress_in


@dataclass(frozen=True, kw_only=True)
class ReadingStatus:
    """Where a round is.

    state: "blinded" until every reader is done with every stack, then "unblinded"; "closed" once closed.
    stacks: how many. opened_at, closed_at: UTC, ISO 8601. opened_by: "" where nobody said.
    """

    name: str
    task: str
    state: State
    stacks: int
    readers: tuple[ReaderProgress, ...]
    opened_at: str
    opened_by: str
    closed_at: str | None


@dataclass(frozen=True, kw_only=True)
class ReadingStep:
    """What a reader's act left of a round: its state, and with how many of its stacks the reader is done."""

    reading: str
    state: State
    reader: str
    done: int
    stacks: int


def open_reading(
    project: Project,
    name: str,
    *,
    readers: Sequence[str],
    task: str = "sax-range",
    stacks: Sequence[str] | None = None,
    by: str = "",
) -> ReadingStatus:
    """Have several readers label the same stacks, blind to each other until all are done.

    Args:
        project: where stacks, readers and labels are.
        name: of the round.
        readers: at least two, with accounts.
        task: what is asked.
        stacks: ids in the order of work; all that the task asks about if None.
        by: who opens it.

    Raises:
        InputError: an unknown stack, one at an unknown phase or with its base at no known end.
        LabelError: a reader without an account, an unknown task, or what `Readings.open` raises.
    """
    entries = _entries(project)
    with project.labels() as store:
        schema = store.task(task)
        _check_readers(store, readers)
        chosen = _chosen(entries, schema, stacks)
        reading = Readings(store=store).open(name, task=task, stacks=chosen, readers=tuple(readers), by=by)
        return _status(store, reading, entries)


def close_reading(project: Project, name: str, *, by: str = "") -> ReadingStatus:
    """End a round, and show what is there. Raises `LabelError` for an unknown one."""
    with project.labels() as store:
        return _status(store, Readings(store=store).close(name, by), _entries(project))


def finish_stack(project: Project, *, reading: str, reader: str, stack: str) -> ReadingStep:
    """The reader is done with a stack: its labels so far are the reader's labels of the round.

    Raises `LabelError` where slices asked about have no label of the reader, or for an unknown round or reader or one
    without the stack, `NotFoundError` for an unknown stack.
    """
    with project.cohort() as cohort:
        entry = cohort.entry(stack)
    with project.labels() as store:
        rounds = Readings(store=store)
        task = store.task(rounds.of_reader(reading, reader).task)
        if missing := _missing(store, task, reader, entry):
            raise LabelError(
                f"Expected labels of all slices of stack {stack} by {reader}, got none of {len(missing)}: "
                f"{', '.join(missing[:5])}. Do: label them first."
            )
        return _step(rounds.finish(reading, reader, stack), reader)


def finish_labelled(project: Project, *, reading: str, reader: str) -> ReadingStatus:
    """The reader is done with every stack that the reader has labelled as a whole, for example from a sheet.

    Raises `LabelError` for an unknown round or reader.
    """
    entries = _entries(project)
    with project.labels() as store:
        rounds = Readings(store=store)
        found = rounds.named(reading)
        task = store.task(found.task)
        for stack in found.stacks:
            if stack in entries and not _missing(store, task, reader, entries[stack]):
                found = rounds.finish(reading, reader, stack)
        return _status(store, found, entries)


def reopen_stack(project: Project, *, reading: str, reader: str, stack: str) -> ReadingStep:
    """The reader goes on with a stack. Raises `LabelError` once the round is unblinded, or for an unknown name."""
    with project.labels() as store:
        return _step(Readings(store=store).reopen(reading, reader, stack), reader)


def reading_status(project: Project, name: str) -> ReadingStatus:
    """Where a round is. Raises `LabelError` for an unknown one."""
    with project.labels() as store:
        return _status(store, Readings(store=store).named(name), _entries(project))


def list_readings(project: Project) -> tuple[ReadingStatus, ...]:
    """Where every round is, oldest first."""
    entries = _entries(project)
    with project.labels() as store:
        return tuple(_status(store, reading, entries) for reading in Readings(store=store).all())


def _step(reading: Reading, reader: str) -> ReadingStep:
    done = sum((reader, stack) in reading.done for stack in reading.stacks)
    return ReadingStep(reading=reading.name, state=reading.state, reader=reader, done=done, stacks=len(reading.stacks))


def _status(store: LabelStore, reading: Reading, entries: Mapping[str, StackEntry]) -> ReadingStatus:
    return ReadingStatus(
        name=reading.name,
        task=reading.task,
        state=reading.state,
        stacks=len(reading.stacks),
        readers=progress_in(store, reading, entries),
        opened_at=reading.opened_at,
        opened_by=reading.opened_by,
        closed_at=reading.closed.at if reading.closed else None,
    )


def _entries(project: Project) -> dict[str, StackEntry]:
    with project.cohort() as cohort:
        return {entry.id: entry for entry in cohort.entries()}


def _check_readers(store: LabelStore, readers: Sequence[str]) -> None:
    active = [account.name for account in Accounts(engine=store.engine).all() if account.active]
    if unknown := [reader for reader in readers if reader not in active]:
        raise LabelError(
            f"Expected readers with an account, got {', '.join(unknown)}. Available: "
            f"{', '.join(active) or 'none yet'}. Do: medgraft readers add NAME."
        )


def _chosen(entries: Mapping[str, StackEntry], task: Task, stacks: Sequence[str] | None) -> tuple[str, ...]:
    if stacks is None:
        stacks = [entry.id for entry in entries.values() if asked_phases(entry, task)]
    for stack in stacks:
        if stack not in entries:
            raise InputError(f"Expected the id of an imported stack, got {stack!r}. Available: see medgraft cohort.")
        _check_can_be_read(entries[stack], task)
    return tuple(stacks)


def _check_can_be_read(entry: StackEntry, task: Task) -> None:
    if not asked_phases(entry, task):
        raise InputError(
            f"Expected a stack with a phase named {' or '.join(task.phases)}, got {entry.id} of {entry.subject}. "
            f"Do: medgraft correct --stack {entry.id} --phase {task.phases[0]}=0."
        )
    if task.along_stack:
        base_to_apex(entry)


def _missing(store: LabelStore, task: Task, reader: str, entry: StackEntry) -> list[str]:
    has = store.labelled(task.name, reader, entry.id)
    return [
        f"{entry.phase_name(unit.phase)} slice {unit.slice}" for unit in asked_units(entry, task) if unit not in has
    ]
