"""Files and folders that are there whole or not at all, whenever the process that writes them or the power is cut."""

import os
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

#: A file or a folder as callers of public verbs may name it; a `Path` from there on.
AnyPath = str | os.PathLike[str]


@contextmanager
def whole_file(path: Path, *, lasting: bool = True) -> Iterator[Path]:
    """A draft to be written, which takes the place of `path` at the end; the folder is made if it is missing.

    Whatever is raised meanwhile (a full disk, an interruption) leaves the file that was there before, and no draft.
    Several processes may write one file: the last one stays. A power cut may leave an empty file of what is not
    `lasting`, which is written quicker.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _beside(path)
    try:
        yield draft
        if lasting:
            flush(draft)
        draft.replace(path)
        if lasting:
            flush(path.parent)
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
        flush_tree(draft)
        if folder.exists():
            folder.rename(before)
        draft.rename(folder)
        flush(folder.parent)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        if before.exists() and not folder.exists():
            before.rename(folder)
        shutil.rmtree(before, ignore_errors=True)


def flush_tree(folder: Path) -> None:
    """`flush` a folder and everything in it: together, since the disk then takes little more time than for one."""
    with ThreadPoolExecutor(thread_name_prefix="flush") as threads:
        list(threads.map(flush, (folder, *folder.rglob("*"))))


def flush(path: Path) -> None:
    """Have a file's content, or the names in a folder, on the disk itself; Windows cannot be asked for it this way."""
    if sys.platform != "win32":
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _beside(path: Path) -> Path:
    """A name that nobody else writes to, in the same file system."""
    return path.with_name(f".{path.name}.{os.getpid()}-{uuid4().hex[:8]}.partial")
