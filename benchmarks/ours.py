"""Ours: a study run as a user's is, cache and runs on disk and all. The only file that knows the engine's seam."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.slices import Slices
from medgraft.core.progress import Report, silent
from medgraft.study import (
    Compute,
    Desk,
    DeskSettings,
    LocalExecutor,
    PoolExecutor,
    RunStore,
    StudyFile,
    StudyOutcome,
    run_study,
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Ours:
    """A study that was run."""

    outcome: StudyOutcome
    store: RunStore

    def scores(self, rate: float, fold: int) -> NDArray[np.float32]:
        """(E, n, K) probabilities on a fold's validation slices after each epoch of the first stage."""
        stage = self.outcome.stages[0]
        n_folds = len(stage.runs) // len(stage.rates)
        run = self.store.read(stage.runs[stage.rates.index(rate) * n_folds + fold])
        return run.history.scores


def run_ours(
    study: StudyFile, slices: Slices, folder: Path, *, device: str = "cpu", workers: int = 1, report: Report = silent
) -> Ours:
    """Run a study, or what is missing of it; `folder` holds its runs and its cache. workers: processes, 1 for this."""
    store = RunStore(root=folder / "runs")
    settings = DeskSettings(cache=folder / "cache", unfinished=store.unfinished, compute=Compute(device=device))
    with PoolExecutor(workers, settings) if workers > 1 else nullcontext(LocalExecutor(Desk(settings))) as executor:
        outcome = run_study(study, slices.samples, slices.read, executor, store, report=report)
    return Ours(outcome=outcome, store=store)


#: Functions in which the engine waits for data, or updates weights: the end of their file's path, and their name.
READING: Sequence[tuple[str, str]] = (("study/graft.py", "_read"), ("core/ahead.py", "ahead"))
UPDATING: Sequence[tuple[str, str]] = (("torch/optim/sgd.py", "step"),)
