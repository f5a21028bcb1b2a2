"""Agreement of measurements, against published tables and scipy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from medgraft.core.errors import InputError
from medgraft.core.seeds import rng
from medgraft.evaluation import bland_altman, icc, pearson, pearson_difference
from medgraft.evaluation.arm import resamples
from medgraft.evaluation.few_units import expanded

#: Shrout and Fleiss 1979, table 2: six targets, four judges.
SHROUT_FLEISS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])

#: Bland and Altman 1986, table 1: peak expiratory flow of 17 subjects, Wright's meter and a mini meter, l/min.
WRIGHT = np.array([494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427])
MINI = np.array([512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451])

keys = st.integers(0, 10_000)


def two_ways(key: int, n: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Two noisy measurements of the same n subjects."""
    draw = rng("measured", key)
    truth = draw.normal(10, 2, n)
    return truth + draw.normal(0, 0.5, n), truth + draw.normal(0.3, 0.5, n)


@pytest.mark.parametrize(
    ("kind", "value", "low", "high"),
    # The values are Shrout and Fleiss' table 4 (ICC(2,1), ICC(3,1)), the intervals those of R's psych::ICC.
    [("A,1", 0.29, 0.019, 0.761), ("C,1", 0.71, 0.342, 0.946)],
)
def test_icc_of_the_published_table(kind: str, value: float, low: float, high: float) -> None:
    found = icc(SHROUT_FLEISS, kind)
    assert found.value == pytest.approx(value, abs=0.005)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.0006)
    assert found.n == 6


@pytest.mark.parametrize("kind", ["A,1", "C,1"])
@given(key=keys)
@settings(max_examples=25)
def test_icc_does_not_depend_on_order_scale_or_origin(kind: str, key: int) -> None:
    values = np.stack(two_ways(key), axis=1)
    expected = icc(values, kind).value
    assert icc(values[::-1, ::-1], kind).value == pytest.approx(expected)
    assert icc(3 * values + 7, kind).value == pytest.approx(expected)


@given(key=keys, shift=st.floats(2, 20))
@settings(max_examples=25)
def test_only_absolute_agreement_minds_a_constant_difference(key: int, shift: float) -> None:
    values = np.stack(two_ways(key), axis=1)
    shifted = values + np.array([0, shift])
    assert icc(shifted, "C,1").value == pytest.approx(icc(values, "C,1").value)
    assert icc(shifted, "A,1").value < icc(values, "A,1").value


@pytest.mark.parametrize("kind", ["A,1", "C,1"])
def test_perfect_agreement_is_one_and_no_variation_is_undefined(kind: str) -> None:
    assert icc(np.arange(5)[:, None] * [1, 1], kind).value == pytest.approx(1)
    assert np.isnan(icc(np.ones((5, 2)), kind).value)


def test_less_than_one_degree_of_freedom_gives_no_interval() -> None:
    """Three subjects of whom the two ways say the opposite: the quantile of F would be infinite."""
    found = icc(np.array([[10.41, 4.5], [8.75, 5.55], [10.18, 4.11]]))
    assert found.value < 0
    assert np.isnan([found.low, found.high]).all()


def test_icc_says_what_it_needs() -> None:
    with pytest.raises(InputError, match="two or more subjects"):
        icc(np.ones((1, 2)))
    with pytest.raises(InputError, match="Available: A,1, C,1"):
        icc(SHROUT_FLEISS, "A,k")


@given(key=keys)
@settings(max_examples=25)
def test_pearson_and_its_interval_are_scipys(key: int) -> None:
    a, b = two_ways(key)
    expected = stats.pearsonr(a, b)
    interval = expected.confidence_interval(0.95)
    found = pearson(a, b)
    assert (found.value, found.low, found.high) == pytest.approx((expected.statistic, interval.low, interval.high))


def test_limits_of_agreement_of_the_published_table() -> None:
    found = bland_altman(WRIGHT, MINI, np.arange(17))
    assert found.mean.value == pytest.approx(-2.1, abs=0.05)
    # The paper takes two standard deviations of 38.8 l/min: -79.7 to 75.5.
    assert found.upper.value - found.mean.value == pytest.approx(1.96 * 38.8, abs=0.1)
    # Its 95 % interval of the bias, by Student's t, is -22.0 to 17.8; resampling comes near.
    assert (found.mean.low, found.mean.high) == pytest.approx((-22.0, 17.8), abs=3)


@given(key=keys)
@settings(max_examples=10)
def test_turning_the_difference_round_turns_the_limits_round(key: int) -> None:
    a, b = two_ways(key)
    subject = np.repeat(np.arange(6), 2)
    forth, back = (bland_altman(*pair, subject, n=50) for pair in ((a, b), (b, a)))
    assert back.mean.value == pytest.approx(-forth.mean.value)
    assert (back.lower.value, back.lower.low) == pytest.approx((-forth.upper.value, -forth.upper.high))
    assert forth.lower.value <= forth.mean.value <= forth.upper.value


