"""Where trials run: one method, so that a cluster can take the local desk's place."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from medgraft.core.progress import Progress, Report, silent
from medgraft.study.runs import Run
from medgraft.study.trial import ALL_DATA, Desk, Trial


class Executor(Protocol):
    """Runs trials that do not depend on each other."""

    def run(self, trials: Sequence[Trial], report: Report = silent) -> Iterator[Run]:
        """The runs, in the order of the trials."""
        ...


class LocalExecutor:
    """One trial after the other on one desk in this process."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def run(self, trials: Sequence[Trial], report: Report = silent) -> Iterator[Run]:
        """The runs, in the order of the trials."""
        for index, trial in enumerate(trials):
            stage = f"{trial.plan.name}, depth {trial.depth}, seed {trial.data.seed}"
            detail = f"rate {trial.training.rate:g}, " + (
                f"fold {trial.fold + 1}" if trial.fold != ALL_DATA else "all data"
            )
            report(Progress(stage=stage, done=index, total=len(trials), detail=detail))
            yield self.desk.run(trial, report)
            report(Progress(stage=stage, done=index + 1, total=len(trials), detail=detail))
