"""The plain loop trains what ours trains: same pictures, same order, same dropout, same validation."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from benchmarks.ours import run_ours
from benchmarks.peers.plain import Ask, PlainLoop
from benchmarks.peers.recorded import Recorded
from benchmarks.slices import RandomSlices

from medgraft.study import StudyFile

SOURCE = RandomSlices(subjects=4, slices=5, side=40)


@pytest.mark.parametrize("depth", [0, 1])
def test_the_plain_loop_and_ours_answer_alike_after_every_epoch(
    depth: int, toy_study: Callable[[int], StudyFile], tmp_path: Path
):
    study = toy_study(depth)
    with SOURCE.open() as slices:
        ours = run_ours(study, slices, tmp_path)
        loop = PlainLoop(Recorded(study=study, slices=slices), depth, torch.device("cpu"))
        plain = [loop.answer(Ask(rate=0.02, fold=1, epoch=epoch)).scores for epoch in range(2)]
    scores = ours.scores(0.02, 1)
    assert np.abs(plain[1] - plain[0]).max() > 1e-4  # it learns
    np.testing.assert_allclose(plain, scores, atol=1e-4)


def test_an_epoch_is_balanced_and_a_warm_up_leaves_nothing(toy_study: Callable[[int], StudyFile]):
    with SOURCE.open() as slices:
        loop = PlainLoop(Recorded(study=toy_study(0), slices=slices), 0, torch.device("cpu"))
        warm = loop.answer(Ask(rate=0.02, fold=0, epoch=0, warm_up=True))
        first = loop.answer(Ask(rate=0.02, fold=0, epoch=0))
    again = PlainLoop(loop.recorded, 0, torch.device("cpu")).answer(Ask(rate=0.02, fold=0, epoch=0))
    np.testing.assert_array_equal(first.scores, again.scores)
    # two of four subjects train: 20 slices, 4 of them OAP and seen twice; the other 20 are scored
    assert (warm.pictures, first.pictures) == (16 + 8, 24 + 20)
