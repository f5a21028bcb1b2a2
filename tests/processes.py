"""Processes beside a test: who they are, whether they live, and waiting for what they do, which always ends."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def wait_until(happened: Callable[[], object], what: str, seconds: float = 300.0) -> None:
    """Wait for something that may take its time on a busy machine; fails, saying what, where it never happens."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain: {what}"
        time.sleep(0.01)


def pool_processes(parent: int | None = None) -> set[int]:
    """Processes of pools and groups that a process, this one by default, has started."""
    parent = parent or os.getpid()
    children: list[str] = []
    for thread in Path(f"/proc/{parent}/task").iterdir():
        with suppress(OSError):  # a thread that has just ended
            children += (thread / "children").read_text().split()
    return {int(child) for child in children if _is_of_a_pool(child)}


def _is_of_a_pool(process: str) -> bool:
    with suppress(OSError):  # one that has just ended
        return b"popen_loky" in Path(f"/proc/{process}/cmdline").read_bytes()
    return False


def lives(process: int) -> bool:
    """Whether a process is there and has not ended; one that nobody asked for its end yet has."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"
