"""A worker that is ended leaves nothing behind, and nobody complains of it."""

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


@pytest.mark.slow
def test_no_semaphore_is_left_by_a_worker_that_is_ended() -> None:
    worker = subprocess.run([sys.executable, "-c", WORKS_AND_IS_ENDED], capture_output=True, text=True, check=False)
    assert (worker.stdout, worker.stderr) == ("", "")
