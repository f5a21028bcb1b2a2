"""DeLong against placement values written out, against a published figure, and against the bootstrap."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from medgraft.core.errors import InputError
from medgraft.core.seeds import rng
from medgraft.evaluation import delong, holm


def written_out(y: NDArray[np.bool_], scores: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Areas and covariance by the definition of DeLong et al. 1988, pair by pair."""
    m, n = y.sum(), (~y).sum()
    wins = np.stack([(s[y][:, None] > s[~y]) + 0.5 * (s[y][:, None] == s[~y]) for s in scores])
    v10, v01, areas = wins.mean(axis=2), wins.mean(axis=1), wins.mean(axis=(1, 2))
    d10, d01 = v10 - areas[:, None], v01 - areas[:, None]
    return areas, d10 @ d10.T / (m - 1) / m + d01 @ d01.T / (n - 1) / n


@given(st.integers(0, 10_000), st.integers(4, 40), st.integers(2, 8))
@settings(max_examples=60, deadline=None)
def test_fast_form_is_the_definition(seed: int, n: int, n_levels: int) -> None:
    random = rng(seed, "delong")
    y = random.permutation(np.arange(n) % 3 == 0) if n > 5 else np.arange(n) < 2
    scores = random.integers(0, n_levels, (2, n)).astype(float)  # coarse: many ties
    areas, s = written_out(y, scores)
    variance = s[0, 0] + s[1, 1] - 2 * s[0, 1]
    result = delong(y, *scores)
    assert (result.auc_a, result.auc_b) == pytest.approx(tuple(areas))
    assert (result.auc_a, result.auc_b) == pytest.approx([roc_auc_score(y, score) for score in scores])
    assert (result.se_a**2, result.se_b**2, result.se**2) == pytest.approx((s[0, 0], s[1, 1], variance), abs=1e-12)
    if variance > 1e-9:
        z = (areas[0] - areas[1]) / np.sqrt(variance)
        assert (result.z, result.p_value) == pytest.approx((z, 2 * norm.sf(abs(z))))
        assert (result.low + result.high) / 2 == pytest.approx(result.difference)


def test_published_figure_of_hanley_and_mcneil() -> None:
    """The 109 CT ratings of Hanley and McNeil 1982, table I; Stata's manual [R] roctab prints the DeLong result."""
    normal, abnormal = [33, 6, 6, 11, 2], [3, 2, 2, 11, 33]
    ratings = np.repeat(np.tile(np.arange(1, 6), 2), normal + abnormal)
    y = np.repeat([0, 1], [sum(normal), sum(abnormal)])
    result = delong(y, ratings, np.zeros(109))
    assert result.auc_a == pytest.approx(0.8932, abs=5e-5)
    assert result.se_a == pytest.approx(0.0307, abs=5e-5)
    # Against a score that knows nothing (area 0.5, no spread) the interval of the difference is that of the area.
    assert (result.low + 0.5, result.high + 0.5) == pytest.approx((0.83295, 0.95339), abs=5e-6)


def test_special_cases() -> None:
    y, score = np.array([0, 0, 1, 1, 1]), np.array([0.1, 0.6, 0.5, 0.8, 0.9])
    same = delong(y, score, score)
    assert (same.difference, same.z, same.p_value) == (0, 0, 1)
    monotone = delong(y, score, np.exp(score))
    assert monotone.p_value == 1
    opposite = delong(y, y, 1 - y)
    assert (opposite.auc_a, opposite.auc_b, opposite.z, opposite.p_value) == (1, 0, np.inf, 0)
    forth, back = delong(y, score, score[::-1]), delong(y, score[::-1], score)
    assert (forth.z, forth.low, forth.p_value) == pytest.approx((-back.z, -back.high, back.p_value))


def test_delong_agrees_with_a_bootstrap_of_independent_rows() -> None:
    random = rng(1, "agree")
    y = np.arange(400) % 2 == 0
    a, b = y + random.normal(size=400), y + random.normal(size=400)
    draws = []
    for _ in range(800):
        rows = random.integers(0, 400, 400)
        draws.append(delong(y[rows], a[rows], b[rows]).difference)
    assert np.std(draws) == pytest.approx(delong(y, a, b).se, rel=0.1)


def test_too_few_rows_are_explained() -> None:
    with pytest.raises(InputError, match="two rows of each"):
        delong(np.array([0, 1, 1]), np.ones(3), np.ones(3))
    with pytest.raises(InputError, match="as many truths"):
        delong(np.array([0, 1]), np.ones(3), np.ones(3))


def test_what_cannot_be_compared_is_no_equality() -> None:
    """A score that is NaN once had a p-value of 1."""
    y, score = np.array([0, 0, 1, 1]), np.array([0.1, 0.6, 0.5, 0.8])
    with pytest.raises(InputError, match="got 1 rows with NaN"):
        delong(y, np.array([0.1, np.nan, 0.5, 0.8]), score)
    with pytest.raises(InputError, match="level between 0 and 1"):
        delong(y, score, score, level=95)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_its_definition(p_values: list[float]) -> None:
    p = np.array(p_values)
    adjusted = holm(p)
    m, order = len(p), np.argsort(p, kind="stable")
    for rank, i in enumerate(order):
        expected = max(min(1.0, (m - j) * p[order[j]]) for j in range(rank + 1))
        assert adjusted[i] == pytest.approx(expected)
    assert (adjusted >= p).all()


def test_holm_of_a_textbook_and_of_missing_values() -> None:
    # R: p.adjust(c(0.01, 0.02, 0.03, 0.005), "holm") gives 0.03 0.04 0.04 0.02
    np.testing.assert_allclose(holm(np.array([0.01, 0.02, 0.03, 0.005])), [0.03, 0.04, 0.04, 0.02])
    np.testing.assert_allclose(holm(np.array([0.04, np.nan, 0.03])), [0.06, np.nan, 0.06])
