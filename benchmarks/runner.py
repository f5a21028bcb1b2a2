"""Runner: pieces one after the other, each in a process of its own; what is done is kept, a killed run goes on."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import medgraft
from benchmarks.place import Place
from benchmarks.result import Kept, Measured, Result, join
from benchmarks.table import markdown
from medgraft.core.digest import digest, file_digest

#: What a piece's process answers: done, stopped at its wall (as in sysexits.h, "try again later"), or anything else.
DONE, AGAIN = 0, 75

_ROOT = Path(__file__).resolve().parents[1]

Measure = Callable[[str], int]


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Does the pieces of a run. measure: does one and keeps it, giving `DONE`, `AGAIN` or another code."""

    kept: Kept
    fingerprint: str
    measure: Measure
    say: Callable[[str], None] = print

    def run(self, pieces: Sequence[str], *, again: bool = False, always: frozenset[str] = frozenset()) -> int:
        """Do what is missing; a piece that fails does not stop the others. Gives the worst code.

        again: measure what is kept, too. always: pieces that are never taken as kept.
        """
        worst = DONE
        for piece in pieces:
            if not again and piece not in always and self.kept.has(piece, self.fingerprint):
                self.say(f"{piece}: kept from an earlier run of the same code (--again measures it again)")
                continue
            started = time.monotonic()
            code = self.measure(piece)
            self.say(f"{piece}: {_WORDS.get(code, f'failed with {code}')} after {time.monotonic() - started:.0f} s")
            worst = code if code not in _WORDS or worst == DONE else worst
        return worst


_WORDS: Mapping[int, str] = {DONE: "done", AGAIN: "stopped at its wall, call again to go on"}


def keep(place: Place, piece: str, fingerprint: str, measured: Measured) -> int:
    """Keep what a piece measured, unless it has to be called again. Gives the process's code."""
    if measured.again:
        print(f"{piece}: {measured.again}", flush=True)
        return AGAIN
    place.kept.write(piece, fingerprint, measured)
    return DONE


def in_process_of_its_own(arguments: Sequence[str], threads: int) -> Measure:
    """A way to measure: this program once more, for one piece, with a number of threads."""

    def measure(piece: str) -> int:
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "HF_HUB_OFFLINE": "1"}
        command = [sys.executable, "-m", "benchmarks", *arguments, "--here", piece]
        return subprocess.run(command, env=environment, cwd=_ROOT, check=False).returncode

    return measure


def publish(place: Place, pieces: Sequence[str], fingerprint: str, heading: str) -> list[Result]:
    """Join all lines there are into `bench.json` and `bench.md`; lines of other code say so."""
    lines = [line for piece in pieces for line in _lines(place.kept, piece, fingerprint)]
    join(lines, place.root / f"{place.kept.folder.name}.json")
    (place.root / f"{place.kept.folder.name}.md").write_text(markdown(lines, heading))
    return lines


def fingerprint_of(threads: int) -> str:
    """Digest of the code that is measured and that measures, and of the number of threads."""
    roots = (Path(medgraft.__file__).parent, Path(__file__).parent)
    files = [(root, path) for root in roots for path in sorted(root.rglob("*.py"))]
    return digest([[str(path.relative_to(root)), file_digest(path)] for root, path in files] + [threads])


def _lines(kept: Kept, piece: str, fingerprint: str) -> Sequence[Result]:
    lines = kept.results(piece)
    if not lines or kept.has(piece, fingerprint):
        return lines
    return [Result(**{**vars(line), "note": f"MEASURED WITH OTHER CODE OR SETTINGS; {line.note}"}) for line in lines]
