"""Two phases are labelled and no more, what is said of a beat is what it says, and the piece works at toy size."""

from pathlib import Path

import numpy as np
import pytest
from benchmarks.hearts import drawn_hearts, labelled_phases
from benchmarks.over_time import OverTime, variation
from benchmarks.place import Place


def test_readers_drew_two_phases_and_the_truth_has_all():
    hearts = drawn_hearts({"train": 2, "test": 1}, side=16, n_phases=4)
    for item in hearts.samples.items:
        heart = hearts.hearts[item.stack]
        drawn, truth = hearts.mask(item.stack), hearts.truth(item.stack)
        assert item.phases == tuple(sorted(labelled_phases(heart))) == tuple(np.flatnonzero(drawn.any(axis=(1, 2, 3))))
        assert np.array_equal(drawn[list(item.phases)], truth[list(item.phases)])
        assert truth.any(axis=(1, 2, 3)).all()
    assert {item.split for item in hearts.samples.items} == {"train", "test"}


def test_variation_is_that_of_the_formula_and_blind_to_size_and_start():
    volumes = 100 + 40 * np.cos(2 * np.pi * np.arange(8) / 8)
    # The second difference of cos(w t) is -2 (1 - cos w) cos(w t), closed over one beat.
    expected = 40 * 2 * (1 - np.cos(np.pi / 4)) * np.abs(np.cos(np.pi * np.arange(8) / 4)).mean()
    assert variation(volumes) == pytest.approx(expected)
    assert variation(np.roll(volumes, 3) + 20) == pytest.approx(expected)
    assert variation(np.full(8, 5.0)) == 0


@pytest.mark.slow
def test_it_works_at_toy_size(tmp_path: Path):
    measured = OverTime().measure(Place(root=tmp_path, toy=True))
    assert len(measured.results) == 6
    assert all(line.ours is not None and line.peer is not None for line in measured.results)
    assert all(len(model["validation"]) == 2 for each in measured.parts["trainings"].values() for model in each)
    for rows in measured.parts["beats"].values():
        assert {beat["subject"] for row in rows for beat in row} == {"two005", "two006"}
        assert {len(beat["volumes"]) for row in rows for beat in row} == {4}
