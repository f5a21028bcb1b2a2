"""A process that does jobs for the one that started it, with its part of the processors."""

import os
import threading
from dataclasses import replace

from torch.hub import tqdm  # type: ignore[attr-defined]  # that of torch, wherever it comes from

from medgraft.core.worker import work_for_parent, worker_environment
from medgraft.study.work import DeskSettings


def shared_out(settings: DeskSettings, workers: int) -> DeskSettings:
    """Settings of each of some workers' desks; without a number of threads, the processors are shared out evenly."""
    threads = settings.compute.threads or max(1, (os.cpu_count() or 1) // workers)
    return replace(settings, compute=replace(settings.compute, threads=threads))


def environment(settings: DeskSettings) -> dict[str, str]:
    """What a worker of this process starts with."""
    return worker_environment(settings.compute.threads or 1)


def begin_work() -> None:
    """Make this process, which was started with `environment`, a worker of the one that started it."""
    tqdm.set_lock(threading.RLock())  # torch's bars; their own is a semaphore, which a process that is ended leaves
    work_for_parent()
