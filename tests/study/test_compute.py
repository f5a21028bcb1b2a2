"""How a process computes changes no number beyond what is promised."""

import dataclasses
import os
import platform
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


@pytest.fixture(scope="module")
def whole(make_bench: Callable[[], Any], tiny: Callable[..., StudyFile]) -> tuple[Any, list[np.ndarray]]:
    """A study computed as ever: its bench, and its scores."""
    bench = make_bench()
    return bench, scores(bench, tiny(stages=GRID))


def test_mixed_precision_changes_little_and_is_another_training(
    whole: tuple[Any, list[np.ndarray]], tiny: Callable[..., StudyFile]
) -> None:
    bench, expected = whole
    mixed = scores(bench, tiny(stages=GRID, precision="mixed"))
    change = [float(np.abs(one - other).max()) for one, other in zip(expected, mixed, strict=True)]
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
    whole: tuple[Any, list[np.ndarray]], make_bench: Callable[[], Any], tiny: Callable[..., StudyFile]
) -> None:
    try:
        strict = [scores(make_bench(), tiny(stages=GRID), Compute(device="cpu", deterministic=True)) for _ in range(2)]
        assert torch.are_deterministic_algorithms_enabled()
    finally:
        torch.use_deterministic_algorithms(False)
    for one, two, three in zip(*strict, whole[1], strict=True):
        assert one.tobytes() == two.tobytes() == three.tobytes()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch's own, while it compiles
def test_compiled_networks_give_the_same_answers(
    make_bench: Callable[[], Any], tiny: Callable[..., StudyFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Up to the graphs that torch takes from them; what C++ it makes of these is its own affair, and takes a minute."""
    compile_part, compiled_parts = torch.nn.Module.compile, []

    def compile_graphs(part: torch.nn.Module) -> None:
        compiled_parts.append(part)
        compile_part(part, backend="aot_eager")

    monkeypatch.setattr(torch.nn.Module, "compile", compile_graphs)
    stages = [{"depth": 1, "rates": [0.01], "epochs": 1}]
    study = tiny(networks=[{"network": "cbr_tiny", "size": 76}], scratch_stages=stages, folds=2)
    plain = scores(make_bench(), study)
    assert not compiled_parts
    compiled = scores(make_bench(), study, Compute(device="cpu", compiled=True))
    assert len(compiled_parts) == 2, "what is frozen, and what is trained"
    for one, other in zip(plain, compiled, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


#: Page faults of a large buffer that is made again and again, before and after; and how many threads there are then.
SET_UP = """
import resource
import torch
from medgraft.study import Compute

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        torch.ones(12_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

loose = faults()
Compute(device="cpu", threads=1).prepare()
faults()
print(loose, faults(), torch.get_num_threads())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="memory is kept where glibc gives it")
def test_threads_are_set_and_memory_is_kept() -> None:
    """In a process of its own: what others did before leaves memory that is kept or free."""
    environment = os.environ | {"OMP_NUM_THREADS": "2"}
    said = subprocess.run(
        [sys.executable, "-c", SET_UP], env=environment, capture_output=True, text=True, check=True
    ).stdout
    loose, kept, threads = map(int, said.split())
    assert kept < loose / 4
    assert threads == 1
