"""ImportHistory: which imports there were, and the repair log."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.sqlite import insert

from medgraft.cohort.database import Database
from medgraft.cohort.tables import IMPORTS, NOTES, note_of_row, row_of
from medgraft.core.cohort import ImportNote


@dataclass(frozen=True, kw_only=True)
class ImportRecord:
    """One import in the history. `finished` is False if it was stopped or still runs; `when` is ISO 8601 text."""

    number: int
    when: str
    source: str
    layout: str
    n_files: int
    added: int
    known: int
    finished: bool


class ImportHistory:
    """The part of a cohort that tells how its stacks came in."""

    _database: Database

    def imports(self) -> tuple[ImportRecord, ...]:
        """The history, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(IMPORTS).order_by(IMPORTS.c.number)).mappings().all()
        return tuple(ImportRecord(**row) for row in rows)

    def notes(self) -> tuple[ImportNote, ...]:
        """The repair log of all imports, oldest first; what is found again in a source is told once."""
        with self._database.reading() as connection:
            rows = connection.execute(select(NOTES).order_by(NOTES.c.number)).mappings()
            return tuple(map(note_of_row, rows))

    def told_by(self, *, source: str, layout: str) -> frozenset[ImportNote]:
        """What all imports of a source told in a layout."""
        imports = select(IMPORTS.c.number).where(IMPORTS.c.source == source, IMPORTS.c.layout == layout)
        with self._database.reading() as connection:
            rows = connection.execute(select(NOTES).where(NOTES.c.import_number.in_(imports))).mappings()
            return frozenset(map(note_of_row, rows))

    def begin_import(self, *, source: str, layout: str, when: str, n_files: int) -> ImportRecord:
        """Open a line of the history; it counts as stopped until `update_import` says that it is finished."""
        values = {"source": source, "layout": layout, "when": when, "n_files": n_files}
        with self._database.writing() as connection:
            row = connection.execute(insert(IMPORTS).values(values).returning(IMPORTS)).mappings().one()
        return ImportRecord(**row)

    def update_import(self, record: ImportRecord, notes: Sequence[ImportNote]) -> None:
        """Write what an import has done so far, and further notes, in one step."""
        with self._database.writing() as connection:
            connection.execute(update(IMPORTS).where(IMPORTS.c.number == record.number).values(asdict(record)))
            if notes:
                connection.execute(insert(NOTES), [row_of(note) | {"import_number": record.number} for note in notes])

    def log(self, notes: Sequence[ImportNote], *, source: str, act: str) -> None:
        """Write notes on what was done later to stacks that came from `source` to the repair log; `act` says how."""
        if notes:
            when = datetime.now(UTC).isoformat(timespec="seconds")
            with self._database.writing():
                record = self.begin_import(source=source, layout=act, when=when, n_files=1)
                self.update_import(replace(record, known=1, finished=True), notes)
