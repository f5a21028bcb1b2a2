"""The GPU piece stops at its wall, goes on, and removes caches; tried on the CPU at toy size."""

import dataclasses
from pathlib import Path

import pytest
import torch
from benchmarks.gpu import Gpu
from benchmarks.place import Place
from benchmarks.slices import RandomSlices

from benchmarks import gpu


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(gpu, "_TOY", {"mobilenetv1_025": 32})
    monkeypatch.setattr(gpu, "_TOY_SIZE", RandomSlices(subjects=5, slices=3, side=32))
    return Place(root=tmp_path, toy=True, draws=1)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so(place: Place):
    (line,) = Gpu().measure(place).results
    assert (line.ours, line.ratio, line.note) == (None, None, "not run: no GPU")


@pytest.mark.slow
def test_it_stops_at_its_wall_and_goes_on(place: Place):
    stopped = Gpu(device="cpu").measure(dataclasses.replace(place, wall_s=0.0))
    assert (stopped.results, stopped.again) == ((), "0 of 1 networks done; call again to go on")
    (line,) = Gpu(device="cpu").measure(place).results
    assert line.ours is not None
    assert 0 < line.ours < 10
    assert line.peer == 2541
    assert "2 calls" in line.note
    assert not list(place.work.glob("gpu/**/*.npy"))
