"""Where jobs are done: one method, so that a pool or a cluster can take the local desk's place."""

from concurrent.futures import Future
from typing import Protocol

from medgraft.core.progress import Report, silent
from medgraft.study.desk import Desk
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


class LocalExecutor:
    """One desk in this process: a job is done before `submit` returns."""

    workers = 1

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def submit(self, job: Job[Trial], report: Report = silent) -> Future[list[Trained]]:
        """A future that is done. What goes wrong is raised at once."""
        done: Future[list[Trained]] = Future()
        done.set_result(self.desk.work(job, report))
        return done
