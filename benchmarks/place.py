"""Place: where a benchmark keeps things and under which settings it runs."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from benchmarks.result import Kept

#: Where public data lies beside a checkout (`../shared/data`); benchmarks go on with random slices where it is absent.
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@dataclass(frozen=True, kw_only=True)
class Place:
    """One run of the benchmarks.

    root: `build/`. toy: everything at the size of seconds, to see that it works; its figures mean nothing.
    wall_s, draws, precision, workers: for the GPU piece; after how many seconds it stops, None for no limit; recorded
    draws per slice; of the arithmetic; processes that share the GPU.
    """

    root: Path
    toy: bool = False
    wall_s: float | None = None
    draws: int = 4
    precision: str = "float32"
    workers: int = 1

    @property
    def kept(self) -> Kept:
        """Results of pieces."""
        return Kept(folder=self.root / ("bench-toy" if self.toy else "bench"))

    @property
    def work(self) -> Path:
        """What measuring leaves behind: a project, weights, caches. May be deleted at any time."""
        return self.kept.folder / "work"

    def fresh(self, name: str) -> Path:
        """An empty folder."""
        shutil.rmtree(self.work / name, ignore_errors=True)
        (self.work / name).mkdir(parents=True)
        return self.work / name
