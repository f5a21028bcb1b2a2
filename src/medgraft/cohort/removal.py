"""Removal for good: which rows go with stacks and subjects, and how it is noticed if they come again."""

import re
import secrets
from collections.abc import Collection, Sequence
from functools import lru_cache
from hashlib import pbkdf2_hmac
from typing import Any

from sqlalchemy import Column, Connection, bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from medgraft.cohort.tables import IMPORTS, LABELS, NOTES, REMOVED, STACKS, entry_of_row, note_of_row
from medgraft.core.cohort import ImportNote, StackEntry
from medgraft.core.errors import InputError

#: Ids of subjects are often numbers, so the hash takes a moment (about 0.1 s): all of them could be tried.
_ROUNDS = 200_000
_REMOVED_NAME = "(removed)"
#: Shorter ones are no names, and stand in many a text.
_SHORTEST_NAME = 3


class RemovedError(InputError):
    """A stack, or its subject, was removed from the cohort for good and comes again. stack: its id."""

    def __init__(self, stack: str, when: str) -> None:
        super().__init__(
            f"Stack {stack} or its subject was removed from this project for good on {when[:10]}: it stays out. "
            "Do: import with --bring-back if it may be used again."
        )
        self.stack = stack


def check_not_removed(connection: Connection, entry: StackEntry) -> None:
    """Raise `RemovedError` for a stack that was removed, by itself or with its subject."""
    found = select(REMOVED.c.when).where(REMOVED.c.key.in_(_keys(connection, entry)))
    when = connection.execute(found.order_by(REMOVED.c.when.desc())).scalar()
    if when is not None:
        raise RemovedError(entry.id, when)


def is_removed(connection: Connection, subject: str) -> bool:
    """Whether a subject was removed as such."""
    salt = _salt(connection)
    key = "" if salt is None else _subject_key(subject, salt)
    return connection.execute(select(REMOVED.c.key).where(REMOVED.c.key == key)).first() is not None


def let_return(connection: Connection, entry: StackEntry) -> None:
    """Forget that a stack, or its subject, was removed."""
    connection.execute(delete(REMOVED).where(REMOVED.c.key.in_(_keys(connection, entry))))


def remove_rows(
    connection: Connection, stacks: Collection[str], subjects: Collection[str], when: str
) -> tuple[str, ...]:
    """Delete all that the index says of stacks, and of all stacks of subjects; gives the ids of these stacks.

    What was deleted is overwritten in the file. Notes of the repair log that speak of them go, names in the history of
    imports are blotted out. What stays are the ids of the stacks, which follow from pixels and lead back to nobody who
    has not these, and slow, salted hashes of the subjects.
    """
    connection.exec_driver_sql("PRAGMA secure_delete=ON")
    salt = _salt(connection) or secrets.token_hex(16)
    _bar(connection, [*stacks, *(_subject_key(subject, salt) for subject in subjects)], salt, when)
    entries = [entry_of_row(row) for row in connection.execute(select(STACKS)).mappings()]
    gone = [entry for entry in entries if entry.id in stacks or entry.subject in subjects]
    ids = sorted({*stacks, *(entry.id for entry in gone)})
    _bar(connection, ids, salt, when)
    _delete(connection, STACKS.c.id, ids)
    _delete(connection, LABELS.c.stack, ids)
    _scrub(connection, gone, subjects)
    return tuple(ids)


def speaks_about(note: ImportNote, entry: StackEntry) -> bool:
    """Whether a note of the repair log speaks about a stack: by its files, its id or its subject."""
    return is_within(note.where, entry.source) or note.where in {entry.id, entry.subject}


def is_within(where: str, source: str) -> bool:
    """Whether a place is what a stack came from, or lies in it."""
    source = source.rstrip("/")
    return bool(source) and (where == source or where.startswith(f"{source}/"))


def _scrub(connection: Connection, gone: Collection[StackEntry], subjects: Collection[str]) -> None:
    names = [re.compile(rf"(?<!\w){re.escape(name)}(?!\w)") for name in subjects if len(name) >= _SHORTEST_NAME]
    rows = connection.execute(select(NOTES)).mappings().all()
    _delete(connection, NOTES.c.number, [row["number"] for row in rows if _tells_of(note_of_row(row), gone, names)])
    for number, source in connection.execute(select(IMPORTS.c.number, IMPORTS.c.source)).all():
        if any(name.search(source) for name in names) or any(entry.source == source for entry in gone):
            connection.execute(update(IMPORTS).where(IMPORTS.c.number == number).values(source=_REMOVED_NAME))


def _tells_of(note: ImportNote, gone: Collection[StackEntry], names: Collection[re.Pattern[str]]) -> bool:
    texts = f"{note.where} {note.text}"
    of_stack = any(speaks_about(note, entry) or entry.id in texts for entry in gone)
    return of_stack or any(name.search(texts) for name in names)


def _bar(connection: Connection, keys: Collection[str], salt: str, when: str) -> None:
    rows = [{"key": key, "salt": salt, "when": when} for key in keys]
    if rows:
        connection.execute(insert(REMOVED).on_conflict_do_nothing(), rows)


def _delete(connection: Connection, column: Column[Any], values: Sequence[object]) -> None:
    """Delete the rows that have one of the values in the column."""
    if values:
        rows = [{"gone": value} for value in values]
        connection.execute(delete(column.table).where(column == bindparam("gone")), rows)


def _keys(connection: Connection, entry: StackEntry) -> list[str]:
    """What a stack would be barred by; nothing slow is done where nothing was ever removed."""
    salt = _salt(connection)
    return [] if salt is None else [entry.id, _subject_key(entry.subject, salt)]


def _salt(connection: Connection) -> str | None:
    """One salt for a project: a subject that is imported is hashed once."""
    return connection.execute(select(REMOVED.c.salt).limit(1)).scalar()


@lru_cache(maxsize=4096)
def _subject_key(subject: str, salt: str) -> str:
    return "subject-" + pbkdf2_hmac("sha256", subject.encode(), bytes.fromhex(salt), _ROUNDS).hex()[:32]
