"""What a study costs: said beforehand, kept within limits, and halved at a stated price."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from medgraft.core.errors import InputError
from medgraft.study import StudyFile, estimate_study

#: Half precision keeps 11 bits: after head-only training probabilities move by less than this.
HALF_PRECISION = 2e-3


def bytes_on_disk(cache: Path) -> int:
    return sum(np.load(path, mmap_mode="r").nbytes for path in cache.rglob("*.npy"))


@pytest.mark.parametrize("staging", ["per-fold", "paper"])
def test_the_estimate_counts_what_is_really_done(
    make_bench: Callable[[], Any], tiny: Callable[..., StudyFile], staging: str
) -> None:
    bench = make_bench()
    study = tiny(staging=staging, seeds=[7])
    said = estimate_study(study, bench.hearts.samples, bench.hearts.read, torch.device("cpu"))
    bench.study(study)
    assert sum(stage.trainings for stage in said.stages) == len(bench.trials)
    assert sum(stage.cache_bytes for stage in said.stages) == bytes_on_disk(bench.folder / "cache")
    assert said.n_rows == bench.trials[0].data.row_starts[-1]
    assert (said.n_subjects, said.n_samples, said.n_test) == (12, 120, 30)
    assert all(stage.cut and stage.seconds > 0 for stage in said.stages)
    done = sum(trial.training.epochs * -(-int(trial.data.copies[trial.train].sum()) // 32) for trial in bench.trials)
    assert sum(stage.updates for stage in said.stages) >= done


def test_the_estimate_is_for_all_seeds(hearts: Any, tiny: Callable[..., StudyFile]) -> None:
    said = estimate_study(tiny(seeds=[1, 2, 3]), hearts.samples, hearts.read, torch.device("cpu"))
    assert said.n_seeds == 3
    assert said.seconds == pytest.approx(3 * sum(stage.seconds for stage in said.stages))


def test_half_precision_takes_half_the_disk_and_changes_little(
    make_bench: Callable[[], Any], tiny: Callable[..., StudyFile]
) -> None:
    stages = [{"depth": 0, "rates": [0.01], "epochs": 5}]
    whole, half = make_bench(), make_bench()
    expected = whole.study(tiny(stages=stages)).stages[0]
    got = half.study(tiny(stages=stages, cache={"dtype": "float16"})).stages[0]
    assert bytes_on_disk(half.folder / "cache") * 2 == bytes_on_disk(whole.folder / "cache")
    last = [np.stack([b.store.read(run).history.scores for run in s.runs]) for b, s in ((whole, expected), (half, got))]
    change = np.abs(last[0] - last[1]).max()
    assert 0 < change < HALF_PRECISION


def test_a_cache_that_would_be_too_large_says_what_to_do(
    make_bench: Callable[[], Any], tiny: Callable[..., StudyFile]
) -> None:
    bench = make_bench()
    with pytest.raises(InputError, match=r"fewer draws.*float16.*limit_gb"):
        bench.study(tiny(cache={"limit_gb": 1e-6}))
    assert list(bench.store.root.glob("*/run.json")) == []
    assert bytes_on_disk(bench.folder / "cache") == 0


def test_nothing_is_cached_twice(make_bench: Callable[[], Any], tiny: Callable[..., StudyFile]) -> None:
    """Rates, folds and later starts share what the frozen part made of the pictures."""
    bench = make_bench()
    bench.study(tiny())
    folders = {path.name: path.stat().st_mtime_ns for path in (bench.folder / "cache").iterdir() if path.is_dir()}
    assert len(folders) == 2
    bench.study(tiny(stages=[{"depth": 0, "rates": [0.05], "epochs": 1}]))
    assert {p.name: p.stat().st_mtime_ns for p in (bench.folder / "cache").iterdir() if p.is_dir()} == folders
