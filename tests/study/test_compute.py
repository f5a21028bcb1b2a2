"""How a process computes changes no number beyond what is promised."""

import dataclasses
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from medgraft.study import Compute, Desk, StudyFile
from medgraft.study.compute import in_precision

GRID = [{"depth": 0, "rates": [0.1, 0.01], "epochs": 2}, {"depth": 1, "rates": [0.01], "epochs": 2}]

#: bfloat16 keeps 8 bits: after two epochs probabilities move by less than this.
MIXED = 0.1


def scores(bench: Any, study: StudyFile, compute: Compute | None = None) -> list[np.ndarray]:
    settings = bench.settings if compute is None else dataclasses.replace(bench.settings, compute=compute)
    return [stage.out_of_fold.y_score for stage in bench.study(study, desk=Desk(settings)).stages]


def test_mixed_precision_changes_little_and_is_another_training(
    make_bench: Callable[[], Any], tiny: Callable[..., StudyFile]
) -> None:
    bench = make_bench()
    whole, mixed = scores(bench, tiny(stages=GRID)), scores(bench, tiny(stages=GRID, precision="mixed"))
    change = [float(np.abs(one - other).max()) for one, other in zip(whole, mixed, strict=True)]
    assert all(0 < moved < MIXED for moved in change)
    assert len(list((bench.folder / "cache").glob("*/"))) == 4


def test_mixed_precision_gives_float32() -> None:
    layer = torch.nn.Linear(4, 4)
    run = in_precision(lambda x: (layer(x), x), "mixed", torch.device("cpu"))
    values = run(torch.ones(2, 4))
    assert [value.dtype for value in values] == [torch.float32] * 2
    assert not torch.equal(values[0], layer(torch.ones(2, 4)))
    assert in_precision(layer, "float32", torch.device("cpu")) is layer


def test_deterministic_computing_gives_equal_bytes(
    make_bench: Callable[[], Any], tiny: Callable[..., StudyFile]
) -> None:
    try:
        strict = [scores(make_bench(), tiny(stages=GRID), Compute(device="cpu", deterministic=True)) for _ in range(2)]
        assert torch.are_deterministic_algorithms_enabled()
    finally:
        torch.use_deterministic_algorithms(False)
    loose = scores(make_bench(), tiny(stages=GRID))
    for one, two, three in zip(*strict, loose, strict=True):
        assert one.tobytes() == two.tobytes() == three.tobytes()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch's own, while it compiles
def test_compiled_networks_give_the_same_answers(make_bench: Callable[[], Any], tiny: Callable[..., StudyFile]) -> None:
    plain = scores(make_bench(), tiny(stages=GRID))
    compiled = scores(make_bench(), tiny(stages=GRID), Compute(device="cpu", compiled=True))
    for one, other in zip(plain, compiled, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_threads_are_set_and_memory_is_kept() -> None:
    """In a process of its own: page faults of a large buffer that is made again and again."""
    script = """
import resource, torch
from medgraft.study import Compute
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        torch.ones(12_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
loose = faults()
Compute(threads=1).prepare()
faults()
print(torch.get_num_threads(), loose, faults())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    threads, loose, kept = map(int, done.stdout.split())
    assert threads == 1
    assert kept < loose / 10
