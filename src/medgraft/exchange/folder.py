"""Folders that are new."""

from pathlib import Path

from medgraft.core.errors import InputError


def check_new(folder: Path) -> None:
    """Raise `InputError` for a folder that holds something, or a file of its name."""
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise InputError(f"Expected a new or an empty folder, got {folder}. Do: name another.")
