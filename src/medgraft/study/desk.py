"""The desk of one worker: the bench of the last job lies on it, since the jobs of one grid share it."""

from collections.abc import Callable, Mapping
from typing import Any

from medgraft.core.progress import Report, silent
from medgraft.study.curve.mask_bench import AssessmentBench, TrainingBench
from medgraft.study.curve.mask_trial import Assessment, MaskTraining
from medgraft.study.graft_bench import GraftBench
from medgraft.study.graft_trial import GraftTrial
from medgraft.study.trained import Trained
from medgraft.study.work import Bench, DeskSettings, Job, Trial

#: The bench that a kind of trial is done on, made from a job, the desk's settings, its device and a report.
BENCHES: Mapping[type, Callable[..., Any]] = {
    GraftTrial: GraftBench,
    MaskTraining: TrainingBench,
    Assessment: AssessmentBench,
}


class Desk:
    """Does jobs."""

    def __init__(self, settings: DeskSettings) -> None:
        """Set this process up."""
        self.settings = settings
        self._device = settings.compute.prepare()
        self._bench: Bench | None = None

    def work(self, job: Job[Trial], report: Report = silent) -> list[Trained]:
        """What the job's trials left, in its order."""
        if self._bench is None or not self._bench.serves(job):
            self._bench = None  # room for the next before it is made
            self._bench = BENCHES[type(job.trials[0])](job, self.settings, self._device, report)
        return self._bench.work(job, report)
