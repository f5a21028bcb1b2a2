"""Cohort: the index of stacks in project.db, and their pixels beside it."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import update

from medgraft.cohort.database import Database
from medgraft.cohort.found import entry_of, labels_of, stored_form
from medgraft.cohort.import_history import ImportHistory
from medgraft.cohort.pixel_store import PixelStore
from medgraft.cohort.removal import RemovedError, check_not_removed, remove_rows
from medgraft.cohort.stack_index import StackIndex
from medgraft.cohort.tables import STACKS
from medgraft.cohort.waiting_masks import WaitingMask, WaitingMasks
from medgraft.core.cohort import StackEntry
from medgraft.core.digest import array_digest
from medgraft.core.errors import InputError, ProjectError
from medgraft.core.stack import FoundStack
from medgraft.core.task import MASK_CLASSES


class Cohort(StackIndex, ImportHistory):
    """Stacks of subjects in a project folder. Several processes may read and write it at once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._database = Database(root / "project.db")
        self._images = PixelStore(root / "images")
        self._masks = PixelStore(root / "masks")
        self._waiting = WaitingMasks(self._masks)

    @classmethod
    def open(cls, root: Path) -> Self:
        """The cohort of a project folder, made where it is missing; one that may not be written can be read.

        Raises `ProjectError` if it cannot be used.
        """
        root = Path(root)
        cohort = cls(root)
        if cohort._database.is_read_only:
            return cohort
        try:
            cohort._images.prepare()
            cohort._masks.prepare()
        except OSError as error:
            raise ProjectError(
                f"Expected a folder that can be written for the project, got {root.name}: {error.strerror}."
            ) from error
        cohort._database.create_tables()
        cohort._settle_all()
        return cohort

    def close(self) -> None:
        """Let go of the database; the next use opens it again."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def in_one_step(self) -> Iterator[None]:
        """What is said of stacks within, and noted, is written together or not at all; not for masks."""
        with self._database.writing():
            yield

    def add(self, found: FoundStack) -> StackEntry:
        """Store a stack and give its entry; one that is there already is stored once.

        Raises `ProjectError` if the disk is full, and then nothing of the stack is in the cohort; `InputError` if
        the stack has no subject.
        """
        return self.take(found)[0]

    def take(self, found: FoundStack, *, bring_back: bool = False) -> tuple[StackEntry, bool]:
        """As `add`, and whether the stack is new. A known stack gains what it lacked.

        That is phases, a mask, an array that was lost or cut on disk, or whether its directions are known, which an
        older medgraft did not ask. Raises `RemovedError` for what was removed, unless it is to be brought back.
        """
        found = stored_form(found)
        entry = entry_of(found)
        if not bring_back:
            with self._database.reading() as connection:
                check_not_removed(connection, entry)
        known = entry.id in self
        if not (known and self._images.has(entry.id)):
            self._images.write(entry.id, found.stack.pixels)
        mask = None if known else found.stack.mask
        # The row comes last: a stack is in the cohort once its pixels are safe.
        with nullcontext() if mask is None else self._arriving(entry.id, entry.mask_digest, mask):
            try:
                new = self._insert(entry, labels_of(found, entry.id), bring_back=bring_back)
            except RemovedError:  # meanwhile
                self._erase(entry.id)
                raise
        return (entry, True) if new else (self._complete(self.entry(entry.id), found, entry), False)

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
        digest = array_digest(mask)
        with self._arriving(id, digest, mask):
            return self._update(id, mask_phases=sorted(set(phases)), mask_classes=classes, mask_digest=digest)

    def remove(self, stacks: Collection[str], subjects: Collection[str] = (), *, when: str) -> tuple[str, ...]:
        """Remove stacks, and all stacks of subjects, for good: rows, pixels, masks, those of before; gives their ids.

        The rows go at once. Killed after that, doing it again removes the files. They stay out of later imports unless
        `take` is to bring them back. when: ISO 8601.
        """
        with self._database.writing() as connection:
            gone = remove_rows(connection, stacks, subjects, when)
        with self._database.reading() as connection:
            # The log of writes has the rows, too.
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        for id in gone:  # noqa: A001 - see entry
            self._erase(id)
        return gone

    def files_of(self, id: str) -> tuple[Path, ...]:  # noqa: A002 - see entry
        """Every file of a stack: pixels, mask, masks of before and what is kept to put them back."""
        images, masks = self._images.folder.glob(f"{id}[.-]*"), self._masks.folder.rglob(f"{id}[.-]*")
        return tuple(sorted((*images, *masks)))

    def _erase(self, id: str) -> None:  # noqa: A002 - see entry
        for path in self.files_of(id):
            path.unlink(missing_ok=True)

    def _complete(self, entry: StackEntry, found: FoundStack, again: StackEntry) -> StackEntry:
        """A known entry with what it lacks of a stack that was found `again`."""
        stack = found.stack
        masked = entry.mask_phases and self._masks.has(entry.id)
        if stack.mask is not None and stack.mask_phases and not masked:
            entry = self.set_mask(entry.id, stack.mask, stack.mask_phases, stack.mask_classes)
        if entry.directions_known != again.directions_known:
            entry = self._update(entry.id, directions_known=again.directions_known)
        return self.set_phases(entry.id, stack.phases) if stack.phases and not entry.phases else entry

    @contextmanager
    def _arriving(self, id: str, digest: str, mask: NDArray[np.uint8]) -> Iterator[None]:  # noqa: A002 - see entry
        """A mask on disk, which takes its place after the index names it: that is to be done within."""
        waiting = self._waiting.write(id, digest, mask)
        try:
            yield
        finally:
            self._settle(waiting)

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
        with self._database.writing() as connection:
            # Written though it changes nothing: it takes the writer's lock, so that of two masks the one named stays.
            found = connection.execute(update(STACKS).where(named).values(mask_digest=waiting.digest)).rowcount == 1
            if found:
                self._waiting.put_in_place(waiting)
        return found
