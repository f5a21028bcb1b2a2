"""The memory of a process is split as the system splits it, and the piece finds the ball it wrote, by every way."""

import mmap
from pathlib import Path

import numpy as np
import pytest
import torch
from benchmarks.full_size import FullSize, OneWindowIn
from benchmarks.machine import PeakMemory, peak_resident_megabytes
from benchmarks.place import Place
from torch import Tensor, nn

from ..processes import wait_until


def test_pages_of_files_are_counted_apart(tmp_path: Path):
    size = 64 * 2**20
    path = tmp_path / "file"
    path.write_bytes(b"1" * size)
    if not peak_resident_megabytes():
        pytest.skip("this system does not say how much memory a process has")
    with (
        PeakMemory(every_s=0.005) as peak,
        path.open("rb") as file,
        mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) as pages,
    ):
        wait_until(lambda: peak.mapped, "a first look")
        anonymous, mapped = peak.megabytes, peak.mapped
        assert sum(pages[::4096]) == ord("1") * (size // 4096)
        wait_until(lambda: peak.mapped - mapped >= 0.9 * size / 2**20, "a look at the pages of the file")
    assert peak.megabytes - anonymous < 0.5 * size / 2**20
    assert peak_resident_megabytes() >= peak.mapped


def test_the_network_computes_one_window_in_so_many():
    class Counting(nn.Module):
        calls = 0

        def forward(self, images: Tensor) -> Tensor:
            self.calls += 1
            return images.expand(-1, 3, -1, -1, -1)

    network = Counting()
    model = OneWindowIn(network, 4)
    shapes = {model(torch.zeros(1, 1, 2, 2, 2)).shape for _ in range(9)}
    assert network.calls == 2
    assert shapes == {(1, 3, 2, 2, 2)}


@pytest.mark.slow
def test_it_works_at_toy_size(tmp_path: Path):
    measured = FullSize().measure(Place(root=tmp_path, toy=True))
    assert len(measured.results) == 4
    assert all(line.ours is not None and line.ours > 0 for line in measured.results)
    one_layer = [line for line in measured.results if "one layer" in line.name]
    # Muscle ends 0.6 + 0.1 cos(t) of half a side from the middle; a box of side 2 holds pi r^3 / 6 of it.
    radius = 0.6 + 0.1 * np.cos(2 * np.pi * 5 / 6)
    for line in one_layer:
        share = float(line.note.split("heart in ")[1].split(" %")[0]) / 100
        assert share == pytest.approx(np.pi * radius**3 / 6, abs=0.03)
    assert not (tmp_path / "bench-toy" / "work" / "full-size").exists()
