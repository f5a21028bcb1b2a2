"""One way to open a database: SQLite on disk by default, PostgreSQL by URL."""

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from medgraft.core.errors import InputError, MissingExtraError


def open_engine(url: str | Path) -> Engine:
    """An engine for a file path or a database URL.

    SQLite runs in WAL mode with synchronous=FULL: what was committed survives a killed process and a power cut, and
    readers never wait for a writer. `postgresql://` is opened with psycopg 3. Raises `InputError` for a URL that cannot
    be read, `MissingExtraError` where the database's driver is not installed.
    """
    text = str(url)
    try:
        parsed = make_url(text if "://" in text else f"sqlite:///{text}")
    except (ArgumentError, ValueError) as error:
        raise InputError(f"Expected a file path or a database URL, got {text!r}.") from error
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    try:
        engine = create_engine(parsed)
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{parsed.get_backend_name()} needs the package {error.name}: pip install 'medgraft[postgres]'."
        ) from error
    if parsed.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _harden_sqlite)
    return engine


def _harden_sqlite(connection: Any, _record: object) -> None:
    for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
