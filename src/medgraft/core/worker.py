"""A process that works for the one that started it: a Ctrl-C is not for it, and it never outlives that one."""

import os
import signal
import threading
import time

#: How often a worker looks whether the process that started it is still there.
_LOOK_SECONDS = 1.0
#: The variable that says which process that is: it may be gone before a worker can ask.
_PARENT = "MEDGRAFT_PARENT"


def worker_environment(threads: int) -> dict[str, str]:
    """What a worker of this process starts with: threads are counted when torch is imported."""
    return {"OMP_NUM_THREADS": str(threads), _PARENT: str(os.getpid())}


def work_for_parent() -> None:
    """Make this process, which was started with `worker_environment`, a worker of the one that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(int(os.environ[_PARENT]),), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process, whatever it is doing, when the one that started it was killed: nobody waits for its work."""
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)