@given(key=keys)
@settings(max_examples=25)
def test_limits_of_several_values_of_a_subject_are_from_the_analysis_of_variance(key: int) -> None:
    """Between and within mean squares as SciPy's F ratio has them; equally many values of each."""
    differences = rng("several", key).normal(size=(6, 1)) * 3 + rng("several", key + 1).normal(size=(6, 4))
    subject = np.repeat(np.arange(6), 4)
    found = bland_altman(differences.ravel(), np.zeros(24), subject, n=50)
    within = differences.var(axis=1, ddof=1).mean()
    between = stats.f_oneway(*differences).statistic * within
    variance = max(between - within, 0) / 4 + within
    assert (found.upper.value - found.mean.value) / 1.96 == pytest.approx(np.sqrt(variance))


def test_values_that_are_all_repeated_widen_the_limits_as_fewer_subjects_do() -> None:
    """Every value twice is no further evidence: the limits are those of 17 subjects, not of 34."""
    once, twice = (
        bland_altman(np.repeat(WRIGHT, m), np.repeat(MINI, m), np.repeat(np.arange(17), m), n=50) for m in (1, 2)
    )
    assert (twice.lower.value, twice.upper.value) == pytest.approx((once.lower.value, once.upper.value))
    assert once.upper.value - once.mean.value == pytest.approx(1.96 * np.std(WRIGHT - MINI, ddof=1))


@pytest.mark.parametrize("n", [2, 3, 5, 17, 100])
def test_intervals_of_the_limits_are_nearly_those_of_the_noncentral_t(n: int) -> None:
    """Exact for one value of each subject (Carkeet 2015): mean + 1.96 deviations is a noncentral t."""
    values = rng("limits", n).normal(3, 10, n)
    found = bland_altman(values, np.zeros(n), np.arange(n), n=50).upper
    exact = values.mean() + values.std(ddof=1) * stats.nct.ppf([0.025, 0.975], n - 1, 1.96 * n**0.5) / n**0.5
    width = exact[1] - exact[0]
    assert (found.low, found.high) == pytest.approx(exact, abs=0.05 * width)


@pytest.mark.parametrize("sizes", [(4,) * 8, (1, 1, 1, 2, 2, 3, 5, 9)])
def test_intervals_of_the_limits_hold_the_true_ones_as_often_as_they_say(sizes: tuple[int, ...]) -> None:
    draw, subject = rng("coverage", len(set(sizes))), np.repeat(np.arange(8), sizes)
    held = 0
    for _ in range(1000):
        values = draw.normal(0, 3, 8)[subject] + draw.normal(0, 2, len(subject))
        lower = bland_altman(values, np.zeros(len(values)), subject, n=50).lower
        held += lower.low <= -1.96 * 13**0.5 <= lower.high
    assert 0.93 <= held / 1000 <= 0.98


def test_bland_altman_needs_values_of_the_same_subjects() -> None:
    with pytest.raises(InputError, match="values of the same subjects"):
        bland_altman(WRIGHT, MINI[:-1], np.arange(17))


@given(key=keys)
@settings(max_examples=10)
def test_a_difference_of_correlations_is_that_of_the_two_and_turns_round(key: int) -> None:
    a, reference = two_ways(key)
    b = a + rng("worse", key).normal(0, 2, len(a))
    found, back = pearson_difference(a, b, reference, n=200), pearson_difference(b, a, reference, n=200)
    assert found.value_a == pytest.approx(stats.pearsonr(a, reference).statistic)
    assert found.value_b == pytest.approx(stats.pearsonr(b, reference).statistic)
    assert found.value == pytest.approx(found.value_a - found.value_b)
    assert (back.value, back.low, back.high) == pytest.approx((-found.value, -found.high, -found.low))


def test_resampled_correlations_are_those_of_the_drawn_subjects() -> None:
    a, reference = two_ways(3)
    b = a + rng("worse", 3).normal(0, 2, len(a))
    found = pearson_difference(a, b, reference, n=400, seed=5)
    drawn = [np.repeat(np.arange(len(a)), times.astype(int)) for times in resamples(len(a), 400, 5)]
    tail = expanded(0.025, len(a))
    differences = [stats.pearsonr(a[i], reference[i])[0] - stats.pearsonr(b[i], reference[i])[0] for i in drawn]
    assert (found.low, found.high) == pytest.approx(np.quantile(differences, (tail, 1 - tail)))


def test_equal_measurements_correlate_equally_and_one_subject_says_nothing() -> None:
    a, reference = two_ways(1)
    same = pearson_difference(a, a, reference)
    assert (same.value, same.low, same.high, same.p_value) == (0, 0, 0, 1)
    assert np.isnan(pearson_difference(a[:1], a[:1], reference[:1]).value)
    with pytest.raises(InputError, match="one value per subject three times"):
        pearson_difference(a, a[1:], reference)


@pytest.mark.parametrize("a", [np.zeros(0), np.ones(1), np.ones(4), np.full(4, 0.1)])
def test_without_variation_there_is_no_correlation(a: np.ndarray) -> None:
    assert np.isnan(pearson(a, np.arange(len(a), dtype=float)).value)
