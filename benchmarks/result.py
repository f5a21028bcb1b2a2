"""Result: one line of the table, and the files that results are kept in."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Result:
    """One comparison. `ratio` above 1 means that we are better; all three are None for what was not run.

    ours, peer: in `unit`. note: against whom, under which conditions, what it does not show.
    """

    name: str
    ours: float | None
    peer: float | None
    ratio: float | None
    unit: str
    note: str


def less_is_better(name: str, ours: float, peer: float, unit: str, note: str) -> Result:
    """A result in seconds or the like.

    >>> less_is_better("fit", 2.0, 8.0, "s", "").ratio
    4.0
    """
    return Result(name=name, ours=ours, peer=peer, ratio=peer / ours, unit=unit, note=note)


def more_is_better(name: str, ours: float, peer: float, unit: str, note: str) -> Result:
    """A result in GFLOP/s, a share, or the like."""
    return Result(name=name, ours=ours, peer=peer, ratio=ours / peer, unit=unit, note=note)


def not_run(name: str, unit: str, why: str) -> Result:
    """What could not be measured here."""
    return Result(name=name, ours=None, peer=None, ratio=None, unit=unit, note=f"not run: {why}")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a piece leaves. parts: measured parts that other pieces build on, plain data.

    again: why the piece has to be called again to go on; "" if it is done.
    """

    results: tuple[Result, ...]
    parts: Mapping[str, Any] = field(default_factory=dict)
    again: str = ""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Results on disk: `<piece>.json` in a folder, whole or absent."""

    folder: Path

    def write(self, piece: str, fingerprint: str, measured: Measured) -> None:
        """Keep a finished piece at once."""
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self._path(piece).with_suffix(".new")
        draft.write_text(json.dumps({"fingerprint": fingerprint, **asdict(measured)}, indent=1) + "\n")
        draft.replace(self._path(piece))

    def has(self, piece: str, fingerprint: str) -> bool:
        """Whether a piece was measured with this very code and these settings."""
        return self._path(piece).exists() and self._content(piece)["fingerprint"] == fingerprint

    def results(self, piece: str) -> tuple[Result, ...]:
        """The lines of a piece; none if it was never measured."""
        if not self._path(piece).exists():
            return ()
        return tuple(Result(**line) for line in self._content(piece)["results"])

    def parts(self, piece: str) -> dict[str, Any]:
        """What a piece left for others; empty if it was never measured."""
        return dict(self._content(piece)["parts"]) if self._path(piece).exists() else {}

    def _path(self, piece: str) -> Path:
        return self.folder / f"{piece}.json"

    def _content(self, piece: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self._path(piece).read_text())
        return content


def join(results: Sequence[Result], path: Path) -> None:
    """All lines as one JSON list of `{name, ours, peer, ratio, unit, note}`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n")
