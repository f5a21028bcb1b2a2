"""Adjudication: the stacks on which the readers of a round disagree, and what was decided about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError, LabelError
from medgraft.core.task import Task, UnitKey
from medgraft.labels import Accounts, LabelEvent, LabelStore, Reading, Readings, adjudicator
from medgraft.workspace.labelling.along_stack import asked_phases, changes_of
from medgraft.workspace.labelling.by_hand import Labelled, record_labels, stack_events
from medgraft.workspace.project import Project

_MAY_DECIDE = ("adjudicator", "admin")


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What was decided about a stack at a phase. codes: in stored order, None where nothing is. at: UTC, ISO 8601."""

    by: str
    at: str
    codes: tuple[str | None, ...]


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """A stack at a phase that readers of a round label differently.

    said: reader to the codes of all slices, in stored order. changes: reader to where the classes change, in slices
    from the base; empty where the task has no order along the stack. differing: the stored slices in question.
    decision: None until adjudicated.
    """

    stack: str
    subject: str
    phase: int
    phase_name: str
    slices: int
    said: Mapping[str, tuple[str, ...]]
    changes: Mapping[str, tuple[int, ...]]
    differing: tuple[int, ...]
    decision: Decision | None


def disagreements(project: Project, reading: str) -> tuple[Disagreement, ...]:
    """Where the readers of a round disagree, in the order of its stacks; decided ones too.

    Raises `LabelError` for an unknown round, or one that is blinded.
    """
    with project.cohort() as cohort:
        entries = {entry.id: entry for entry in cohort.entries()}
    with project.labels() as store:
        rounds = Readings(store=store)
        found = rounds.named(reading)
        task, said = store.task(found.task), rounds.labels(found)
        decisions = [event for event in store.current(task.name) if event.is_decision]
    return tuple(
        disagreement
        for stack in found.stacks
        if stack in entries
        for phase in asked_phases(entries[stack], task)
        if (disagreement := _disagreement(entries[stack], phase, task, said, decisions)) is not None
    )


def adjudicate(
    project: Project,
    *,
    reading: str,
    by: str,
    stack: str,
    phase: int,
    codes: Sequence[str],
    act: str | None = None,
) -> Labelled:
    """Decide the labels of all slices of a stack at a phase; they count from now on, whatever the readers said.

    Args:
        project: where the round is.
        reading: its name.
        by: an account in the role of adjudicator or admin; the decision's reader is "adjudication:<by>".
        stack: a stack of the round.
        phase: index on T.
        codes: of all slices, in stored order.
        act: an id for this act; the same act again stores nothing.

    Raises:
        InputError: no such stack or phase, or other than one code per slice.
        LabelError: an unknown round, a blinded one, a stack that is not in it, an account that may not decide, or an
            unknown code.
    """
    with project.cohort() as cohort:
        entry = cohort.entry(stack)
    _check_codes(entry, phase, codes)
    with project.labels() as store:
        found = Readings(store=store).named(reading)
        _check_may_decide(store, found, by, stack)
        events = stack_events(
            adjudicator(by),
            found.task,
            entry,
            phase,
            dict(enumerate(codes)),
            source="adjudication",
            detail=f"round {reading}",
        )
        return record_labels(store, entry, events, act)


def _disagreement(
    entry: StackEntry,
    phase: int,
    task: Task,
    said: Mapping[str, Mapping[UnitKey, str]],
    decisions: Sequence[LabelEvent],
) -> Disagreement | None:
    units = [UnitKey(entry.id, phase, index) for index in range(entry.shape[1])]
    codes = {
        reader: tuple(labels[unit] for unit in units) for reader, labels in said.items() if labels.keys() >= set(units)
    }
    differing = tuple(index for index, given in enumerate(zip(*codes.values(), strict=True)) if len(set(given)) > 1)
    if not differing:
        return None
    return Disagreement(
        stack=entry.id,
        subject=entry.subject,
        phase=phase,
        phase_name=entry.phase_name(phase),
        slices=entry.shape[1],
        said=codes,
        changes={reader: changes_of(entry, task, given) for reader, given in codes.items()} if task.along_stack else {},
        differing=differing,
        decision=_decision(units, decisions),
    )


def _decision(units: Sequence[UnitKey], decisions: Sequence[LabelEvent]) -> Decision | None:
    latest = {event.unit: event for event in sorted(decisions, key=lambda event: event.id) if event.unit in units}
    if not latest:
        return None
    last = max(latest.values(), key=lambda event: event.id)
    codes = tuple(latest[unit].value if unit in latest else None for unit in units)
    return Decision(by=last.reader.partition(":")[2], at=last.at, codes=codes)


def _check_codes(entry: StackEntry, phase: int, codes: Sequence[str]) -> None:
    if not 0 <= phase < entry.shape[0] or len(codes) != entry.shape[1]:
        raise InputError(
            f"Expected {entry.shape[1]} codes and a phase within 0..{entry.shape[0] - 1} for stack {entry.id}, got "
            f"{len(codes)} and {phase}."
        )


def _check_may_decide(store: LabelStore, reading: Reading, by: str, stack: str) -> None:
    account = Accounts(engine=store.engine).account(by)
    if not account.active or account.role not in _MAY_DECIDE:
        raise LabelError(
            f"Expected an active account that may decide ({' or '.join(_MAY_DECIDE)}), got {by!r}, "
            f"{account.role if account.active else 'withdrawn'}."
        )
    if reading.state == "blinded":
        raise LabelError(f"Expected a round that all have finished, got {reading.name!r}, which is blinded. Do: wait.")
    if stack not in reading.stacks:
        raise LabelError(f"Expected a stack of round {reading.name!r}, got {stack!r}.")
