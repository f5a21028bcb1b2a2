"""Whoever looks is told whether a study runs, also who may not write."""

import subprocess
import sys
import tempfile
from pathlib import Path

from medgraft.workspace.kept.lock import is_running, study_lock

#: Looks, as one who may not take the lock (for root, that is nobody), whenever it is asked to.
LOOKS = """
import os, sys
from pathlib import Path
from medgraft.workspace.kept.lock import is_running

if os.geteuid() == 0:
    os.setuid(65534)
for _ in sys.stdin:
    print(is_running(Path(sys.argv[1])), flush=True)
"""


def test_who_may_only_read_is_told_whether_a_study_runs() -> None:
    with tempfile.TemporaryDirectory() as open_to_all:
        place = Path(open_to_all)
        place.chmod(0o755)
        command = [sys.executable, "-c", LOOKS, place / "tiny"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
            lock = study_lock(place / "tiny", timeout=0)
            with lock:
                Path(lock.lock_file).chmod(0o444)
                held = ask(other)
            assert (held, ask(other)) == ("True\n", "False\n")
            other.communicate()


def ask(other: "subprocess.Popen[str]") -> str:
    """What the other process sees now."""
    assert other.stdin is not None
    assert other.stdout is not None
    other.stdin.write("look\n")
    other.stdin.flush()
    return other.stdout.readline()


def test_a_study_that_nobody_ever_ran_does_not_run(tmp_path: Path) -> None:
    assert not is_running(tmp_path / "tiny")
    assert not list(tmp_path.iterdir())
