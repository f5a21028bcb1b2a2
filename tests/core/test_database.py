"""A database that may not be written is read as it is, a log that was left included."""

import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from medgraft.core import database

#: Root may write everywhere: what others may not is tried as nobody, once everything is loaded.
READ = """
import os, sys
from pathlib import Path
from sqlalchemy import text
from medgraft.core.database import is_read_only, open_engine
open_engine(":memory:").connect().close()
if os.geteuid() == 0:
    os.setuid(65534)
file = Path(sys.argv[1])
assert is_read_only(file)
with open_engine(file).begin() as connection:
    print(connection.execute(text("SELECT sum(n) FROM t")).scalar_one())
    try:
        connection.execute(text("INSERT INTO t VALUES (1)"))
    except Exception as error:
        print(error.orig)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may enter; its name has what means something in a URL."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        (Path(name) / "a heart?mode=rw#1").mkdir()
        yield Path(name) / "a heart?mode=rw#1"


def read(file: Path) -> list[str]:
    """What somebody reads who may write neither the file nor its folder."""
    file.parent.chmod(0o555)
    for part in file.parent.iterdir():
        part.chmod(0o444)
    done = subprocess.run([sys.executable, "-c", READ, file], capture_output=True, text=True, check=False)
    file.parent.chmod(0o755)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_file_that_may_not_be_written_is_read(folder: Path) -> None:
    with sqlite3.connect(folder / "project.db") as connection:
        connection.executescript("PRAGMA journal_mode=WAL; CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (41);")
    connection.close()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert read(folder / "project.db") == ["41", "attempt to write a readonly database"]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_what_is_in_the_log_of_another_process_is_read_too(folder: Path) -> None:
    connection = sqlite3.connect(folder / "project.db")
    connection.executescript("PRAGMA journal_mode=WAL; CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (41);")
    assert (folder / "project.db-wal").stat().st_size > 0
    assert read(folder / "project.db") == ["41", "attempt to write a readonly database"]
    connection.close()


def test_what_its_owner_writes_meanwhile_is_read_next(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = folder / "project.db"
    owner = sqlite3.connect(file)
    owner.executescript("PRAGMA journal_mode=WAL; CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (41);")
    owner.close()
    monkeypatch.setattr(database, "is_read_only", lambda _: True)
    reader = database.open_engine(file)
    for expected in (41, 42):
        with reader.connect() as connection:
            assert connection.execute(text("SELECT sum(n) FROM t")).scalar_one() == expected
        with sqlite3.connect(file) as owner:
            owner.execute("INSERT INTO t VALUES (1)")
        owner.close()
