"""Rows, copies and recorded draws."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from medgraft.study import StudyData, StudyFile
from medgraft.study.study_data import study_data


@pytest.fixture
def data_of(hearts: Any, tiny: Callable[..., StudyFile]) -> Callable[..., StudyData]:
    def of(seed: int = 7, labels: Any = None, **changes: object) -> StudyData:
        samples = dataclasses.replace(hearts, labels=labels or hearts.labels).samples
        return study_data(tiny(**changes), samples, hearts.read, seed)

    return of


def test_rows_are_one_plain_and_the_draws_of_every_copy(data_of: Callable[..., StudyData]) -> None:
    data = data_of()
    everything = np.arange(len(data.samples))
    rows = [data.plain_rows(everything)]
    for position in data.training.tolist():
        draws = np.arange(data.draws * data.copies[position])
        assert len(data.choices(position)) == len(draws)
        rows.append(data.drawn_rows(np.full(len(draws), position), draws))
    assert sorted(np.concatenate(rows).tolist()) == list(range(data.row_starts[-1]))
    assert all(len(data.choices(position)) == 0 for position in data.test.tolist())


def test_copies_follow_the_class_in_training_only(data_of: Callable[..., StudyData]) -> None:
    data = data_of()
    wanted = np.asarray([3, 1, 2])  # OAP, IN, OBS
    np.testing.assert_array_equal(data.copies[data.training], wanted[data.labels[data.training]])
    assert set(data.copies[data.test].tolist()) == {1}


def test_draws_come_from_pixels_and_seed_and_not_from_labels(data_of: Callable[..., StudyData], hearts: Any) -> None:
    swap = {"OAP": "OBS", "OBS": "OAP", "IN": "OAP"}
    plain, relabelled = data_of(), data_of(labels={unit: swap[code] for unit, code in hearts.labels.items()})
    other_seed = data_of(seed=8)
    for position in plain.training.tolist():
        mine, theirs = plain.choices(position), relabelled.choices(position)
        shared = min(len(mine), len(theirs))
        np.testing.assert_array_equal(mine[:shared], theirs[:shared])
        assert (np.abs(mine) <= 45).all()
        assert not np.isin(mine, other_seed.choices(position)).any()
    drawn = np.concatenate([plain.choices(position)[:, 0] for position in plain.training.tolist()])
    assert len(np.unique(drawn)) == len(drawn)


def test_more_draws_keep_the_first_ones(data_of: Callable[..., StudyData]) -> None:
    few, many = data_of(draws=2), data_of(draws=5)
    for position in few.training.tolist():
        np.testing.assert_array_equal(few.choices(position), many.choices(position)[: len(few.choices(position))])


def test_without_a_test_everybody_is_trained_on(data_of: Callable[..., StudyData]) -> None:
    data = data_of(test=None)
    assert len(data.test) == 0
    assert data.training.tolist() == list(range(len(data.samples)))


def test_what_rows_hold_is_named(data_of: Callable[..., StudyData]) -> None:
    digests = [data_of().rows_digest, data_of(seed=8).rows_digest, data_of(draws=3).rows_digest]
    digests += [data_of(rotation=10.0).rows_digest, data_of(crop=0.5).rows_digest, data_of(balance={}).rows_digest]
    assert len(set(digests)) == len(digests)
    assert data_of(folds=4, batch_size=8, name="other").rows_digest == digests[0]
