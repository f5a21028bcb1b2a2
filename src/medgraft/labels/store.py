"""LabelStore: the append-only history of labels, and the table of labels that follows from it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from sqlalchemy import Engine, Row, Select, func, insert, or_, select
from sqlalchemy.exc import DatabaseError, IntegrityError

from medgraft.core.database import open_engine
from medgraft.core.digest import digest, short_id
from medgraft.core.errors import LabelError, ProjectError
from medgraft.core.task import TASKS, Task, UnitKey
from medgraft.labels.consensus import agreed_labels, conflicting_labels
from medgraft.labels.event import LabelAct, LabelEvent, utc_now
from medgraft.labels.schema import task_from_json, task_to_json
from medgraft.labels.tables import ACTS, EVENTS, SCHEMAS, create_tables

#: The reader and the task of events that say that a stack was removed.
_REMOVAL = ""
_LATER = EVENTS.alias()
_REMOVALS = select(_LATER.c.stack).where(_LATER.c.task == _REMOVAL, _LATER.c.reader == _REMOVAL)
#: Holds for what was said of a stack that was not removed since; few ever are, so that is asked first.
_GIVEN_OUT = or_(
    EVENTS.c.stack.not_in(_REMOVALS),
    ~_REMOVALS.where(_LATER.c.stack == EVENTS.c.stack, _LATER.c.id >= EVENTS.c.id).exists(),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelStore:
    """Labels of all readers; open one with `LabelStore.open`.

    >>> from medgraft.core.task import UnitKey
    >>> with LabelStore.open(":memory:") as store:
    ...     said = LabelEvent(reader="ana", unit=UnitKey("a1", 0, 3), task="sax-range", value="IN", source="app")
    ...     stored = store.record([said])
    ...     store.table("sax-range")
    {UnitKey(stack='a1', phase=0, slice=3): 'IN'}
    """

    engine: Engine

    @classmethod
    def open(cls, url_or_path: str | Path) -> Self:
        """The store in a SQLite file (created if missing) or behind a database URL.

        Raises `ProjectError` if the database cannot be reached or is no database.
        """
        engine = open_engine(url_or_path)
        try:
            with engine.begin() as connection:
                create_tables(connection)
        except DatabaseError as error:
            engine.dispose()
            raise ProjectError(
                f"Expected a database that can be opened, got {engine.url.render_as_string()}: {error.orig}. "
                "Do check that its folder exists and may be written, or that the server runs."
            ) from error
        return cls(engine=engine)

    def record(self, events: Iterable[LabelEvent], *, act: str | None = None) -> tuple[LabelEvent, ...]:
        """Store events, all or none; they are on disk when this returns, with their ids and times.

        Args:
            events: what was said; `id` is ignored, an empty `at` becomes the time now.
            act: an id of the caller's for this act. The same act again stores nothing and gives what it stored before.

        Raises:
            LabelError: an unknown task or code, an empty reader, or an act id that was used for other events.
        """
        given = tuple(events)
        self._check(given)
        return self._append(given, act or uuid4().hex, undoes=None) if given else ()

    def remove_stacks(self, stacks: Iterable[str]) -> None:
        """Give out nothing any more that was said of stacks so far, not even in `history`; what is said later counts.

        The events stay in the database, as all do: under the ids of stacks that nobody has the images of.
        """
        removals = tuple(
            LabelEvent(reader=_REMOVAL, unit=UnitKey(stack, 0, 0), task=_REMOVAL, value=None, source="removed")
            for stack in stacks
        )
        if removals:
            self._append(removals, uuid4().hex, undoes=None)

    def removed_at(self) -> dict[str, str]:
        """The stacks of which something or everything is not given out any more, and until when that was said."""
        with self.engine.connect() as connection:
            rows = connection.execute(_REMOVALS.add_columns(_LATER.c.at).order_by(_LATER.c.id))
            return {row.stack: row.at for row in rows}

    def undo(self, reader: str, task: str) -> tuple[LabelEvent, ...]:
        """Take back the reader's latest act on a task: new events that restore what stood before (None: nothing).

        Again and again it walks back through the acts, one at a time. Gives the new events, none if nothing is left.
        """
        latest = self._latest_act(reader, task)
        if latest is None:
            return ()
        undone = self._of_act(latest, reader, task)
        before = self._said_before(undone[0])
        events = tuple(
            LabelEvent(
                reader=reader, unit=unit, task=task, value=before.get(unit), source="undo", detail=f"of {latest}"
            )
            for unit in sorted({event.unit for event in undone})
        )
        # The act's id follows from what it undoes, so two processes cannot undo one act twice.
        return self._append(events, f"undo-{short_id([reader, task, latest])}", undoes=latest)

    def latest_act(self, reader: str, task: str) -> tuple[LabelEvent, ...]:
        """The events that `undo` would take back, none if there is nothing left to undo."""
        latest = self._latest_act(reader, task)
        return () if latest is None else self._of_act(latest, reader, task)

    def history(
        self, unit: UnitKey | None = None, *, task: str | None = None, reader: str | None = None
    ) -> tuple[LabelEvent, ...]:
        """Every event ever recorded, oldest first; of one unit, one task, one reader if given."""
        query = select(EVENTS).where(_GIVEN_OUT).order_by(EVENTS.c.id)
        if unit is not None:
            query = query.where(*_is_unit(unit))
        if task is not None:
            query = query.where(EVENTS.c.task == task)
        return self._events(query if reader is None else query.where(EVENTS.c.reader == reader))

    def acts(self, task: str, reader: str) -> tuple[LabelAct, ...]:
        """What a reader did on a task, act by act and stack by stack, oldest first: `history` in brief."""
        newest = func.max(EVENTS.c.id)
        query = select(EVENTS.c.stack, EVENTS.c.source, func.max(EVENTS.c.at).label("at"))
        query = query.where(EVENTS.c.task == task, EVENTS.c.reader == reader, _GIVEN_OUT)
        query = query.group_by(EVENTS.c.act, EVENTS.c.stack, EVENTS.c.source).order_by(newest)
        with self.engine.connect() as connection:
            return tuple(LabelAct(**row) for row in connection.execute(query).mappings())

    def labelled(self, task: str, reader: str, stack: str | None = None) -> frozenset[UnitKey]:
        """The units that a reader has a label on now: those of `current`, found faster."""
        units = EVENTS.c.stack, EVENTS.c.phase, EVENTS.c.slice
        query = select(*units).where(EVENTS.c.id.in_(_newest(task, reader, stack)), EVENTS.c.value.is_not(None))
        with self.engine.connect() as connection:
            return frozenset(UnitKey(*row) for row in connection.execute(query))

    def current(self, task: str, reader: str | None = None, stack: str | None = None) -> tuple[LabelEvent, ...]:
        """The latest event of each reader and unit, those withdrawn left out; by reader, then unit."""
        newest = EVENTS.c.id.in_(_newest(task, reader, stack))
        events = self._events(select(EVENTS).where(newest, EVENTS.c.value.is_not(None)))
        return tuple(sorted(events, key=lambda event: (event.reader, event.unit)))

    def table(self, task: str, reader: str | None = None) -> dict[UnitKey, str]:
        """The label of each unit: one reader's, or where `reader` is None what all readers of a unit agree on.

        Where it was decided by adjudication, the latest decision counts, whatever the readers say. Units on which
        readers disagree are left out otherwise; `conflicts` has them.
        """
        return agreed_labels(self.current(task, reader))

    def conflicts(self, task: str) -> dict[UnitKey, dict[str, str]]:
        """The units on which readers disagree and nobody has decided, and what each of them says."""
        return conflicting_labels(self.current(task))

    def readers(self, task: str) -> tuple[str, ...]:
        """Everyone who has a label on a task that is not withdrawn."""
        return tuple(sorted({event.reader for event in self.current(task)}))

    def save_task(self, task: Task) -> None:
        """Keep a label schema with the labels. Saving the same again changes nothing.

        Raises `LabelError` if the name already stands for other classes: stored labels must keep their meaning.
        """
        if task.name not in self.tasks():
            try:
                with self.engine.begin() as connection:
                    connection.execute(insert(SCHEMAS).values(name=task.name, definition=task_to_json(task)))
            except IntegrityError:
                pass  # another process saved the name first; whether it meant the same is asked below
        if self.task(task.name) != task:
            raise LabelError(
                f"Expected a new name, got {task.name!r}, which has other classes. Do choose another name."
            )

    def task(self, name: str) -> Task:
        """A label schema by name. Raises `LabelError` for an unknown one."""
        known = self.tasks()
        if name not in known:
            raise LabelError(f"Expected a known task, got {name!r}. Available: {', '.join(sorted(known))}.")
        return known[name]

    def tasks(self) -> dict[str, Task]:
        """Every label schema by name: the core's and those saved here."""
        with self.engine.connect() as connection:
            saved = [
                task_from_json(definition) for definition in connection.execute(select(SCHEMAS.c.definition)).scalars()
            ]
        return {task.name: task for task in saved} | TASKS

    def close(self) -> None:
        """Close the connections; nothing is lost by not doing so."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check(self, events: tuple[LabelEvent, ...]) -> None:
        codes = {name: self.task(name).codes for name in {event.task for event in events}}
        for event in events:
            if event.value is not None and event.value not in codes[event.task]:
                raise LabelError(
                    f"Expected a label of {event.task}, got {event.value!r} for {event.unit}. "
                    f"Available: {', '.join(codes[event.task])}."
                )
            if event.unit.phase < 0 or event.unit.slice < 0:
                raise LabelError(f"Expected a phase and a slice from 0 upwards, got {event.unit}.")
            if not event.reader.strip():
                raise LabelError(f"Expected a reader's name, got {event.reader!r} for {event.unit}.")

    def _append(self, events: tuple[LabelEvent, ...], act: str, undoes: str | None) -> tuple[LabelEvent, ...]:
        content = digest([replace(event, id=0, at="") for event in events])
        now = utc_now()
        rows = [{**_to_row(event, now), "act": act, "undoes": undoes} for event in events]
        try:
            with self.engine.begin() as connection:
                # The act comes first: it takes the writer's place, and a retried act fails here with nothing stored.
                connection.execute(insert(ACTS).values(id=act, digest=content))
                connection.execute(insert(EVENTS), rows)
        except IntegrityError as error:
            self._check_is_retry(act, content, error)
        return self._events(select(EVENTS).where(EVENTS.c.act == act).order_by(EVENTS.c.id))

    def _check_is_retry(self, act: str, content: str, error: IntegrityError) -> None:
        with self.engine.connect() as connection:
            stored = connection.execute(select(ACTS.c.digest).where(ACTS.c.id == act)).scalar()
        if stored != content:
            raise LabelError(
                f"Expected the same labels again under act {act!r}, got others. Do use a new id."
            ) from error

    def _latest_act(self, reader: str, task: str) -> str | None:
        mine = (EVENTS.c.reader == reader, EVENTS.c.task == task, _GIVEN_OUT)
        undone = select(EVENTS.c.undoes).where(*mine, EVENTS.c.undoes.is_not(None))
        query = select(EVENTS.c.act).where(*mine, EVENTS.c.undoes.is_(None), EVENTS.c.act.not_in(undone))
        with self.engine.connect() as connection:
            return connection.execute(query.order_by(EVENTS.c.id.desc()).limit(1)).scalar()

    def _of_act(self, act: str, reader: str, task: str) -> tuple[LabelEvent, ...]:
        said = select(EVENTS).where(EVENTS.c.act == act, EVENTS.c.reader == reader, EVENTS.c.task == task, _GIVEN_OUT)
        return self._events(said.order_by(EVENTS.c.id))

    def _said_before(self, event: LabelEvent) -> dict[UnitKey, str | None]:
        """What an event's reader said about each unit of its task before the event."""
        newest = select(func.max(EVENTS.c.id)).group_by(EVENTS.c.stack, EVENTS.c.phase, EVENTS.c.slice)
        mine = (EVENTS.c.reader == event.reader, EVENTS.c.task == event.task, EVENTS.c.id < event.id, _GIVEN_OUT)
        events = self._events(select(EVENTS).where(EVENTS.c.id.in_(newest.where(*mine))))
        return {event.unit: event.value for event in events}

    def _events(self, query: Select[Any]) -> tuple[LabelEvent, ...]:
        with self.engine.connect() as connection:
            return tuple(_from_row(row) for row in connection.execute(query))


def _newest(task: str, reader: str | None, stack: str | None) -> Select[tuple[int]]:
    """The ids of the latest event of each reader and unit."""
    newest = select(func.max(EVENTS.c.id)).where(EVENTS.c.task == task, _GIVEN_OUT)
    if reader is not None:
        newest = newest.where(EVENTS.c.reader == reader)
    if stack is not None:
        newest = newest.where(EVENTS.c.stack == stack)
    return newest.group_by(EVENTS.c.reader, EVENTS.c.stack, EVENTS.c.phase, EVENTS.c.slice)


def _is_unit(unit: UnitKey) -> tuple[Any, ...]:
    return EVENTS.c.stack == unit.stack, EVENTS.c.phase == unit.phase, EVENTS.c.slice == unit.slice


def _to_row(event: LabelEvent, now: str) -> dict[str, object]:
    fields = {name: getattr(event, name) for name in ("reader", "task", "value", "source", "detail")}
    return {**fields, **event.unit._asdict(), "at": event.at or now}


def _from_row(row: Row[Any]) -> LabelEvent:
    fields = {name: getattr(row, name) for name in ("id", "reader", "task", "value", "source", "detail", "at")}
    return LabelEvent(**fields, unit=UnitKey(row.stack, row.phase, row.slice))
