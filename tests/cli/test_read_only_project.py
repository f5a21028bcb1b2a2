"""A project that may only be read says what it says to those who may write in it."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

#: Runs commands as who owns the project, then as one who may read it: for root, that is nobody.
TWICE = """
import contextlib, io, json, os, sys
from pathlib import Path
from medgraft.cli.main import main

def say(words):
    sys.argv = ["medgraft", *words, "--project", project]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            return [end.code or 0, out.getvalue()]

project, commands = sys.argv[1], json.loads(sys.argv[2])
written = [say(words) for words in commands]
for path in [Path(project), *Path(project).rglob("*")]:
    path.chmod(0o555 if path.is_dir() else 0o444)
if os.geteuid() == 0:
    os.setuid(65534)
print(json.dumps([written, [say(words) for words in commands]]))
"""
READING = [["cohort", "--json"], ["notes", "--json"], ["label", "status", "--json"], ["measure", "--json"]]


@pytest.mark.slow
def test_a_project_that_may_only_be_read_is_read(medgraft: Callable[..., Any], scans: Path) -> None:
    with tempfile.TemporaryDirectory() as open_to_all:
        place = Path(open_to_all)
        place.chmod(0o755)
        for words in (["import", scans], ["label", "from-masks"]):
            assert medgraft(*words, "-P", "heart", cwd=place).code == 0
        said = subprocess.run(
            [sys.executable, "-c", TWICE, place / "heart", json.dumps(READING)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        for path in (place / "heart").rglob("*"):
            path.chmod(0o755)
        (place / "heart").chmod(0o755)
    assert said.returncode == 0, said.stderr
    written, read = json.loads(said.stdout)
    assert [code for code, _ in written] == [0] * len(READING)
    assert read == written
