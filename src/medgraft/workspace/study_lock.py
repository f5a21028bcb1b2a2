"""The lock of a study: held as long as somebody runs it, and let go by the system however that ends."""

from pathlib import Path

from filelock import FileLock, Timeout


def study_lock(folder: Path, *, timeout: float) -> FileLock:
    """The lock of the study in a folder; acquiring it raises `filelock.Timeout` after that many seconds."""
    return FileLock(folder.with_name(f".{folder.name}.lock"), timeout=timeout)


def is_running(folder: Path) -> bool:
    """Whether somebody runs the study in a folder now. The lock is held for a moment if not."""
    lock = study_lock(folder, timeout=0)
    if not Path(lock.lock_file).exists():
        return False
    try:
        with lock:
            return False
    except Timeout:
        return True
