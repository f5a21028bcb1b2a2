"""Kappas against scikit-learn, Fleiss' own example and laws; boundaries against plain numpy."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from medgraft.core.errors import InputError
from medgraft.core.seeds import rng
from medgraft.evaluation import (
    boundary_agreement,
    cohen_kappa,
    fleiss_kappa,
    observed_agreement,
)

WEIGHTINGS = {"none": None, "linear": "linear", "quadratic": "quadratic"}
FEW = {"n": 50}

#: Fleiss 1971, Table 1: 30 patients, 6 psychiatrists, how many named each of 5 diagnoses.
DIAGNOSES = """
00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031
00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006
"""


def noisy_readers(seed: int, n_readers: int = 3, n: int = 120) -> np.ndarray:
    """Classes (N, R) of readers who mostly agree."""
    random = rng(seed, "readers")
    truth = random.integers(0, 3, n)
    noise = random.integers(0, 3, (n, n_readers))
    return np.where(random.random((n, n_readers)) < 0.7, truth[:, None], noise)


def subjects(n: int) -> np.ndarray:
    return np.repeat(np.arange(n), 4)[:n]


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize("seed", range(5))
def test_cohens_kappa_is_scikit_learns(weighting: str, seed: int) -> None:
    a, b = noisy_readers(seed, 2).T
    found = cohen_kappa(a, b, subjects(len(a)), 3, weighting=weighting, **FEW)
    assert found.value == pytest.approx(cohen_kappa_score(a, b, weights=WEIGHTINGS[weighting]))
    assert found.low < found.value < found.high


def test_weights_follow_the_order_that_is_given() -> None:
    a, b = noisy_readers(1, 2).T
    rank = np.array([1, 2, 0])  # class 2 comes first, then 0, then 1
    found = cohen_kappa(a, b, subjects(len(a)), 3, weighting="linear", order=(2, 0, 1), **FEW)
    assert found.value == pytest.approx(cohen_kappa_score(rank[a], rank[b], weights="linear"))


def test_fleiss_kappa_is_that_of_his_paper() -> None:
    rows = [[int(digit) for digit in word] for word in DIAGNOSES.split()]
    ratings = np.array([np.repeat(np.arange(5), row) for row in rows])
    assert ratings.shape == (30, 6)
    assert fleiss_kappa(ratings, np.arange(30), 5, **FEW).value == pytest.approx(0.430, abs=5e-4)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.permutations(range(3)))
def test_the_order_of_readers_does_not_matter(seed: int, places: list[int]) -> None:
    ratings = noisy_readers(seed, n=40)
    whose, shuffled = subjects(40), ratings[:, places]
    assert fleiss_kappa(ratings, whose, 3, **FEW) == fleiss_kappa(shuffled, whose, 3, **FEW)
    for weighting in WEIGHTINGS:
        one = cohen_kappa(ratings[:, 0], ratings[:, 1], whose, 3, weighting=weighting, **FEW)
        other = cohen_kappa(ratings[:, 1], ratings[:, 0], whose, 3, weighting=weighting, **FEW)
        assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    ratings, whose = noisy_readers(seed, n=40), subjects(40)
    rows = rng(seed, "rows").permutation(40)
    before, after = (fleiss_kappa(ratings[at], whose[at], 3, **FEW) for at in (np.arange(40), rows))
    assert (before.value, before.low, before.high) == pytest.approx((after.value, after.low, after.high))


def kappas(ratings: np.ndarray) -> dict[str, float]:
    whose = subjects(len(ratings))
    found = {w: cohen_kappa(ratings[:, 0], ratings[:, 1], whose, 3, weighting=w, **FEW) for w in WEIGHTINGS}
    found["fleiss"] = fleiss_kappa(ratings, whose, 3, **FEW)
    return {name: interval.value for name, interval in found.items()}


def test_perfect_agreement_is_one() -> None:
    same = np.repeat(noisy_readers(3, 1), 3, axis=1)
    assert set(kappas(same).values()) == {1.0}
    assert observed_agreement(same[:, 0], same[:, 1], subjects(len(same)), **FEW).value == 1


def test_chance_is_about_zero() -> None:
    ratings = rng(5, "chance").integers(0, 3, (6000, 3))
    assert kappas(ratings) == pytest.approx(dict.fromkeys(kappas(ratings), 0.0), abs=0.03)


def test_near_misses_cost_less_the_more_they_are_weighted() -> None:
    a = np.tile([0, 1, 2], 30)
    b = np.where(np.arange(90) % 5 == 0, np.clip(a + 1, 0, 2), a)
    found = kappas(np.stack([a, b, b], axis=1))
    assert found["none"] < found["linear"] < found["quadratic"] < 1


def test_one_class_alone_says_nothing() -> None:
    assert all(math.isnan(value) for value in kappas(np.ones((8, 3), int)).values())


def test_an_interval_speaks_of_patients_not_of_slices() -> None:
    """Every slice of a patient ten times over: the value and the interval stay as they are."""
    a, b = noisy_readers(2, 2).T
    once = cohen_kappa(a, b, subjects(120), 3)
    often = cohen_kappa(np.tile(a, 10), np.tile(b, 10), np.tile(subjects(120), 10), 3)
    assert (once.low, once.high) == pytest.approx((often.low, often.high))


@pytest.mark.parametrize(
    ("ratings", "changes", "message"),
    [
        (np.zeros((0, 2), int), {}, "at least one unit"),
        (np.array([[0, 3]]), {}, "below 3"),
        (np.array([[-1, 0]]), {}, "from 0"),
        (np.array([[0, 1]]), {"order": (0, 1)}, "order of all classes"),
        (np.array([[0, 1]]), {"weighting": "cubic"}, "Available: none, linear, quadratic"),
        (np.array([[0, 1]]), {"level": 2}, "level between 0 and 1"),
    ],
)
def test_mistakes_teach(ratings: np.ndarray, changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        cohen_kappa(*ratings.T, np.arange(len(ratings)), 3, **changes)


def test_readers_of_different_units_teach() -> None:
    for compare in (observed_agreement, lambda a, b, whose: cohen_kappa(a, b, whose, 3)):
        with pytest.raises(InputError, match=r"same units by both readers, got \(2,\) and \(1,\)"):
            compare(np.array([0, 1]), np.array([0]), np.arange(2))
        with pytest.raises(InputError, match="from 0"):
            compare(np.array([0, 1]), np.array([0, np.nan]), np.arange(2))


def test_differences_are_those_of_numpy() -> None:
    random = rng(4, "positions")
    a, b = random.integers(0, 5, (2, 40))
    spacing = random.choice([8.0, 10.0], 40)
    found = boundary_agreement("OBS|IN", a, b, np.arange(40), spacing)
    for differences, values in ((found.slices, a - b), (found.mm, (a - b) * spacing)):
        assert differences is not None
        assert differences.n == 40
        assert differences.mean.value == pytest.approx(values.mean())
        assert differences.absolute.value == pytest.approx(np.abs(values).mean())
        assert differences.lower.value == pytest.approx(values.mean() - 1.96 * values.std(ddof=1))
        assert differences.upper.value == pytest.approx(values.mean() + 1.96 * values.std(ddof=1))
        assert differences.upper.low < differences.upper.value < differences.upper.high


def test_who_is_named_first_only_turns_the_sign() -> None:
    a, b = rng(6, "positions").integers(0, 5, (2, 40))
    one, other = (boundary_agreement("x", *pair, subjects(40), np.full(40, 8.0), **FEW) for pair in ((a, b), (b, a)))
    assert one.slices.mean.value == -other.slices.mean.value
    assert one.slices.absolute == other.slices.absolute
    assert one.slices.lower.value == pytest.approx(-other.slices.upper.value)


def test_stacks_without_spacing_have_no_mm() -> None:
    unknown = np.array([np.nan, 8.0, np.nan])
    some = boundary_agreement("x", np.array([1, 2, 3]), np.array([1, 1, 1]), np.arange(3), unknown, **FEW)
    assert some.mm is not None
    assert (some.slices.n, some.mm.n, some.mm.mean.value) == (3, 1, 8)
    assert math.isnan(some.mm.upper.value)
    none = boundary_agreement("x", np.array([1]), np.array([1]), np.arange(1), np.array([np.nan]), **FEW)
    assert none.mm is None


def test_positions_of_different_stacks_cannot_be_compared() -> None:
    with pytest.raises(InputError, match="same stacks"):
        boundary_agreement("x", np.array([1]), np.array([1, 2]), np.arange(1), np.array([8.0]))
