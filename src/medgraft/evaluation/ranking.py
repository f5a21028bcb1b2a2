"""Area under the ROC curve, as won pairs of a positive and a negative row, under any weighting of their units."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgraft.evaluation.confusion import ratio

Floats = NDArray[np.float64]

_MOST_UNITS = 2048  # above, pairs between units take more memory than they save time
_CELLS = 1 << 22  # of a block of weights


def auc(y_true: NDArray[Any], y_score: NDArray[Any]) -> float:
    """Area under the ROC curve of one binary question; ties count half; NaN if only one answer occurs.

    >>> auc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
    0.75
    """
    unit = np.zeros(len(y_true), np.int64)
    ranking = Ranking(positive=np.asarray(y_true, bool), y_score=np.asarray(y_score), unit=unit, n_units=1)
    return float(ranking.auc(np.ones((1, 1)))[0])


@dataclass(frozen=True, kw_only=True, eq=False)
class Ranking:
    """One binary question: which rows (N,) are positive, their scores, their units (0..U-1)."""

    positive: NDArray[np.bool_]
    y_score: NDArray[Any]
    unit: NDArray[np.int64]
    n_units: int

    def auc(self, weights: Floats) -> Floats:
        """The area under each weighting of units: (B, U) to (B,)."""
        positives = weights @ np.bincount(self.unit[self.positive], minlength=self.n_units)
        negatives = weights @ np.bincount(self.unit[~self.positive], minlength=self.n_units)
        won = self._won_between_units(weights) if self.n_units <= _MOST_UNITS else self._won_in_order(weights)
        return ratio(won, positives * negatives)

    def _won_between_units(self, weights: Floats) -> Floats:
        """A sum over pairs of units, the pairs of rows being counted once for all weightings."""
        return np.asarray(((weights @ self._wins) * weights).sum(axis=1), float)

    def _won_in_order(self, weights: Floats) -> Floats:
        """A sum over rows in order of score, a block of weightings at a time."""
        order = np.argsort(self.y_score, kind="stable")
        scores, unit, positive = self.y_score[order], self.unit[order], self.positive[order]
        first, past = np.searchsorted(scores, scores, "left"), np.searchsorted(scores, scores, "right")
        won = []
        for block in np.array_split(weights, min(len(weights), len(weights) * len(scores) // _CELLS + 1)):
            each = block[:, unit]
            below = np.pad(np.cumsum(each * ~positive, axis=1), ((0, 0), (1, 0)))
            won.append((each * positive * (below[:, first] + below[:, past])).sum(axis=1) / 2)
        return np.concatenate(won)

    @cached_property
    def _wins(self) -> Floats:
        """(U, U) pairs of a positive in unit s and a negative in unit t that the positive wins, ties as halves."""
        scores, owner = self.y_score[self.positive], self.unit[self.positive]
        wins = np.zeros((self.n_units, self.n_units))
        for column, below in enumerate(self._negatives_by_unit()):
            beaten = np.searchsorted(below, scores, "left") + np.searchsorted(below, scores, "right")
            wins[:, column] = np.bincount(owner, beaten / 2, self.n_units)
        return wins

    def _negatives_by_unit(self) -> list[NDArray[Any]]:
        """Ascending scores of each unit's negatives."""
        scores, unit = self.y_score[~self.positive], self.unit[~self.positive]
        order = np.lexsort((scores, unit))
        return np.split(scores[order], np.searchsorted(unit[order], np.arange(1, self.n_units)))
