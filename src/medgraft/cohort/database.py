"""Database: the cohort's tables in project.db, read and written in steps that are whole or absent."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError

from medgraft.cohort.tables import create_tables, show_what_lacks
from medgraft.core.database import is_read_only, open_engine
from medgraft.core.errors import ProjectError


class Database:
    """A project's database. `is_read_only`: it may not be written; what an older medgraft's lacks reads as empty."""

    def __init__(self, file: Path) -> None:
        self._engine = open_engine(file)
        self._own = threading.local()
        self.is_read_only = is_read_only(file)
        if self.is_read_only:
            event.listen(self._engine, "connect", lambda connection, _record: show_what_lacks(connection))

    def create_tables(self) -> None:
        """Create what is missing."""
        with self.writing() as connection:
            create_tables(connection)

    def close(self) -> None:
        """Let go of it; the next use opens it again."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read by; within a step that writes, what is written so far is seen."""
        if self._step is not None:
            yield self._step
            return
        with _project_errors(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One step: everything is written at its end or, if it is not reached, nothing; a step within is part of it."""
        if self._step is not None:
            yield self._step
            return
        with _project_errors(), self._engine.begin() as connection:
            self._own.step = connection
            try:
                yield connection
            finally:
                self._own.step = None

    @property
    def _step(self) -> Connection | None:
        """The step of this thread, if it is in one."""
        return getattr(self._own, "step", None)


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
