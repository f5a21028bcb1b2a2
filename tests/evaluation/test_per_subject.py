"""Means over subjects: intervals against scipy's, pairing, subjects that are missing."""

import numpy as np
import pytest
from scipy.stats import bootstrap as scipy_bootstrap

from medgraft.core.errors import InputError
from medgraft.core.seeds import rng
from medgraft.evaluation import mean_difference, mean_interval
from medgraft.evaluation.few_units import expanded

SUBJECTS = rng("subjects").normal(0.8, 0.1, 40)


def test_the_interval_is_the_percentile_interval_of_the_mean() -> None:
    found = mean_interval(SUBJECTS, n=20_000)
    level = {"method": "percentile", "confidence_level": 1 - 2 * expanded(0.025, 40)}
    oracle = scipy_bootstrap((SUBJECTS,), np.mean, n_resamples=20_000, rng=rng("oracle"), **level)
    assert found.value == pytest.approx(SUBJECTS.mean())
    np.testing.assert_allclose((found.low, found.high), oracle.confidence_interval, atol=2e-3)


def test_draws_of_a_subject_are_not_more_subjects() -> None:
    once, thrice = mean_interval(SUBJECTS), mean_interval(np.stack([SUBJECTS] * 3))
    assert (thrice.low, thrice.high) == pytest.approx((once.low, once.high))


def test_pairing_takes_out_what_subjects_share() -> None:
    other = SUBJECTS - 0.02 + rng("noise").normal(0, 0.005, 40)
    found = mean_difference("dice", SUBJECTS, other)
    assert 0.01 < found.low < found.value < found.high < 0.03
    assert found.value == pytest.approx((SUBJECTS - other).mean())
    assert found.p_value < 0.01
    apart = mean_interval(SUBJECTS)
    assert found.high - found.low < (apart.high - apart.low) / 5


def test_equal_arms_do_not_differ() -> None:
    found = mean_difference("dice", SUBJECTS, SUBJECTS)
    assert (found.value, found.low, found.high, found.p_value) == (0, 0, 0, 1)


def test_a_subject_without_a_value_is_left_out_on_both_sides() -> None:
    holed = SUBJECTS.copy()
    holed[3] = np.nan
    found = mean_difference("dice", holed, SUBJECTS - 0.1)
    assert found.value == pytest.approx(0.1)
    assert found.value_b == pytest.approx(np.delete(SUBJECTS, 3).mean() - 0.1)
    assert mean_interval(np.stack([holed, SUBJECTS])).value == pytest.approx(SUBJECTS.mean())


def test_a_single_subject_has_no_interval() -> None:
    assert np.isnan(
        [mean_interval(np.array([0.7])).low, mean_difference("dice", np.array([0.7]), np.array([0.6])).p_value]
    ).all()


def test_only_measured_subjects_count_as_subjects() -> None:
    """Partial labels: a figure that one of ten has says nothing of how it varies, three cannot be a small p."""
    one = np.array([0.8, *[np.nan] * 9])
    assert np.isnan(mean_interval(one).low)
    assert np.isnan(mean_difference("Dice", one, one - 0.1).p_value)
    three = np.array([0.8, 0.9, 0.7, *[np.nan] * 9])
    assert mean_difference("Dice", three, three - 0.1).p_value == pytest.approx(0.25)


def test_other_subjects_are_refused() -> None:
    with pytest.raises(InputError, match="same subjects"):
        mean_difference("dice", SUBJECTS, SUBJECTS[1:])
    with pytest.raises(InputError, match="at least one subject"):
        mean_interval(np.zeros((3, 0)))
