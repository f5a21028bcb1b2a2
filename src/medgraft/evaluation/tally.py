"""Tally: what each unit of resampling adds to every figure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.core.predictions import Predictions
from medgraft.evaluation.cross_entropy import negative_log
from medgraft.evaluation.ranking import Ranking

Floats = NDArray[np.float64]
Unit = Literal["subject", "stack", "row"]

#: What is drawn with replacement: whole patients, unless there is a reason.
UNITS: Mapping[str, Callable[[Predictions], NDArray[Any]]] = MappingProxyType(
    {
        "subject": lambda rows: rows.subject,
        "stack": lambda rows: rows.stack,
        "row": lambda rows: np.arange(len(rows)),
    }
)
_N_BINS = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class Tally:
    """Rows with a known truth, in anatomical order, and their units (0..U-1)."""

    rows: Predictions
    y_pred: NDArray[np.int64]
    unit: NDArray[np.int64]
    n_units: int

    @cached_property
    def count(self) -> Floats:
        """(U,) rows."""
        return self._sum(np.ones(len(self.rows)))

    @cached_property
    def confusion(self) -> Floats:
        """(U, K, K) confusion matrices."""
        n = len(self.rows.classes)
        cells = self._sum(np.ones(len(self.rows)), self.rows.y_true * n + self.y_pred, n * n)
        return cells.reshape(-1, n, n)

    @cached_property
    def soft_hits(self) -> Floats:
        """(U,) rows answered with the true class of the slice or of a neighbour in the same stack and phase."""
        rows, truth = self.rows, self.rows.y_true
        near = (rows.stack[1:] == rows.stack[:-1]) & (rows.phase[1:] == rows.phase[:-1]) & (np.diff(rows.slice) == 1)
        hit = self.y_pred == truth
        hit[1:] |= near & (self.y_pred[1:] == truth[:-1])
        hit[:-1] |= near & (self.y_pred[:-1] == truth[1:])
        return self._sum(hit)

    @cached_property
    def log_loss(self) -> Floats:
        """(U, K) summed -log of the true class's score, by true class."""
        truth = self.rows.y_true
        return self._sum(negative_log(truth, self.rows.y_score), truth, len(self.rows.classes))

    @cached_property
    def squared_error(self) -> Floats:
        """(U,) summed squared distance between scores and the one-hot truth."""
        return self._sum(((self.rows.y_score - self._one_hot) ** 2).sum(axis=1))

    @cached_property
    def overconfidence(self) -> Floats:
        """(U, 10) summed highest score less its being right, by ten equal bins of that score."""
        highest = self.rows.y_score.max(axis=1)
        right = self.rows.y_pred == self.rows.y_true
        bins = np.clip(np.ceil(highest * _N_BINS).astype(np.int64) - 1, 0, _N_BINS - 1)
        return self._sum(highest - right, bins, _N_BINS)

    @cached_property
    def rankings(self) -> tuple[Ranking, ...]:
        """Of each class against the rest."""
        columns = zip(self._one_hot.T, self.rows.y_score.T, strict=True)
        return tuple(self._ranking(truth, score, self.unit) for truth, score in columns)

    @cached_property
    def micro_ranking(self) -> Ranking:
        """Of all N x K one-vs-rest decisions as one question."""
        owner = np.repeat(self.unit, len(self.rows.classes))
        return self._ranking(self._one_hot.ravel(), self.rows.y_score.ravel(), owner)

    @cached_property
    def _one_hot(self) -> Floats:
        return np.eye(len(self.rows.classes))[self.rows.y_true]

    def _ranking(self, truth: Floats, score: Floats, unit: NDArray[np.int64]) -> Ranking:
        return Ranking(positive=truth > 0, y_score=score, unit=unit, n_units=self.n_units)

    def _sum(self, values: NDArray[Any], column: NDArray[np.int64] | int = 0, n_columns: int = 1) -> Floats:
        """Values (N,) summed by unit and column: (U, n_columns), or (U,) without columns."""
        sums = np.asarray(np.bincount(self.unit * n_columns + column, values, self.n_units * n_columns), float)
        return sums if n_columns == 1 else sums.reshape(self.n_units, n_columns)


def tally(predictions: Predictions, y_pred: NDArray[Any] | None = None, unit: Unit = "subject") -> Tally:
    """Count what each unit adds, from the rows whose truth is known.

    Args:
        predictions: scores and truth; every (stack, phase, slice) once.
        y_pred: (N,) answers; the argmax of the scores if None.
        unit: a key of `UNITS`.

    Raises:
        InputError: no truth is known, a score is not finite, an answer is no class, or the unit is unknown.
    """
    if unit not in UNITS:
        raise InputError(f"Expected a unit of resampling, got {unit!r}. Available: {', '.join(UNITS)}.")
    answers = predictions.y_pred if y_pred is None else _checked_answers(predictions, np.asarray(y_pred))
    known = np.flatnonzero(predictions.y_true >= 0)
    # One order for the same rows, whatever order they came in: sums are then equal to the last bit.
    place = known[np.lexsort([getattr(predictions, name)[known] for name in ("slice", "phase", "stack", "subject")])]
    rows = _checked_rows(predictions.rows(place))
    names, index = np.unique(UNITS[unit](rows), return_inverse=True)
    return Tally(rows=rows, y_pred=answers[place], unit=index.astype(np.int64), n_units=len(names))


def _checked_answers(predictions: Predictions, y_pred: NDArray[Any]) -> NDArray[np.int64]:
    n_classes = len(predictions.classes)
    if y_pred.shape != (len(predictions),) or not np.isin(y_pred, np.arange(n_classes)).all():
        raise InputError(f"Expected {len(predictions)} answers within 0..{n_classes - 1}, got {y_pred.shape} {y_pred}.")
    return np.asarray(y_pred, np.int64)


def _checked_rows(rows: Predictions) -> Predictions:
    if not len(rows):
        raise InputError("Expected rows with a known truth, got none. Do label some of these subjects first.")
    if rows.y_true.max() >= len(rows.classes):
        raise InputError(f"Expected true classes within 0..{len(rows.classes) - 1}, got {rows.y_true.max()}.")
    if not np.isfinite(rows.y_score).all():
        broken = int((~np.isfinite(rows.y_score)).any(axis=1).sum())
        raise InputError(f"Expected finite scores, got {broken} rows with NaN or infinity. Do leave diverged runs out.")
    return rows
