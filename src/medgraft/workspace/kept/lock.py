"""The lock of a study: held as long as somebody runs it, and let go by the system however that ends."""

import sys
from pathlib import Path

from filelock import FileLock, Timeout

if sys.platform != "win32":
    import fcntl

#: Seconds. Who asks whether a study runs holds its lock for far less, who runs it for far longer.
_MOMENT = 0.05


def study_lock(folder: Path, *, timeout: float) -> FileLock:
    """The lock of the study in a folder; acquiring it raises `filelock.Timeout` after that many seconds."""
    return FileLock(folder.with_name(f".{folder.name}.lock"), timeout=timeout, poll_interval=0.005)


def is_running(folder: Path) -> bool:
    """Whether somebody runs the study in a folder now; others may ask at the same time, and need only read."""
    lock = study_lock(folder, timeout=_MOMENT)
    return Path(lock.lock_file).exists() and _is_held(lock)


def _is_held(lock: FileLock) -> bool:
    if sys.platform == "win32":
        try:
            with lock:
                return False
        except Timeout:
            return True
    else:
        # Who asks shares the lock with others who ask, so that a slow one is not taken for who runs the study.
        with Path(lock.lock_file).open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False
