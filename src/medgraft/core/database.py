"""One way to open a database: SQLite on disk by default, PostgreSQL by URL."""

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from medgraft.core.errors import InputError


def open_engine(url: str | Path) -> Engine:
    """An engine for a file path or a database URL.

    SQLite runs in WAL mode with synchronous=FULL: what was committed survives a killed process and a power cut, and
    readers never wait for a writer. Raises `InputError` for a URL that cannot be read.
    """
    text = str(url)
    try:
        parsed = make_url(text if "://" in text else f"sqlite:///{text}")
    except ArgumentError as error:
        raise InputError(f"Expected a file path or a database URL, got {text!r}.") from error
    engine = create_engine(parsed)
    if parsed.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _harden_sqlite)
    return engine


def _harden_sqlite(connection: Any, _record: object) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
