"""A pool of processes on this machine: each has a desk; they share the cache and, if there is one, the GPU."""

import pickle
from concurrent.futures import BrokenExecutor, Future
from contextlib import AbstractContextManager

from loky.process_executor import ProcessPoolExecutor

from medgraft.core.progress import Report, silent
from medgraft.study.desk import Desk
from medgraft.study.trained import Trained
from medgraft.study.work import DeskSettings, Job, Trial
from medgraft.study.worker import begin_work, environment, shared_out

#: The desk of this process, once it is a worker.
_DESK: list[Desk] = []


class PoolExecutor(AbstractContextManager["PoolExecutor"]):
    """Some processes that do one job each at a time; they end with the `with` statement, or with this process.

    A process that is killed takes the pool with it: its jobs come back as broken, and the next one starts a new pool.
    """

    def __init__(self, workers: int, settings: DeskSettings) -> None:
        """Start the processes.

        Args:
            workers: how many.
            settings: of each desk; without a number of threads, the processors are shared out evenly.
        """
        self.workers = workers
        self._settings = shared_out(settings, workers)
        self._processes = self._start()

    def submit(self, job: Job[Trial], report: Report = silent) -> Future[list[Trained]]:  # noqa: ARG002 (jobs tell nothing before they end)
        """Hand a job to the next process that is free."""
        packed = pickle.dumps(job)
        try:
            return self._submit(packed)
        except BrokenExecutor:
            self._processes.shutdown(kill_workers=True)
            self._processes = self._start()
            return self._submit(packed)

    def __exit__(self, *raised: object) -> None:
        self._processes.shutdown(kill_workers=True)

    def _submit(self, packed: bytes) -> Future[list[Trained]]:
        future: Future[list[Trained]] = self._processes.submit(_work, packed)
        return future

    def _start(self) -> ProcessPoolExecutor:
        env = environment(self._settings)
        return ProcessPoolExecutor(self.workers, initializer=_set_up, initargs=(self._settings,), env=env)


def _set_up(settings: DeskSettings) -> None:
    begin_work()
    _DESK.append(Desk(settings))


def _work(packed: bytes) -> list[Trained]:
    job: Job[Trial] = pickle.loads(packed)  # noqa: S301 (written by `submit`, in the memory of the process that started this one)
    return _DESK[0].work(job)
