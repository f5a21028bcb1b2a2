"""A process that works for the one that started it: it has its part of the processors, and never outlives it."""

import os
import signal
import threading
import time
from dataclasses import replace

from medgraft.study.work import DeskSettings

#: How often a worker looks whether the process that started it is still there.
_LOOK_SECONDS = 1.0


def shared_out(settings: DeskSettings, workers: int) -> DeskSettings:
    """Settings of each of some workers' desks; without a number of threads, the processors are shared out evenly."""
    threads = settings.compute.threads or max(1, (os.cpu_count() or 1) // workers)
    return replace(settings, compute=replace(settings.compute, threads=threads))


def environment(settings: DeskSettings) -> dict[str, str]:
    """What a worker's process starts with: threads are counted when torch is imported, before `Compute` has its say."""
    return {"OMP_NUM_THREADS": str(settings.compute.threads)}


def begin_work() -> None:
    """Make this process a worker of its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process, whatever it is doing, when the one that started it was killed: nobody waits for its work."""
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)
