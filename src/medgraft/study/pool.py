"""A pool of processes on this machine: each has a desk; they share the cache and, if there is one, the GPU."""

import os
import pickle
import signal
import threading
import time
from concurrent.futures import BrokenExecutor, Future
from dataclasses import replace
from types import TracebackType
from typing import Self

from loky.process_executor import ProcessPoolExecutor

from medgraft.core.progress import Report, silent
from medgraft.study.desk import Desk
from medgraft.study.trained import Trained
from medgraft.study.work import DeskSettings, Job, Trial

#: How often a worker looks whether the process that started it is still there.
_LOOK_SECONDS = 1.0
#: The desk of this process, once it is a worker.
_DESK: list[Desk] = []


class PoolExecutor:
    """Some processes that do one job each at a time; they end with the `with` statement, or with this process.

    A process that is killed takes the pool with it: its jobs come back as broken, and the next one starts a new pool.
    """

    def __init__(self, workers: int, settings: DeskSettings) -> None:
        """Start the processes.

        Args:
            workers: how many.
            settings: of each desk; without a number of threads, the processors are shared out evenly.
        """
        threads = settings.compute.threads or max(1, (os.cpu_count() or 1) // workers)
        self.workers = workers
        self._settings = replace(settings, compute=replace(settings.compute, threads=threads))
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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._processes.shutdown(kill_workers=True)

    def _submit(self, packed: bytes) -> Future[list[Trained]]:
        future: Future[list[Trained]] = self._processes.submit(_work, packed)
        return future

    def _start(self) -> ProcessPoolExecutor:
        # Threads are counted when torch is imported, before `Compute` has its say.
        env = {"OMP_NUM_THREADS": str(self._settings.compute.threads)}
        return ProcessPoolExecutor(self.workers, initializer=_set_up, initargs=(self._settings,), env=env)


def _set_up(settings: DeskSettings) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    _DESK.append(Desk(settings))


def _end_with(parent: int) -> None:
    """End this process, whatever it is doing, when the one that started it was killed: nobody waits for its work."""
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)


def _work(packed: bytes) -> list[Trained]:
    job: Job[Trial] = pickle.loads(packed)  # noqa: S301 (written by `submit`, in the memory of the process that started this one)
    return _DESK[0].work(job)
