"""The folder of a study or a learning curve: one process writes it, results are in it whole or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import Timeout

from medgraft.core.errors import ProjectError
from medgraft.workspace.kept.lock import study_lock

#: What is put in place at the end, `results` last: it says that the work has ended.
_PARTS = ("models", "results")


def claimed(folder: Path, other: Path) -> Path:
    """The folder of a study or a learning curve, made if it is missing; both are found by name, so a name is of one.

    Raises `ProjectError` if `other`, where the other kind would lie under that name, is there.
    """
    if other.exists():
        raise ProjectError(
            f"Expected a name for {folder.parent.name} that is new, got {folder.name!r} of {other.parent.name}. "
            "Do: give it another name."
        )
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def only_once(folder: Path) -> Iterator[None]:
    """Hold a folder while work on it goes on; a second start is refused instead of waiting."""
    # A moment, for `is_running` holds the lock for a moment.
    lock = study_lock(folder, timeout=1)
    try:
        lock.acquire()
    except Timeout as error:
        raise ProjectError(f"{folder.name} is being run by another process. Do: wait for it.") from error
    try:
        yield
    finally:
        lock.release()


def announce(file: Path, text: str) -> None:
    """Write what was asked, with every default filled in; results of another question no longer belong there."""
    if file.exists() and file.read_text(encoding="utf-8") != text:
        _discard(file.parent)
    file.write_text(text, encoding="utf-8")


def fresh_draft(folder: Path) -> Path:
    """An empty folder for results on their way."""
    draft = folder / "draft"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    return draft


def publish(draft: Path, folder: Path) -> None:
    """Put finished results in place of what is there."""
    _discard(folder)
    for name in _PARTS:
        (draft / name).rename(folder / name)
    shutil.rmtree(draft)


def _discard(folder: Path) -> None:
    for name in _PARTS:
        shutil.rmtree(folder / name, ignore_errors=True)
