"""A process that works for the one that started it: it has its part of the processors, and never outlives it."""

import os
import signal
import threading
import time
from dataclasses import replace

from torch.hub import tqdm  # type: ignore[attr-defined]  # that of torch, wherever it comes from

from medgraft.study.work import DeskSettings

#: How often a worker looks whether the process that started it is still there.
_LOOK_SECONDS = 1.0
#: The variable that says which process that is: it may be gone before a worker can ask.
_PARENT = "MEDGRAFT_PARENT"


def shared_out(settings: DeskSettings, workers: int) -> DeskSettings:
    """Settings of each of some workers' desks; without a number of threads, the processors are shared out evenly."""
    threads = settings.compute.threads or max(1, (os.cpu_count() or 1) // workers)
    return replace(settings, compute=replace(settings.compute, threads=threads))


def environment(settings: DeskSettings) -> dict[str, str]:
    """What a worker of this process starts with: its threads are counted when torch is imported, before `Compute`."""
    return {"OMP_NUM_THREADS": str(settings.compute.threads), _PARENT: str(os.getpid())}


def begin_work() -> None:
    """Make this process, which was started with `environment`, a worker of the one that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    tqdm.set_lock(threading.RLock())  # torch's bars; their own is a semaphore, which a process that is ended leaves
    threading.Thread(target=_end_with, args=(int(os.environ[_PARENT]),), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process, whatever it is doing, when the one that started it was killed: nobody waits for its work."""
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)
