"""Labels as a CSV sheet: out for a reader's spreadsheet, and back in, all rows or none."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from medgraft.core.errors import InputError, LabelError
from medgraft.core.files import whole_file
from medgraft.core.spreadsheet import read_sheet, write_sheet
from medgraft.core.task import Task, UnitKey
from medgraft.labels.event import LabelEvent
from medgraft.labels.store import LabelStore

COLUMNS = ("subject", "stack", "phase", "slice", "task", "label", "reader", "at", "source")
_NEEDED = ("stack", "phase", "slice", "task", "label")
_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class SheetImport:
    """What an import did: the events it added, and how many rows said what their reader had said already."""

    added: tuple[LabelEvent, ...]
    unchanged: int


def export_csv(store: LabelStore, path: Path, subjects: Mapping[str, str], tasks: Sequence[str]) -> int:
    """Write what every reader says now, one row per reader and unit; equal labels give equal bytes.

    Args:
        store: the labels.
        path: the file to write.
        subjects: stack id to subject, for the column of that name; "" where a stack is not in it.
        tasks: which tasks.

    Returns:
        The number of rows.
    """
    events = [event for task in tasks for event in store.current(task)]
    with whole_file(path) as draft:
        write_sheet(draft, COLUMNS, (_row(event, subjects.get(event.unit.stack, "")) for event in events))
    return len(events)


def import_csv(
    store: LabelStore,
    path: Path,
    *,
    subjects: Mapping[str, str] | None = None,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
    reader: str | None = None,
) -> SheetImport:
    """Record the labels of a sheet as one act.

    Args:
        store: where they go.
        path: the file; it needs the columns stack, phase, slice, task and label (slice and phase count from 0).
        subjects: stack id to subject; if given, a row about another stack or another subject is bad.
        shapes: stack id to phases, slices, ...; if given, a row about a phase or a slice beyond them is bad.
        reader: who says so where the sheet has no reader.

    Raises:
        LabelError: columns are missing or rows are bad, with line numbers; nothing was stored then.
    """
    events: list[LabelEvent] = []
    problems: list[str] = []
    find_task = cache(store.task)
    for line, row in _read_rows(path):
        try:
            event = _event(find_task, row, subjects, reader, f"{path.name} line {line}")
            _check_within(event.unit, shapes)
            events.append(event)
        except LabelError as error:
            problems.append(f"line {line}: {error}")
    problems += _contradictions(events)
    if problems:
        more = f" ... and {len(problems) - _SHOWN} more." if len(problems) > _SHOWN else ""
        shown = "\n".join(problems[:_SHOWN])
        raise LabelError(f"{len(problems)} bad rows in {path.name}; nothing was stored.\n{shown}{more}")
    new = _news(store, events)
    return SheetImport(added=store.record(new), unchanged=len(events) - len(new))


def _read_rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        sheet = read_sheet(path)
    except InputError as error:
        raise LabelError(str(error)) from error
    missing = [name for name in _NEEDED if name not in sheet.columns]
    if missing:
        raise LabelError(f"Expected the columns {', '.join(_NEEDED)} in {path.name}, missing {', '.join(missing)}.")
    return [(line, {name: row[name] for name in COLUMNS if name in row}) for line, row in sheet.rows]


def _event(
    find_task: Callable[[str], Task],
    row: Mapping[str, str],
    subjects: Mapping[str, str] | None,
    reader: str | None,
    where: str,
) -> LabelEvent:
    task = find_task(row["task"])
    if row["label"] not in task.codes:
        raise LabelError(f"Expected one of {', '.join(task.codes)}, got {row['label']!r}.")
    if subjects is not None:
        _check_subject(row, subjects)
    said_by = row.get("reader") or reader
    if not said_by:
        raise LabelError("Expected a reader, got none. Do fill the column reader, or name the reader of the sheet.")
    return LabelEvent(
        reader=said_by,
        unit=UnitKey(row["stack"], _whole(row, "phase"), _whole(row, "slice")),
        task=task.name,
        value=row["label"],
        source=row.get("source") or "csv",
        at=_time(row.get("at", "")),
        detail=where,
    )


def _check_subject(row: Mapping[str, str], subjects: Mapping[str, str]) -> None:
    if row["stack"] not in subjects:
        raise LabelError(f"Expected a stack of this project, got {row['stack']!r}.")
    if row.get("subject") and row["subject"] != subjects[row["stack"]]:
        raise LabelError(f"Expected subject {subjects[row['stack']]} of this stack, got {row['subject']!r}.")


def _check_within(unit: UnitKey, shapes: Mapping[str, tuple[int, ...]] | None) -> None:
    for name, index, count in zip(("phase", "slice"), unit[1:], (shapes or {}).get(unit.stack, ()), strict=False):
        if index >= count:
            raise LabelError(f"Expected a {name} from 0 to {count - 1} of this stack, got {index}.")


def _whole(row: Mapping[str, str], name: str) -> int:
    if not (row[name].isascii() and row[name].isdigit() and len(row[name]) < 10):
        raise LabelError(f"Expected a whole number from 0 in column {name}, got {row[name]!r}.")
    return int(row[name])


def _time(text: str) -> str:
    """A time as the store keeps it; one without a zone is taken for UTC."""
    if not text:
        return ""
    try:
        time = datetime.fromisoformat(text)
        aware = time if time.tzinfo else time.replace(tzinfo=UTC)
        return aware.astimezone(UTC).isoformat(timespec="milliseconds")
    except ValueError as error:
        raise LabelError(f"Expected a time such as 2026-11-21T09:30:00+00:00, got {text!r}.") from error


def _contradictions(events: Sequence[LabelEvent]) -> list[str]:
    first: dict[tuple[str, str, UnitKey], LabelEvent] = {}
    return [
        f"{event.detail}: {event.reader} says {event.value} here and {other.value} in {other.detail}"
        for event in events
        if (other := first.setdefault((event.task, event.reader, event.unit), event)).value != event.value
    ]


def _news(store: LabelStore, events: Sequence[LabelEvent]) -> list[LabelEvent]:
    known = {
        (event.task, event.reader, event.unit): event.value
        for task in {event.task for event in events}
        for event in store.current(task)
    }
    unique = {(event.task, event.reader, event.unit): event for event in events}
    return [event for key, event in unique.items() if known.get(key) != event.value]


def _row(event: LabelEvent, subject: str) -> tuple[object, ...]:
    stack, phase, index = event.unit
    return subject, stack, phase, index, event.task, event.value, event.reader, event.at, event.source
