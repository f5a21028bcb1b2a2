"""Cohort: the index of stacks in project.db, and their pixels beside it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError

from medgraft.cohort.found import FoundLabel, entry_of, labels_of, stored_form
from medgraft.cohort.pixel_store import PixelStore
from medgraft.cohort.removal import RemovedError, check_not_removed, is_removed, let_return, remove_rows
from medgraft.cohort.spacing import Spacing, check_spacing, same_spacing
from medgraft.cohort.tables import IMPORTS, LABELS, NOTES, STACKS, create_tables, entry_of_row, note_of_row, row_of
from medgraft.cohort.waiting_masks import WaitingMask, WaitingMasks
from medgraft.core.cohort import ImportNote, StackEntry
from medgraft.core.database import is_read_only, open_engine
from medgraft.core.digest import array_digest
from medgraft.core.errors import InputError, ProjectError
from medgraft.core.stack import FoundStack
from medgraft.core.task import MASK_CLASSES


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


class Cohort:
    """Stacks of subjects in a project folder. Several processes may read and write it at once."""

    def __init__(self, root: Path, engine: Engine) -> None:
        self.root = root
        self._engine = engine
        self._images = PixelStore(root / "images")
        self._masks = PixelStore(root / "masks")
        self._waiting = WaitingMasks(self._masks)

    @classmethod
    def open(cls, root: Path) -> Self:
        """The cohort of a project folder, made where it is missing; one that may not be written can be read.

        Raises `ProjectError` if it cannot be used.
        """
        root = Path(root)
        cohort = cls(root, open_engine(root / "project.db"))
        if is_read_only(root / "project.db"):
            return cohort
        try:
            cohort._images.prepare()
            cohort._masks.prepare()
        except OSError as error:
            raise ProjectError(
                f"Expected a folder that can be written for the project, got {root.name}: {error.strerror}."
            ) from error
        with cohort._writing() as connection:
            create_tables(connection)
        cohort._settle_all()
        return cohort

    def close(self) -> None:
        """Let go of the database; the next use opens it again."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, found: FoundStack) -> StackEntry:
        """Store a stack and give its entry; one that is there already is stored once.

        Raises `ProjectError` if the disk is full, and then nothing of the stack is in the cohort; `InputError` if
        the stack has no subject.
        """
        return self.take(found)[0]

    def take(self, found: FoundStack, *, bring_back: bool = False) -> tuple[StackEntry, bool]:
        """As `add`, and whether the stack is new. A known stack gains what it lacked.

        That is phases, a mask, or an array that was lost or cut on disk. Raises `RemovedError` for what was removed,
        unless it is to be brought back.
        """
        found = stored_form(found)
        entry = entry_of(found)
        if not bring_back:
            with self._reading() as connection:
                check_not_removed(connection, entry)
        known = entry.id in self
        if not (known and self._images.has(entry.id)):
            self._images.write(entry.id, found.stack.pixels)
        mask = None if known else found.stack.mask
        waiting = None if mask is None else self._waiting.write(entry.id, entry.mask_digest, mask)
        # The row comes last: a stack is in the cohort once its pixels are safe.
        try:
            new = self._insert(entry, labels_of(found, entry.id), bring_back=bring_back)
        except RemovedError:  # meanwhile
            self._erase(entry.id)
            raise
        if waiting:
            self._settle(waiting)
        return (entry, True) if new else (self._complete(self.entry(entry.id), found), False)

    def entries(self, subject: str | None = None) -> tuple[StackEntry, ...]:
        """All entries, or those of one subject, by subject, series and id."""
        query = select(STACKS) if subject is None else select(STACKS).where(STACKS.c.subject == subject)
        with self._reading() as connection:
            entries = [entry_of_row(row) for row in connection.execute(query).mappings()]
        return tuple(sorted(entries, key=lambda entry: (entry.subject, entry.series, entry.id)))

    def entry(self, id: str) -> StackEntry:  # noqa: A002 - the field's own name
        """The entry of an id. Raises `InputError` if there is none."""
        with self._reading() as connection:
            row = connection.execute(select(STACKS).where(STACKS.c.id == id)).mappings().first()
        if row is None:
            raise InputError(f"Expected the id of an imported stack, got {id!r}. Do: medgraft cohort lists them.")
        return entry_of_row(row)

    def __contains__(self, id: object) -> bool:  # noqa: A002 - the field's own name
        """Whether a stack of that id is there."""
        with self._reading() as connection:
            return connection.execute(select(STACKS.c.id).where(STACKS.c.id == id)).first() is not None

    def __len__(self) -> int:
        """How many stacks there are."""
        with self._reading() as connection:
            return connection.execute(select(func.count()).select_from(STACKS)).scalar_one()

    def subjects(self) -> tuple[str, ...]:
        """All subjects, sorted."""
        with self._reading() as connection:
            return tuple(sorted(connection.execute(select(STACKS.c.subject).distinct()).scalars()))

    def subject_of_stacks(self, subjects: Collection[str]) -> dict[str, str]:
        """Whose each stack of some subjects is, by its id."""
        return {entry.id: entry.subject for entry in self.entries() if entry.subject in subjects}

    @property
    def arrays(self) -> PixelStore:
        """Pixels by stack id, for readers that outlive this index or work in another process."""
        return self._images

    @property
    def mask_arrays(self) -> PixelStore:
        """Masks by stack id, as `arrays`."""
        return self._masks

    def pixels(self, entry: StackEntry) -> NDArray[Any]:
        """Pixels (T, Z, Y, X) in the stored type, memory-mapped. Raises `ProjectError` if they are missing."""
        return self._images.read(entry.id)

    def mask(self, entry: StackEntry) -> NDArray[np.uint8] | None:
        """Mask (T, Z, Y, X) in `core.task.MASK_CODES`, memory-mapped; None where no phase is labelled."""
        if not entry.mask_phases:
            return None
        waiting = self._waiting.read(entry.id, entry.mask_digest)
        return self._masks.read(entry.id) if waiting is None else waiting

    def found_labels(self) -> tuple[FoundLabel, ...]:
        """The labels that came with the images, in order of stack, phase and slice; the last import's word counts."""
        with self._reading() as connection:
            rows = connection.execute(select(LABELS).order_by(*LABELS.primary_key)).mappings().all()
        return tuple(FoundLabel(**row) for row in rows)

    def set_phases(self, id: str, phases: Mapping[str, int]) -> StackEntry:  # noqa: A002 - the field's own name
        """Name phases, for example {"ed": 0, "es": 11}, in place of the names so far; indices count from 0.

        Raises `InputError` for an unknown stack or an index that is not on the stack.
        """
        entry = self.entry(id)
        outside = {name: phase for name, phase in phases.items() if not 0 <= phase < entry.shape[0]}
        if outside:
            raise InputError(f"Expected phases of stack {id} within 0..{entry.shape[0] - 1}, got {outside}.")
        return self._update(id, phases=dict(phases))

    def set_mask(
        self,
        id: str,  # noqa: A002 - see entry
        mask: NDArray[np.uint8],
        phases: Sequence[int],
        classes: tuple[str, ...] = MASK_CLASSES,
    ) -> StackEntry:
        """Put a mask (T, Z, Y, X) in `core.task.MASK_CODES` in place of the one so far.

        `phases` are labelled, with `classes`. Killed at any moment, the mask and what the index says of it agree.

        Raises `InputError` if the mask does not fit the stack, `ProjectError` if the disk is full.
        """
        entry = self.entry(id)
        outside = [phase for phase in phases if not 0 <= phase < entry.shape[0]]
        if mask.shape != entry.shape or outside:
            raise InputError(f"Expected a mask of shape {entry.shape} and phases on it, got {mask.shape}, {phases}.")
        mask = np.asarray(mask, np.uint8)
        waiting = self._waiting.write(id, array_digest(mask), mask)
        try:
            values = {"mask_phases": sorted(set(phases)), "mask_classes": classes, "mask_digest": waiting.digest}
            return self._update(id, **values)
        finally:
            self._settle(waiting)

    def set_base_first(self, id: str, base_first: bool | None) -> StackEntry:  # noqa: A002 - see entry
        """Say at which end of a stack the base of the heart is: True at slice 0, False at the last slice."""
        return self._update(id, base_first=base_first)

    def set_spacing(self, id: str, spacing: Spacing) -> StackEntry:  # noqa: A002 - see entry
        """Say how far apart slices, rows and columns of a stack are (mm), whatever its source says.

        Slices keep their order, and gaps between them as many steps wide. The id stays, the source's own word too: to
        say the same again undoes it. Raises `InputError` for an unknown stack or a spacing that nothing can have.
        """
        check_spacing(spacing)
        with self._reading() as connection:
            said = connection.execute(select(STACKS.c.spacing).where(STACKS.c.id == id)).scalar()
        return self._update(id, given_spacing=None if same_spacing(spacing, said) else spacing)

    def set_split(self, subject: str, split: str | None) -> None:
        """Put a whole subject in a split, for example "test": its stacks cannot be torn apart."""
        self._update_subject(subject, split=split)

    def set_site(self, subject: str, site: str | None) -> None:
        """Say where a subject was imaged."""
        self._update_subject(subject, site=site)

    def remove(self, stacks: Collection[str], subjects: Collection[str] = (), *, when: str) -> tuple[str, ...]:
        """Remove stacks, and all stacks of subjects, for good: rows, pixels, masks, those of before; gives their ids.

        The rows go at once. Killed after that, doing it again removes the files. They stay out of later imports unless
        `take` is to bring them back. when: ISO 8601.
        """
        with self._writing() as connection:
            gone = remove_rows(connection, stacks, subjects, when)
        with self._reading() as connection:
            # The log of writes has the rows, too.
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        for id in gone:  # noqa: A001 - see entry
            self._erase(id)
        return gone

    def was_removed(self, subject: str) -> bool:
        """Whether a subject was removed for good, and nothing of it was brought back."""
        with self._reading() as connection:
            return is_removed(connection, subject)

    def files_of(self, id: str) -> tuple[Path, ...]:  # noqa: A002 - see entry
        """Every file of a stack: pixels, mask, masks of before and what is kept to put them back."""
        images, masks = self._images.folder.glob(f"{id}[.-]*"), self._masks.folder.rglob(f"{id}[.-]*")
        return tuple(sorted((*images, *masks)))

    def imports(self) -> tuple[ImportRecord, ...]:
        """The history, oldest first."""
        with self._reading() as connection:
            rows = connection.execute(select(IMPORTS).order_by(IMPORTS.c.number)).mappings().all()
        return tuple(ImportRecord(**row) for row in rows)

    def notes(self, import_number: int | None = None) -> tuple[ImportNote, ...]:
        """The repair log of all imports or of one, oldest first."""
        query = select(NOTES).order_by(NOTES.c.number)
        if import_number is not None:
            query = query.where(NOTES.c.import_number == import_number)
        with self._reading() as connection:
            return tuple(note_of_row(row) for row in connection.execute(query).mappings())

    def begin_import(self, *, source: str, layout: str, when: str, n_files: int) -> ImportRecord:
        """Open a line of the history; it counts as stopped until `update_import` says that it is finished."""
        values = {"source": source, "layout": layout, "when": when, "n_files": n_files}
        with self._writing() as connection:
            row = connection.execute(insert(IMPORTS).values(values).returning(IMPORTS)).mappings().one()
        return ImportRecord(**row)

    def update_import(self, record: ImportRecord, notes: Sequence[ImportNote]) -> None:
        """Write what an import has done so far, and further notes, in one step."""
        with self._writing() as connection:
            connection.execute(update(IMPORTS).where(IMPORTS.c.number == record.number).values(asdict(record)))
            if notes:
                connection.execute(insert(NOTES), [row_of(note) | {"import_number": record.number} for note in notes])

    def log(self, notes: Sequence[ImportNote], *, source: str, act: str) -> None:
        """Write notes on what was done later to stacks that came from `source` to the repair log; `act` says how."""
        if notes:
            when = datetime.now(UTC).isoformat(timespec="seconds")
            record = self.begin_import(source=source, layout=act, when=when, n_files=1)
            self.update_import(replace(record, known=1, finished=True), notes)

    def _insert(self, entry: StackEntry, labels: Sequence[FoundLabel], *, bring_back: bool) -> bool:
        with self._writing() as connection:
            new = connection.execute(insert(STACKS).on_conflict_do_nothing(), row_of(entry)).rowcount == 1
            (let_return if bring_back else check_not_removed)(connection, entry)
            _insert_labels(connection, labels)
        return new

    def _erase(self, id: str) -> None:  # noqa: A002 - see entry
        for path in self.files_of(id):
            path.unlink(missing_ok=True)

    def _complete(self, entry: StackEntry, found: FoundStack) -> StackEntry:
        stack = found.stack
        masked = entry.mask_phases and self._masks.has(entry.id)
        if stack.mask is not None and stack.mask_phases and not masked:
            entry = self.set_mask(entry.id, stack.mask, stack.mask_phases, stack.mask_classes)
        return self.set_phases(entry.id, stack.phases) if stack.phases and not entry.phases else entry

    def _settle(self, waiting: WaitingMask) -> None:
        """Put a mask in its place if the index names it, else drop it."""
        if not self._put_in_place(waiting):
            self._waiting.drop(waiting)

    def _settle_all(self) -> None:
        """What killed processes left; a mask that the index does not name yet may be that of a living one."""
        for waiting in self._waiting:
            if not self._put_in_place(waiting) and self._waiting.is_lost(waiting):
                self._waiting.drop(waiting)

    def _put_in_place(self, waiting: WaitingMask) -> bool:
        named = (STACKS.c.id == waiting.stack) & (STACKS.c.mask_digest == waiting.digest)
        with self._writing() as connection:
            # Written though it changes nothing: it takes the writer's lock, so that of two masks the one named stays.
            found = connection.execute(update(STACKS).where(named).values(mask_digest=waiting.digest)).rowcount == 1
            if found:
                self._waiting.put_in_place(waiting)
        return found

    def _update(self, id: str, **values: object) -> StackEntry:  # noqa: A002 - see entry
        with self._writing() as connection:
            connection.execute(update(STACKS).where(STACKS.c.id == id).values(values))
        return self.entry(id)

    def _update_subject(self, subject: str, **values: object) -> None:
        with self._writing() as connection:
            done = connection.execute(update(STACKS).where(STACKS.c.subject == subject).values(values))
        if not done.rowcount:
            raise InputError(f"Expected a subject of the cohort, got {subject!r}. Available: {_few(self.subjects())}.")

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with _project_errors(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with _project_errors(), self._engine.begin() as connection:
            yield connection


def _insert_labels(connection: Connection, labels: Sequence[FoundLabel]) -> None:
    if labels:
        statement = insert(LABELS)
        place = list(LABELS.primary_key)
        statement = statement.on_conflict_do_update(index_elements=place, set_={"code": statement.excluded.code})
        connection.execute(statement, [asdict(label) for label in labels])


@contextmanager
def _project_errors() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise ProjectError(
            f"Expected a project.db that can be read and written, got: {error.orig}. "
            "If you may not write in the project folder, copy it to where you may; if the disk is full, make room and "
            "do it again; if it is damaged, restore a copy of the project folder."
        ) from error


def _few(names: Sequence[str], most: int = 10) -> str:
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")
