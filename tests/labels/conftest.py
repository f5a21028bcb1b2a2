"""A fresh database for each test: SQLite in a file, and PostgreSQL in a private cluster behind a socket."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy


def _binary(name: str) -> Path | None:
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = shutil.which(name)
    return places[-1] if places else Path(found) if found else None


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server that ends with the tests; it listens at a socket, not at a port."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'medgraft[postgres]'")
    initdb, pg_ctl = _binary("initdb"), _binary("pg_ctl")
    if initdb is None or pg_ctl is None:
        pytest.skip("no PostgreSQL server found: apt-get install postgresql")
    as_user: list[str] = []
    folder = Path(tempfile.mkdtemp(prefix="medgraft-pg-"))
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        as_user = ["runuser", "-u", "postgres", "--"]
    data = folder / "data"

    def call(*command: object) -> None:
        quiet = {"stdout": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
        subprocess.run([*as_user, *map(str, command)], check=True, cwd=folder, **quiet)

    call(initdb, "-D", data, "-A", "trust", "-U", "medgraft", "--no-sync", "-E", "UTF8")
    options = f"-c listen_addresses='' -c fsync=off -k {folder}"
    call(pg_ctl, "-D", data, "-w", "-t", 300, "-l", folder / "log", "-o", options, "start")
    try:
        yield f"postgresql+psycopg://medgraft@/postgres?host={folder}"
    finally:
        call(pg_ctl, "-D", data, "-w", "-t", 300, "-m", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "project.db")
    server = request.getfixturevalue("postgres_server")
    name = f"test_{uuid4().hex}"
    engine = sqlalchemy.create_engine(server)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.schema.CreateSchema(name))
    engine.dispose()
    # A schema of its own is made in a moment, a database of its own is not.
    return f"{server}&options=-csearch_path%3D{name}"
