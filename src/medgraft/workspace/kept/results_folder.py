"""The folder of a study or a learning curve: one process writes it, results are in it whole or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import Timeout

from medgraft.core.errors import InputError, ProjectError
from medgraft.core.files import flush, flush_tree, whole_file
from medgraft.workspace.kept.lock import is_running, study_lock
from medgraft.workspace.project import PACKAGES

#: What is put in place at the end, `results` last: it says that the work has ended.
_PARTS = ("models", "results")

#: What lies in each folder of a project, and the command that runs it.
_KINDS = {"studies": ("study", "medgraft study run"), "curves": ("learning curve", "medgraft study curve")}

#: Where what was asked waits until its results take the place of others.
_NEXT = "next"

#: What is made of the results afterwards, and says nothing of others.
_MADE_OF_THEM = ("report", "explanation")


def claimed(folder: Path, other: Path, *, new: bool = False) -> Path:
    """The folder of a study or a learning curve, made if it is missing; both are found by name, so a name is of one.

    Raises `InputError` if `other`, where the other kind would lie under that name, is there, or the name is that of
    models from elsewhere; `FileExistsError` if the folder must be `new` and is not.
    """
    if folder.name == PACKAGES:
        raise InputError(
            f"Expected another name than {PACKAGES!r}, which models from elsewhere have. Do: give it another name."
        )
    if other.exists():
        holder, _ = _KINDS[other.parent.name]
        raise InputError(f"Expected a name that no {holder} has, got {folder.name!r}. Do: give it another name.")
    folder.mkdir(parents=True, exist_ok=not new)
    return folder


@contextmanager
def only_once(folder: Path) -> Iterator[Path]:
    """Hold a folder while work on it goes on, and give it; a second start is refused instead of waiting."""
    # A moment, for `is_running` holds the lock for a moment.
    lock = study_lock(folder, timeout=1)
    try:
        lock.acquire()
    except Timeout as error:
        raise ProjectError(f"{folder.name} is being run by another process. Do: wait for it.") from error
    try:
        yield folder
    finally:
        lock.release()


def check_ended(folder: Path) -> None:
    """Raise `ProjectError` for a study or a learning curve without results, saying whether it runs or was stopped."""
    if (folder / "results").is_dir():
        return
    kind, command = _KINDS[folder.parent.name]
    if is_running(folder):
        raise ProjectError(f"Expected a finished {kind}, got {folder.name}, which is running. Do: wait for it.")
    raise ProjectError(
        f"Expected a finished {kind}, got {folder.name}, which was stopped. Do: {command} with the file that it was "
        "started with goes on from where it was."
    )


def announce(file: Path, text: str) -> None:
    """Write what was asked, with every default filled in; beside results of another question it waits for its own."""
    waiting = _waiting(file)
    answered = (file.parent / "results").is_dir() and file.is_file() and file.read_text(encoding="utf-8") != text
    with whole_file(waiting if answered else file) as draft:
        draft.write_text(text, encoding="utf-8")
    if not answered:
        shutil.rmtree(waiting.parent, ignore_errors=True)


def asked_file(file: Path) -> Path:
    """Where what was asked last is: `file`, or one that waits while results of another question are beside that."""
    waiting = _waiting(file)
    return waiting if waiting.is_file() else file


def fresh_draft(folder: Path) -> Path:
    """An empty folder for results on their way."""
    draft = folder / "draft"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    return draft


def publish(draft: Path, folder: Path) -> None:
    """Put finished results, and what they answer, in place of what is there."""
    flush_tree(draft)
    for name in (*_PARTS, *_MADE_OF_THEM):
        shutil.rmtree(folder / name, ignore_errors=True)
    for asked in (folder / _NEXT).glob("*"):
        asked.replace(folder / asked.name)
    for name in _PARTS:
        (draft / name).rename(folder / name)
    flush(folder)
    for emptied in (draft, folder / _NEXT):
        shutil.rmtree(emptied, ignore_errors=True)


def _waiting(file: Path) -> Path:
    return file.parent / _NEXT / file.name
