"""Ledger: what became of every file of an import, so that none is lost silently."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from medgraft.core.cohort import ImportNote, NoteKind
from medgraft.images.frame import Frame
from medgraft.images.problem import UnusableFileError

Write = Callable[[ImportNote], None]


@dataclass(frozen=True, kw_only=True)
class Remark:
    """A note about frames, before it is known which of their files end up in a stack after all."""

    kind: NoteKind
    code: str
    text: str
    frames: Sequence[Frame]


class Ledger:
    """Passes notes on. Files lost ("refused", "set aside") are counted once, and only if no stack uses them."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._used: set[Path] = set()
        self._told: set[Path] = set()
        self._losses: list[Remark] = []

    def file(self, problem: UnusableFileError, path: Path, where: str) -> None:
        """A file that gave no frames."""
        self._told.add(path)
        self._write(ImportNote(kind=problem.kind, code=problem.code, where=where, text=str(problem)))

    def use(self, frames: Iterable[Frame]) -> None:
        """These frames are part of a stack."""
        self._used.update(frame.path for frame in frames)

    def add(self, remarks: Iterable[Remark]) -> None:
        """Pass on what was repaired and noticed; keep what was lost until `close`."""
        for remark in remarks:
            if remark.kind in ("refused", "set aside"):
                self._losses.append(remark)
            else:
                self._write(_note(remark, remark.kind, len({frame.path for frame in remark.frames})))

    def close(self) -> None:
        """Pass on the losses. Of a multi-frame file that is used in part, the lost frames are only "noticed"."""
        for remark in self._losses:
            paths = {frame.path for frame in remark.frames}
            lost = paths - self._used - self._told
            self._told |= lost
            self._write(_note(remark, remark.kind if lost else "noticed", len(lost or paths)))
        self._losses.clear()


def _note(remark: Remark, kind: NoteKind, count: int) -> ImportNote:
    where = min((frame.where for frame in remark.frames), default="")
    return ImportNote(kind=kind, code=remark.code, where=where, text=remark.text, count=count)
