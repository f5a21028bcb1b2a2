"""Where jobs are done: one method, so that this process, a pool, a group and a cluster can stand in for each other."""

from concurrent.futures import Future
from typing import Protocol

from medgraft.core.progress import Report, silent
from medgraft.study.trained import Trained
from medgraft.study.work import Job, Trial


class Executor(Protocol):
    """Does jobs that do not depend on each other."""

    @property
    def workers(self) -> int:
        """How many jobs it can do at once, now."""
        ...

    def submit(self, job: Job[Trial], report: Report = silent) -> Future[list[Trained]]:
        """Take a job.

        Its future holds what was trained, in the job's order, or what went wrong; `concurrent.futures.BrokenExecutor`
        where the worker was lost with the job, which may then be submitted again.
        """
        ...
