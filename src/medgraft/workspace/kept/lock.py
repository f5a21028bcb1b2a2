"""The lock of a study: held as long as somebody runs it, and let go by the system however that ends."""

from pathlib import Path

from filelock import FileLock, Timeout

#: Seconds. Who asks whether a study runs holds its lock for far less, who runs it for far longer.
_MOMENT = 0.05


def study_lock(folder: Path, *, timeout: float) -> FileLock:
    """The lock of the study in a folder; acquiring it raises `filelock.Timeout` after that many seconds."""
    return FileLock(folder.with_name(f".{folder.name}.lock"), timeout=timeout, poll_interval=0.005)


def is_running(folder: Path) -> bool:
    """Whether somebody runs the study in a folder now, though others may ask at the same time."""
    lock = study_lock(folder, timeout=_MOMENT)
    if not Path(lock.lock_file).exists():
        return False
    try:
        with lock:
            return False
    except Timeout:
        return True
    except PermissionError:
        return _is_held(Path(lock.lock_file))


def _is_held(lock_file: Path) -> bool:
    """Whether somebody holds a lock that is another user's, so that it may be read and not taken."""
    import fcntl  # noqa: PLC0415 - does not exist on Windows

    with lock_file.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
