"""Several processes train as one does with whole batches."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch import Tensor

from medgraft.training.parallel import Replica

PROCESS = Path(__file__).with_name("replica.py")


@pytest.mark.slow
def test_two_processes_train_as_one_with_the_double_batch(tmp_path: Path) -> None:
    (alone,) = trained_by(1, tmp_path / "alone")
    first, second = trained_by(2, tmp_path / "together")
    assert all(torch.equal(value, second[name]) for name, value in first.items())
    torch.testing.assert_close(first["losses"], alone["losses"], rtol=0, atol=1e-5)
    assert alone["losses"][0] - alone["losses"][-1] > 1e-2
    for name, value in alone.items():
        torch.testing.assert_close(first[name], value, rtol=0, atol=1e-5)


def trained_by(count: int, folder: Path) -> list[dict[str, Tensor]]:
    """What each process ended with."""
    folder.mkdir()
    environment = {**os.environ, "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen([sys.executable, PROCESS, str(rank), str(count), folder], env=environment)
        for rank in range(count)
    ]
    assert [process.wait(timeout=120) for process in processes] == [0] * count
    return [load_file(folder / f"{rank}.safetensors") for rank in range(count)]


@given(st.integers(1, 40), st.integers(1, 9))
def test_shares_are_even_and_leave_nothing_out(n_rows: int, count: int) -> None:
    rows = np.arange(n_rows) + 100
    shares = [Replica(rank=rank, count=count).share(rows) for rank in range(count)]
    assert {len(share) for share in shares} == {-(-n_rows // count)}
    assert set(np.concatenate(shares).tolist()) == set(rows.tolist())
    if n_rows % count == 0:
        assert sorted(np.concatenate(shares).tolist()) == rows.tolist()
