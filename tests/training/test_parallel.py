"""Several processes train as one does with whole batches."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.functional import cross_entropy

from medgraft.training.parallel import ALONE, Replica

from . import replica


@pytest.mark.slow
def test_two_processes_train_as_one_with_the_double_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "lo")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    (tmp_path / "alone").mkdir()
    replica.main(0, 1, tmp_path / "alone")
    alone = load_file(tmp_path / "alone" / "0.safetensors")
    first, second = trained_by(2, tmp_path / "together")
    assert all(torch.equal(value, second[name]) for name, value in first.items())
    assert first["gathered"].tolist() == list(range(5)), "an uneven list, shared and put together again"
    torch.testing.assert_close(first["losses"], alone["losses"], rtol=0, atol=1e-5)
    assert alone["losses"][0] - alone["losses"][-1] > 1e-2
    for name, value in alone.items():
        torch.testing.assert_close(first[name], value, rtol=0, atol=1e-5)


def trained_by(count: int, folder: Path) -> list[dict[str, Tensor]]:
    """What each process ended with."""
    folder.mkdir()
    processes = [
        subprocess.Popen([sys.executable, replica.__file__, str(rank), str(count), folder]) for rank in range(count)
    ]
    assert [process.wait(timeout=300) for process in processes] == [0] * count
    return [load_file(folder / f"{rank}.safetensors") for rank in range(count)]


@given(st.integers(1, 40), st.integers(1, 9))
def test_every_row_is_in_one_share_and_shares_are_even(n_rows: int, count: int) -> None:
    rows = range(100, 100 + n_rows)
    shares = [list(Replica(rank=rank, count=count).share(rows)) for rank in range(count)]
    assert sorted(row for share in shares for row in share) == list(rows)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_one_process_alone_does_what_it_would_do_anyway() -> None:
    model = torch.nn.Linear(2, 2)
    assert ALONE.forward(model) is model
    assert ALONE.loss(cross_entropy) is cross_entropy
    assert ALONE.gathered(ALONE.share([3, 1, 2])) == [3, 1, 2]
