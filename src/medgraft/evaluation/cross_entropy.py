"""Cross-entropy in which every class counts alike, however rare."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_FLOOR = 1e-7


def balanced_cross_entropy(y_true: NDArray[Any], y_score: NDArray[Any]) -> float:
    """Mean over the classes that occur of the class mean of -log score, in nats; lower is better.

    Args:
        y_true: (N,) class index; rows below 0 (unknown) are left out.
        y_score: (N, K) probabilities, counted as at least 1e-7.

    Returns:
        0 for certain and right; NaN if a score is NaN (a diverged network) or no truth is known.

    >>> round(balanced_cross_entropy(np.array([0, 0, 1]), np.array([[1, 0], [1, 0], [0.5, 0.5]])), 6)
    0.346574
    """
    truth, scores = np.asarray(y_true, np.int64), np.asarray(y_score, float)
    known = truth >= 0
    loss = negative_log(truth[known], scores[known])
    means = [loss[truth[known] == column].mean() for column in np.unique(truth[known])]
    return float(np.mean(means)) if means else float("nan")


def negative_log(y_true: NDArray[np.int64], y_score: NDArray[Any]) -> NDArray[np.float64]:
    """(N,) -log of the true class's score, the score counted as at least 1e-7."""
    true_score = np.take_along_axis(y_score, y_true[:, None], axis=1)[:, 0]
    return np.asarray(-np.log(np.clip(true_score, _FLOOR, None)), float)
