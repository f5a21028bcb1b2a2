"""Folders that are new, whole or absent."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from medgraft.core.errors import InputError


def check_new(folder: Path) -> None:
    """Raise `InputError` for a folder that holds something, or a file of its name."""
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise InputError(f"Expected a new or an empty folder, got {folder}. Do: name another.")


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """An empty draft to be filled; at the end it takes the place of `folder`.

    Whatever is raised meanwhile (a full disk, an interruption) leaves what was there before, and no draft.
    """
    draft = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        yield draft
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
