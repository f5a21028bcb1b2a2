"""Files and folders that are there whole or not at all, whenever the process that writes them is killed."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

#: A file or a folder as callers of public verbs may name it; a `Path` from there on.
AnyPath = str | os.PathLike[str]


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A draft to be written, which takes the place of `path` at the end; the folder is made if it is missing.

    Whatever is raised meanwhile (a full disk, an interruption) leaves the file that was there before, and no draft.
    Several processes may write one file: the last one stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _beside(path)
    try:
        yield draft
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """An empty draft to be filled, which takes the place of `folder` at the end.

    Whatever is raised meanwhile leaves the folder that was there before, and no draft.
    """
    draft, before = _beside(folder), _beside(folder)
    draft.mkdir(parents=True)
    try:
        yield draft
        if folder.exists():
            folder.rename(before)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        if before.exists() and not folder.exists():
            before.rename(folder)
        shutil.rmtree(before, ignore_errors=True)


def _beside(path: Path) -> Path:
    """A name that nobody else writes to, in the same file system."""
    return path.with_name(f".{path.name}.{os.getpid()}-{uuid4().hex[:8]}.partial")
