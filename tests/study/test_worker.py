"""A worker that is ended leaves nothing behind, and nobody complains of it."""

import os
import subprocess
import sys

import pytest

#: torch runs a trace with a bar beside it, shown or not.
WORKS_AND_IS_ENDED = """
import multiprocessing, os, signal
import torch
from torch import fx, nn
from medgraft.study.worker import begin_work

multiprocessing.set_start_method("spawn")  # a worker is no fork, so that its semaphores have names
begin_work()
fx.Interpreter(fx.symbolic_trace(nn.ReLU())).run(torch.zeros(1))
os.kill(os.getpid(), signal.SIGTERM)
"""


#: Has work for ten minutes.
WORKS = "import time; from medgraft.study.worker import begin_work; begin_work(); time.sleep(600)"


def worker(program: str, parent: int) -> "subprocess.CompletedProcess[str]":
    """What a worker left that was started by a process."""
    environment = {**os.environ, "MEDGRAFT_PARENT": str(parent)}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=300)


@pytest.mark.slow
def test_no_semaphore_is_left_by_a_worker_that_is_ended() -> None:
    ended = worker(WORKS_AND_IS_ENDED, os.getpid())
    assert (ended.stdout, ended.stderr) == ("", "")


@pytest.mark.slow
def test_a_worker_ends_though_who_started_it_was_gone_before_it_began() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    assert worker(WORKS, gone.pid).returncode == 1
