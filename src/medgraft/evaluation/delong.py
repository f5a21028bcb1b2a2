"""DeLong's test for two correlated areas under the ROC curve, by midranks."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from medgraft.core.errors import InputError
from medgraft.evaluation.bootstrap import tail_of

Floats = NDArray[np.float64]

_NO_SPREAD = 1e-12


@dataclass(frozen=True, kw_only=True)
class DeLong:
    """Two areas on the same rows, their difference a - b with its standard error, interval and two-sided p-value."""

    auc_a: float
    auc_b: float
    se_a: float
    se_b: float
    difference: float
    se: float
    low: float
    high: float
    z: float
    p_value: float


def delong(y_true: NDArray[Any], score_a: NDArray[Any], score_b: NDArray[Any], level: float = 0.95) -> DeLong:
    """Compare two scores on the same independent rows (DeLong et al. 1988, in the fast form of Sun and Xu 2014).

    It takes rows as independent: give it one row per patient. For many slices per patient use `paired_difference`.

    Args:
        y_true: (N,) 0 or 1, at least two of each.
        score_a: (N,) scores, higher for 1.
        score_b: (N,) the other scores of the same rows.
        level: of the normal interval of the difference, within 0..1.

    Raises:
        InputError: lengths differ, a score is NaN, a class has fewer than two rows, or a level out of range.
    """
    tail = tail_of(level, 1)
    positive, scores = _checked(np.asarray(y_true), np.stack([np.asarray(score_a, float), np.asarray(score_b, float)]))
    of_positives, of_negatives = _placements(positive, scores)
    covariance = np.cov(of_positives) / of_positives.shape[1] + np.cov(of_negatives) / of_negatives.shape[1]
    auc_a, auc_b = of_positives.mean(axis=1)
    difference = auc_a - auc_b
    se = np.sqrt(max(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1], 0.0))
    z = _z(difference, se)
    reach = norm.isf(tail) * se
    return DeLong(
        auc_a=float(auc_a),
        auc_b=float(auc_b),
        se_a=float(np.sqrt(covariance[0, 0])),
        se_b=float(np.sqrt(covariance[1, 1])),
        difference=float(difference),
        se=float(se),
        low=float(difference - reach),
        high=float(difference + reach),
        z=float(z),
        p_value=float(2 * norm.sf(abs(z))),
    )


def _z(difference: float, se: float) -> float:
    """The difference in standard errors; without spread, none if the areas are equal and infinitely many if not."""
    if se > _NO_SPREAD:
        return difference / se
    return float(np.copysign(np.inf, difference)) if abs(difference) > _NO_SPREAD else 0.0


def _placements(positive: NDArray[np.bool_], scores: Floats) -> tuple[Floats, Floats]:
    """Of each positive the share of negatives below it (2, m), of each negative the share of positives above (2, n)."""
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    overall = rankdata(scores, axis=1)
    beaten = overall[:, positive] - rankdata(scores[:, positive], axis=1)
    losing = overall[:, ~positive] - rankdata(scores[:, ~positive], axis=1)
    return beaten / n_negative, 1 - losing / n_positive


def _checked(y_true: NDArray[Any], scores: Floats) -> tuple[NDArray[np.bool_], Floats]:
    if y_true.shape != scores.shape[1:]:
        raise InputError(f"Expected as many truths as scores, got {y_true.shape} and {scores.shape[1:]}.")
    if np.isnan(scores).any():
        raise InputError(f"Expected scores to compare, got {np.isnan(scores).any(axis=0).sum()} rows with NaN.")
    positive = y_true.astype(bool)
    if min(positive.sum(), (~positive).sum()) < 2:
        raise InputError(f"Expected at least two rows of each class, got {positive.sum()} of {len(positive)} positive.")
    return positive, scores
