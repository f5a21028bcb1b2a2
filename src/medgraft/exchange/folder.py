"""Folders that are new."""

from pathlib import Path

from medgraft.core.errors import InputError


def check_new(folder: Path) -> None:
    """Raise `InputError` for a folder that holds something, a file of its name, or the folder one is in.

    A folder that is there is replaced: whoever stood in it would stand nowhere.
    """
    if folder.resolve() == Path.cwd():
        raise InputError(f"Expected a new folder, got {folder}, the one you are in. Do: name another.")
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise InputError(f"Expected a new or an empty folder, got {folder}. Do: name another.")
