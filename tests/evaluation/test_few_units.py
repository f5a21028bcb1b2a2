"""Few units: intervals as long as Student's, which hold what they say; differences by chance are seldom significant."""

import numpy as np
import pytest
from scipy.stats import norm, t, ttest_1samp

from medgraft.core.seeds import rng
from medgraft.evaluation import mean_difference, mean_interval
from medgraft.evaluation.few_units import contracted, expanded


@pytest.mark.parametrize("n_units", [2, 3, 9, 60, 1000])
def test_a_percentile_of_a_normal_bootstrap_is_the_end_of_the_t_interval(n_units: int) -> None:
    """The bootstrap of a mean of spread s is about normal with spread s sqrt((n - 1) / n) / sqrt(n)."""
    end = norm.ppf(expanded(0.025, n_units)) * np.sqrt((n_units - 1) / n_units)
    assert end == pytest.approx(t.ppf(0.025, n_units - 1))
    assert contracted(expanded(0.025, n_units), n_units) == pytest.approx(0.025)


@pytest.mark.parametrize("n_subjects", [8, 12, 40])
def test_means_of_symmetric_values_have_the_interval_and_p_of_students_t(n_subjects: int) -> None:
    values = norm.ppf((np.arange(n_subjects) + 0.5) / n_subjects) + 0.5
    found, theirs = mean_difference("Dice", values, np.zeros(n_subjects), n=40_000), ttest_1samp(values, 0)
    interval = theirs.confidence_interval()
    width = interval.high - interval.low
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), abs=0.05 * width)
    assert found.p_value == pytest.approx(theirs.pvalue, rel=0.2)


@pytest.mark.parametrize(("n_subjects", "least"), [(3, 0.70), (4, 0.85), (6, 0.90), (10, 0.92), (20, 0.93)])
def test_intervals_hold_the_truth_as_often_as_the_docs_say(n_subjects: int, least: float) -> None:
    studies = rng("few", n_subjects).normal(size=(1000, n_subjects))
    found = [mean_interval(values, n=1000, seed=study) for study, values in enumerate(studies)]
    held = np.mean([interval.low <= 0 <= interval.high for interval in found])
    assert least <= held <= 0.97


@pytest.mark.parametrize("n_subjects", [6, 9, 20])
def test_a_difference_by_chance_is_seldom_called_significant(n_subjects: int) -> None:
    studies = rng("null", n_subjects).normal(size=(1000, 2, n_subjects))
    found = [mean_difference("Dice", *arms, n=1000, seed=study).p_value for study, arms in enumerate(studies)]
    assert 0.03 <= np.mean(np.array(found) < 0.05) <= 0.085
