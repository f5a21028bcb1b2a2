"""The cohort's tables in project.db, and StackEntry to row and back."""

import sqlite3
from dataclasses import fields, replace
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Connection, Integer, MetaData, RowMapping, String, Table, inspect, text
from sqlalchemy.schema import CreateTable

from medgraft.cohort.spacing import at_spacing, flat_affines
from medgraft.core.cohort import ImportNote, StackEntry
from medgraft.core.task import MASK_CLASSES

METADATA = MetaData()


def _document(name: str) -> Column[Any]:
    return Column(name, JSON(none_as_null=True))


STACKS = Table(
    "cohort_stacks",
    METADATA,
    Column("id", String, primary_key=True),
    Column("subject", String, nullable=False, index=True),
    *(Column(name, String, nullable=False) for name in ("study", "series", "modality", "pixels_digest", "source")),
    *(Column(name, String) for name in ("site", "split")),
    Column("base_first", Boolean),
    *(_document(name) for name in ("shape", "spacing", "affines", "times", "phases", "mask_phases")),
    _document("mask_classes"),
    Column("mask_digest", String),
    _document("given_spacing"),  # by a user; spacing and affines stay what the source says
    Column("directions_known", Boolean),
    *(_document(name) for name in ("instance_uids", "instance_numbers", "facts")),
)

LABELS = Table(
    "cohort_labels",
    METADATA,
    Column("stack", String, primary_key=True),
    Column("phase", Integer, primary_key=True),
    Column("slice", Integer, primary_key=True),
    Column("code", String, nullable=False),
)

IMPORTS = Table(
    "cohort_imports",
    METADATA,
    Column("number", Integer, primary_key=True),
    *(Column(name, String, nullable=False) for name in ("when", "source", "layout")),
    *(Column(name, Integer, nullable=False, default=0) for name in ("n_files", "added", "known")),
    Column("finished", Boolean, nullable=False, default=False),
)

#: What was removed for good, so that it does not come back unasked. key: a stack's id, or the salted hash of a subject.
REMOVED = Table(
    "cohort_removed",
    METADATA,
    Column("key", String, primary_key=True),
    Column("salt", String, nullable=False),
    Column("when", String, nullable=False),
)

NOTES = Table(
    "cohort_notes",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("import_number", Integer, nullable=False, index=True),
    *(Column(name, String, nullable=False) for name in ("kind", "code", "where", "text")),
    Column("count", Integer, nullable=False),
)


def create_tables(connection: Connection) -> None:
    """Create what is missing, tables and columns of a project of an older medgraft; two processes may do so at once."""
    for table in METADATA.sorted_tables:
        connection.execute(CreateTable(table, if_not_exists=True))
        present = {column["name"] for column in inspect(connection).get_columns(table.name)}
        for column in (column for column in table.columns if column.name not in present):
            kind = column.type.compile(connection.dialect)
            connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {column.name} {kind}"))


def show_what_lacks(connection: sqlite3.Connection) -> None:
    """The same for a project that may not be written: this connection alone sees what is missing, as empty."""
    connection.execute("PRAGMA temp_store=MEMORY")
    for table in METADATA.sorted_tables:
        present = {name for _, name, *_ in connection.execute(f"PRAGMA main.table_info({table.name})")}
        columns = table.columns.keys()
        if not present.issuperset(columns):
            seen = ", ".join(f'"{name}"' if name in present else f'NULL AS "{name}"' for name in columns)
            rows = f"FROM main.{table.name}" if present else "WHERE FALSE"
            connection.execute(f"CREATE TEMPORARY VIEW {table.name} AS SELECT {seen} {rows}")


def row_of(value: StackEntry | ImportNote) -> dict[str, Any]:
    """The columns of an entry as its source says it, or of a note."""
    columns = (STACKS if isinstance(value, StackEntry) else NOTES).columns.keys()
    return {field.name: getattr(value, field.name) for field in fields(value) if field.name in columns}


def entry_of_row(row: RowMapping) -> StackEntry:
    """The entry that `row_of` wrote, at the spacing that was given since: JSON's lists become tuples again.

    Rows older than mask classes label all; those older than digests of masks have none; those older than what is known
    of directions know them wherever there is a spacing.
    """
    known = {name: _tuples(value) for name, value in row.items()}
    given, directions = known.pop("given_spacing"), known["directions_known"]
    added = {
        "mask_classes": known["mask_classes"] or MASK_CLASSES,
        "mask_digest": known["mask_digest"] or "",
        "directions_known": known["spacing"] is not None if directions is None else directions,
    }
    entry = StackEntry(**known | added)
    if given is None:
        return entry
    return replace(entry, spacing=given, affines=flat_affines(at_spacing(entry.affine_stack, given, entry.spacing)))


def note_of_row(row: RowMapping) -> ImportNote:
    """The note that `row_of` wrote."""
    return ImportNote(**{field.name: row[field.name] for field in fields(ImportNote)})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
