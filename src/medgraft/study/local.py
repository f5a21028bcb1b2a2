"""This process as the executor."""

from concurrent.futures import Future

from medgraft.core.progress import Report, silent
from medgraft.study.desk import Desk
from medgraft.study.trained import Trained
from medgraft.study.work import Job, Trial


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
