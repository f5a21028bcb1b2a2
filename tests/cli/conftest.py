"""The program as users run it: called in this process where that shows the same, else as a process of its own."""

import os
import signal
import sys
from collections.abc import Callable
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


@pytest.fixture
def medgraft(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `medgraft ARGUMENTS` in a folder, with these environment variables besides."""

    def run(*arguments: object, cwd: Path, **environment: str) -> Said:
        with monkeypatch.context() as patch:
            patch.delenv("MEDGRAFT_PROJECT", raising=False)
            for name, value in environment.items():
                patch.setenv(name, value)
            patch.chdir(cwd)
            patch.setattr(sys, "argv", ["medgraft", *map(str, arguments)])
            capsys.readouterr()
            with pytest.raises(SystemExit) as end:
                main()
        streams = capsys.readouterr()
        return Said(code=int(end.value.code or 0), out=streams.out, err=streams.err)

    return run


@pytest.fixture
def start() -> Callable[..., "Popen[str]"]:
    """Start `medgraft ARGUMENTS` in a folder as a process of its own, its streams in pipes."""

    def start(*arguments: object, cwd: Path, **environment: str) -> "Popen[str]":
        program = Path(sys.executable).with_name("medgraft")
        return Popen(
            [program, *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, **environment},
            stdout=-1,
            stderr=-1,
            text=True,
            # A shell that runs the tests in the background has them, and all they start, ignore Ctrl-C.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  # no threads here
        )

    return start


@pytest.fixture
def scans(tmp_path: Path, medgraft: Run) -> Path:
    """A folder with images of two synthetic patients."""
    done = medgraft("phantoms", "scans", "--subjects", 2, "--size", 32, "--phases", 2, cwd=tmp_path)
    assert done.code == 0, done.err
    return tmp_path / "scans"
