"""Source: the files below a folder that an import may read."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from medgraft.core.cohort import ImportNote
from medgraft.core.counted import counted
from medgraft.core.errors import InputError
from medgraft.core.stack import FoundStack

_NOT_ENTERED = "Hidden folders and links to folders are not entered; import the folder that a link leads to."

#: Bytes of names that are no UTF-8, as Python reads them, and what they were in Latin-1.
_LATIN = {0xDC00 + byte: byte for byte in range(0x80, 0x100)}

Note = Callable[[ImportNote], None]
_Read = TypeVar("_Read")
_Told = TypeVar("_Told", FoundStack, ImportNote)


@dataclass(frozen=True, kw_only=True)
class Source:
    """Regular files below `root`, sorted. left_out: what else there is, such as links that lead out of it."""

    root: Path
    files: tuple[Path, ...]
    left_out: tuple[ImportNote, ...] = ()

    @property
    def name(self) -> str:
        """The name of the folder."""
        return readable(self.root.resolve().name)

    def relative(self, path: Path) -> str:
        """A file's path from the root, with forward slashes."""
        return path.relative_to(self.root).as_posix()

    @cached_property
    def places(self) -> frozenset[str]:
        """Where the files are, as `relative` says."""
        return frozenset(map(self.relative, self.files))

    def suffixes(self, *suffixes: str) -> list[Path]:
        """The files whose name ends in one of the suffixes, in any case."""
        return [path for path in self.files if path.name.lower().endswith(suffixes)]

    def why_less(self) -> str:
        """A sentence for every reason to leave something out, each after a space; "" if nothing was."""
        by_text: dict[str, list[str]] = {}
        for note in self.left_out:
            by_text.setdefault(note.text, []).append(note.where)
        return "".join(f" {text} ({len(names)}, for example {names[0]})" for text, names in by_text.items())

    def note_unused(self, used: Iterable[Path], note: Note) -> None:
        """One line about the files that are no part of the layout."""
        unused = sorted(set(self.files) - set(used))
        if unused:
            text = f"No part of this layout, so not read: {counted(len(unused), 'file')} ({endings_of(unused)})."
            note(_set_aside("not-in-layout", self.relative(unused[0]), text, len(unused)))


def open_source(path: Path) -> Source:
    """The files of a folder, or one file alone. Raises `InputError` if there is nothing."""
    if path.is_file():
        return Source(root=path.parent, files=(path,))
    if not path.is_dir():
        raise InputError(f"Expected a folder of images or one image, got {path.name!r}, which does not exist.")
    left_out: list[ImportNote] = []
    files = tuple(sorted(_walk(path, left_out.append)))
    source = Source(root=path, files=files, left_out=tuple(left_out))
    if not files:
        raise InputError(f"Expected images below the folder {path.name!r}, got no file.{source.why_less()}")
    return source


def endings_of(files: Iterable[Path]) -> str:
    """What the names of files end in, up to eight of it."""
    return ", ".join(sorted({readable(path.suffix.lower()) or "no ending" for path in files})[:8])


def attempt(read: Callable[[], _Read], where: str, note: Note) -> _Read | None:
    """What `read` gives, or None and a note with the reason: an unreadable file does not stop an import."""
    try:
        return read()
    except (InputError, OSError) as error:
        # Of files of the machine the reason alone: the folders that one lies in may name a person.
        text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        note(ImportNote(kind="refused", code="unreadable", where=where, text=text))
        return None


def with_readable_names(told: _Told) -> _Told:
    """The same with every text as Unicode: files from older systems have names in Latin-1, which nothing can store."""
    values = {field.name: getattr(told, field.name) for field in fields(told)}
    texts: dict[str, Any] = {name: readable(value) for name, value in values.items() if isinstance(value, str)}
    return replace(told, **texts)


def readable(name: str) -> str:
    r"""A name as Unicode.

    >>> readable(b"M\xfcller".decode(errors="surrogateescape"))
    'Müller'
    """
    return name.translate(_LATIN)


def _walk(root: Path, note: Note) -> Iterable[Path]:
    def set_aside(path: Path, code: str, text: str) -> None:
        note(_set_aside(code, path.relative_to(root).as_posix(), text))

    def refuse(error: OSError) -> None:
        where = Path(error.filename).relative_to(root).as_posix()
        text = f"The folder cannot be read: {error.strerror}."
        note(ImportNote(kind="refused", code="unreadable-folder", where=where, text=text))

    home = root.resolve()
    for folder, folders, names in os.walk(root, onerror=refuse):
        for name in [name for name in folders if (Path(folder) / name).is_symlink() or name.startswith(".")]:
            folders.remove(name)
            set_aside(Path(folder) / name, "folder-not-entered", _NOT_ENTERED)
        for path in (Path(folder) / name for name in names):
            if why := _why_not(path, home):
                set_aside(path, *why)
            else:
                yield path


def _why_not(path: Path, home: Path) -> tuple[str, str] | None:
    if path.name.startswith("."):
        return "hidden", "Hidden files are not read."
    if path.is_symlink() and not path.resolve().is_relative_to(home):
        return "outside-link", "A link that leads out of the source is not followed."
    if not path.is_file():
        return "not-a-file", "Not a regular file, or a link to nothing."
    return None


def _set_aside(code: str, where: str, text: str, count: int = 1) -> ImportNote:
    return ImportNote(kind="set aside", code=code, where=where, text=text, count=count)
