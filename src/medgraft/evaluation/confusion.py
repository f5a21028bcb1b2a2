"""Confusion matrices, and what is read off them; rows are true classes, columns answers.

A class without a true row has NaN for its figures, and means over classes leave it out. A class that is never
answered has precision 0, for each of its rows was missed.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def confusion(y_true: NDArray[Any], y_pred: NDArray[Any], n_classes: int) -> NDArray[np.int64]:
    """How often class i (row) was answered as class j (column), shape (K, K).

    >>> confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
    array([[1, 1],
           [0, 1]])
    """
    cells = np.asarray(y_true, np.int64) * n_classes + np.asarray(y_pred, np.int64)
    return np.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes)


def accuracy(counts: Floats) -> Floats:
    """Share of right answers: (..., K, K) to (...)."""
    return ratio(_right(counts).sum(axis=-1), counts.sum(axis=(-2, -1)))


def recall(counts: Floats) -> Floats:
    """Share of each class's rows that were found: (..., K, K) to (..., K)."""
    return ratio(_right(counts), counts.sum(axis=-1))


def precision(counts: Floats) -> Floats:
    """Share of each class's answers that are right: (..., K, K) to (..., K)."""
    answered = counts.sum(axis=-2)
    share = _right(counts) / np.where(answered > 0, answered, 1)
    return np.where(counts.sum(axis=-1) > 0, share, np.nan)


def f1(counts: Floats) -> Floats:
    """Harmonic mean of precision and recall of each class: (..., K, K) to (..., K)."""
    true, answered = counts.sum(axis=-1), counts.sum(axis=-2)
    return np.where(true > 0, ratio(2 * _right(counts), true + answered), np.nan)


def macro(per_class: Floats) -> Floats:
    """Mean over the classes that have a figure: (..., K) to (...)."""
    present = np.isfinite(per_class)
    return ratio(np.where(present, per_class, 0).sum(axis=-1), present.sum(axis=-1))


def ratio(part: NDArray[Any], whole: NDArray[Any]) -> Floats:
    """Part by whole, NaN where there is no whole."""
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1), np.nan)


def _right(counts: Floats) -> Floats:
    return np.diagonal(counts, axis1=-2, axis2=-1)
