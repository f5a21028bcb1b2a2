"""Readings: the rounds of a label store; what happens in them is only added to."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, insert, select
from sqlalchemy.exc import IntegrityError

from medgraft.core.counted import counted
from medgraft.core.errors import LabelError
from medgraft.core.task import UnitKey
from medgraft.labels.event import LabelEvent, utc_now
from medgraft.labels.reading import Kind, Reading, ReadingEvent
from medgraft.labels.store import LabelStore
from medgraft.labels.tables import EVENTS, READING_EVENTS, READINGS

#: How often an act is tried again because others acted in the same round at the same moment.
_TRIES = 50


@dataclass(frozen=True, kw_only=True, eq=False)
class Readings:
    """The rounds in the database of a label store."""

    store: LabelStore

    def open(self, name: str, *, task: str, stacks: tuple[str, ...], readers: tuple[str, ...], by: str = "") -> Reading:
        """A new round.

        Args:
            name: a new one.
            task: what is asked.
            stacks: ids, in the order of work.
            readers: at least two.
            by: who opens it.

        Raises:
            LabelError: a name that is taken, an unknown task, fewer than two readers, no stacks, one of them twice,
                or one that is in another round of the task that is not closed.
        """
        self.store.task(task)
        self._check_new(name, task, stacks, readers)
        row = {"name": name, "task": task, "stacks": json.dumps(stacks), "readers": json.dumps(readers)}
        try:
            with self.store.engine.begin() as connection:
                connection.execute(insert(READINGS).values(**row, by=by, at=utc_now()))
        except IntegrityError as error:
            raise LabelError(f"Expected a new name of a round, got {name!r}. Do choose another name.") from error
        return self.named(name)

    def finish(self, name: str, reader: str, stack: str) -> Reading:
        """The reader is done with a stack, and the labels given so far are the reader's labels of the round.

        Doing it again changes nothing. Raises `LabelError` for an unknown round, or a reader or stack not in it.
        """
        return self._act(name, "done", reader, stack)

    def reopen(self, name: str, reader: str, stack: str) -> Reading:
        """The reader goes on with a stack. Raises `LabelError` as `finish` does, or once the round is unblinded."""
        return self._act(name, "reopened", reader, stack)

    def close(self, name: str, by: str = "") -> Reading:
        """End a round; what is there becomes visible. Raises `LabelError` for an unknown one."""
        return self._act(name, "closed", by, "")

    def named(self, name: str) -> Reading:
        """One round. Raises `LabelError` if there is none of that name."""
        known = {reading.name: reading for reading in self.all()}
        if name not in known:
            raise LabelError(f"Expected a round of reading, got {name!r}. Available: {', '.join(known) or 'none yet'}.")
        return known[name]

    def of_reader(self, name: str, reader: str) -> Reading:
        """A round that a reader takes part in. Raises `LabelError` for an unknown round, or if the reader does not."""
        reading = self.named(name)
        _check_reader(reading, reader)
        return reading

    def all(self) -> tuple[Reading, ...]:
        """Every round, oldest first, without the stacks that were removed since it was opened."""
        with self.store.engine.connect() as connection:
            rows = list(connection.execute(select(READINGS).order_by(READINGS.c.at, READINGS.c.name)))
            happened = list(connection.execute(select(READING_EVENTS).order_by(READING_EVENTS.c.number)))
        events: dict[str, list[ReadingEvent]] = {}
        for row in happened:
            events.setdefault(row.reading, []).append(_event_of(row))
        removed = self.store.removed_at()
        return tuple(_reading_of(row, tuple(events.get(row.name, ())), removed) for row in rows)

    def visible(self, task: str, viewer: str, stack: str | None = None) -> tuple[LabelEvent, ...]:
        """What every reader says now (`LabelStore.current`), as far as a viewer may see it; of one stack if given."""
        blinded = [reading for reading in self.all() if reading.state == "blinded"]
        return tuple(
            event
            for event in self.store.current(task, stack=stack)
            if not any(reading.hides(event, viewer) for reading in blinded)
        )

    def check_free(self, events: tuple[LabelEvent, ...]) -> None:
        """Raise `LabelError` if one of these labels is of a stack that its reader is done with in a round."""
        if not self._was_done(events):
            return
        for reading in self.all():
            if fixed := next((event for event in events if reading.fixes(event)), None):
                raise LabelError(
                    f"Expected a stack that {fixed.reader} still reads, got {fixed.unit.stack}, which is done in round "
                    f"{reading.name!r}. Do: {_WAYS[reading.state]}."
                )

    def labels(self, reading: Reading) -> dict[str, dict[UnitKey, str]]:
        """What each reader had said of each stack when done with it, whatever was said since.

        Raises `LabelError` while the round is blinded.
        """
        if reading.state == "blinded":
            left = {
                reader: sum((reader, stack) not in reading.done for stack in reading.stacks)
                for reader in reading.readers
            }
            waiting = ", ".join(
                f"{reader} has {counted(count, 'stack')} left" for reader, count in left.items() if count
            )
            raise LabelError(
                f"Expected a round that all have finished, got {reading.name!r}, which is blinded: {waiting}. "
                "Do: wait until they are done, or close the round."
            )
        return {reader: self._said(reading, reader) for reader in reading.readers}

    def _was_done(self, events: tuple[LabelEvent, ...]) -> bool:
        """Whether one of these readers was ever done with one of these stacks: seldom, and quick to ask."""
        readers, stacks = {event.reader for event in events}, {event.unit.stack for event in events}
        query = select(READING_EVENTS.c.number).limit(1)
        query = query.where(READING_EVENTS.c.reader.in_(readers), READING_EVENTS.c.stack.in_(stacks))
        with self.store.engine.connect() as connection:
            return connection.execute(query).first() is not None

    def _said(self, reading: Reading, reader: str) -> dict[UnitKey, str]:
        until = {stack: act.label for (who, stack), act in reading.done.items() if who == reader}
        events = self.store.history(task=reading.task, reader=reader)
        said = {event.unit: event.value for event in events if event.id <= until.get(event.unit.stack, 0)}
        return {unit: value for unit, value in said.items() if value is not None}

    def _act(self, name: str, kind: Kind, reader: str, stack: str) -> Reading:
        for _ in range(_TRIES):
            reading = self.named(name)
            _CHECKS[kind](reading, reader, stack)
            if _is_so(reading, kind, reader, stack):
                return reading
            try:
                self._append(reading, kind, reader, stack)
            except IntegrityError:
                continue  # another act came first, and what this one may do depends on it: look again
            return self.named(name)
        raise LabelError(f"Expected round {name!r} to be at rest for a moment, got other acts. Do it again.")

    def _append(self, reading: Reading, kind: Kind, reader: str, stack: str) -> None:
        latest = select(func.coalesce(func.max(EVENTS.c.id), 0)).scalar_subquery()
        row = {"reading": reading.name, "number": len(reading.events) + 1, "kind": kind, "reader": reader}
        with self.store.engine.begin() as connection:
            connection.execute(insert(READING_EVENTS).values(**row, stack=stack, label=latest, at=utc_now()))

    def _check_new(self, name: str, task: str, stacks: tuple[str, ...], readers: tuple[str, ...]) -> None:
        if not name.strip():
            raise LabelError(f"Expected a name for the round, got {name!r}.")
        if len(readers) < 2 or len(set(readers)) != len(readers):
            raise LabelError(f"Expected at least two different readers, got {', '.join(readers) or 'none'}.")
        if not stacks or len(set(stacks)) != len(stacks):
            raise LabelError(
                f"Expected different stacks, at least one, got {len(stacks)}, {len(set(stacks))} different."
            )
        others = [other for other in self.all() if other.task == task and other.closed is None]
        if taken := next((other for other in others if set(other.stacks) & set(stacks)), None):
            raise LabelError(
                f"Expected stacks that are in no other round of {task}, got some of {taken.name!r}. Do: close it first."
            )


#: What a reader may do about a stack that is done, by the state of the round.
_WAYS = {"blinded": "reopen the stack", "unblinded": "adjudicate the stack, or close the round"}


def _check_member(reading: Reading, reader: str, stack: str) -> None:
    if reading.closed is not None:
        raise LabelError(f"Expected a round that is open, got {reading.name!r}, closed at {reading.closed.at}.")
    _check_reader(reading, reader)
    if stack not in reading.stacks:
        raise LabelError(f"Expected a stack of round {reading.name!r}, got {stack!r}.")


def _check_reader(reading: Reading, reader: str) -> None:
    if reader not in reading.readers:
        raise LabelError(
            f"Expected a reader of round {reading.name!r}, got {reader!r}. Available: {', '.join(reading.readers)}."
        )


def _check_reopen(reading: Reading, reader: str, stack: str) -> None:
    _check_member(reading, reader, stack)
    if reading.state != "blinded":
        raise LabelError(
            f"Expected a blinded round, got {reading.name!r}, where all labels can be seen by now. "
            "Do: adjudicate the stack."
        )


_CHECKS: Mapping[Kind, Callable[[Reading, str, str], None]] = {
    "done": _check_member,
    "reopened": _check_reopen,
    "closed": lambda _reading, _reader, _stack: None,
}


def _is_so(reading: Reading, kind: Kind, reader: str, stack: str) -> bool:
    """Whether an act would change nothing."""
    if kind == "closed":
        return reading.closed is not None
    return ((reader, stack) in reading.done) == (kind == "done")


def _reading_of(row: Row[Any], events: tuple[ReadingEvent, ...], removed: Mapping[str, str]) -> Reading:
    return Reading(
        name=row.name,
        task=row.task,
        stacks=tuple(stack for stack in json.loads(row.stacks) if removed.get(stack, "") < row.at),
        readers=tuple(json.loads(row.readers)),
        opened_at=row.at,
        opened_by=row.by,
        events=events,
    )


def _event_of(row: Row[Any]) -> ReadingEvent:
    return ReadingEvent(**{name: getattr(row, name) for name in ("number", "kind", "reader", "stack", "label", "at")})
