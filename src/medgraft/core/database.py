"""One way to open a database: SQLite on disk by default, PostgreSQL by URL."""

import os
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from medgraft.core.errors import InputError, MissingExtraError


def open_engine(url: str | Path) -> Engine:
    """An engine for a file path or a database URL.

    SQLite runs in WAL mode with synchronous=FULL: what was committed survives a killed process and a power cut, and
    readers never wait for a writer. A file that may not be written is opened for reading. `postgresql://` is opened
    with psycopg 3. Raises `InputError` for a URL that cannot be read, `MissingExtraError` where the database's driver
    is not installed.
    """
    text = str(url)
    try:
        parsed = make_url(text) if "://" in text else URL.create("sqlite", database=text)
    except (ArgumentError, ValueError) as error:
        raise InputError(f"Expected a file path or a database URL, got {text!r}.") from error
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    sqlite_file = Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None
    if sqlite_file and is_read_only(sqlite_file):
        # The way is chosen anew for every connection: the owner may write meanwhile.
        return create_engine("sqlite://", creator=lambda: _reading(sqlite_file), poolclass=NullPool)
    try:
        engine = create_engine(parsed)
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{parsed.get_backend_name()} needs the package {error.name}: pip install 'medgraft[postgres]'."
        ) from error
    if sqlite_file:
        event.listen(engine, "connect", _harden_sqlite)
    return engine


def is_read_only(file: Path) -> bool:
    """Whether a SQLite file is there but may not be written: itself, or its folder, where its log would be."""
    return file.is_file() and not all(os.access(place, os.W_OK) for place in (file, file.parent))


def _reading(file: Path) -> sqlite3.Connection:
    """Where nobody left a write-ahead log, SQLite is told that none is needed: it cannot make one here."""
    logged = file.with_name(f"{file.name}-wal").exists()
    way = "mode=ro" if logged else "mode=ro&immutable=1"
    return sqlite3.connect(f"file:{quote(str(file.absolute()))}?{way}", uri=True, check_same_thread=False)


def _harden_sqlite(connection: Any, _record: object) -> None:
    for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
