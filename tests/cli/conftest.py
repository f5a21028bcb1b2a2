"""The program as users run it: called in this process where that shows the same, else as a process of its own."""

import io
import os
import shutil
import signal
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from subprocess import Popen

import pytest

from medgraft.cli.main import main


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a run of the program left: its exit code and its two streams."""

    code: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture(scope="session")
def medgraft() -> Run:
    """Run `medgraft ARGUMENTS` in a folder, with these environment variables besides."""

    def run(*arguments: object, cwd: Path, **environment: str) -> Said:
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.delenv("MEDGRAFT_PROJECT", raising=False)
            for name, value in environment.items():
                patch.setenv(name, value)
            patch.chdir(cwd)
            patch.setattr(sys, "argv", ["medgraft", *map(str, arguments)])
            with pytest.raises(SystemExit) as end:
                main()
        return Said(code=int(end.value.code or 0), out=out.getvalue(), err=err.getvalue())

    return run


@pytest.fixture
def start() -> Callable[..., "Popen[str]"]:
    """Start `medgraft ARGUMENTS`, or a program in its place, in a folder as a process of its own, with pipes."""

    def start(*arguments: object, cwd: Path, program: str = "", **environment: str) -> "Popen[str]":
        command = [sys.executable, "-c", program] if program else [Path(sys.executable).with_name("medgraft")]
        return Popen(
            [*command, *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, **environment},
            stdout=-1,
            stderr=-1,
            text=True,
            # A shell that runs the tests in the background has them, and all they start, ignore Ctrl-C.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  # no threads here
        )

    return start


@pytest.fixture(scope="session")
def shared_scans(tmp_path_factory: pytest.TempPathFactory, medgraft: Run) -> Path:
    """Images of two synthetic patients, for all tests."""
    folder = tmp_path_factory.mktemp("cli")
    done = medgraft("phantoms", "scans", "--subjects", 2, "--size", 32, "--phases", 2, cwd=folder)
    assert done.code == 0, done.err
    return folder / "scans"


@pytest.fixture
def scans(tmp_path: Path, shared_scans: Path) -> Path:
    """The same in a test's own folder."""
    return Path(shutil.copytree(shared_scans, tmp_path / "scans"))
