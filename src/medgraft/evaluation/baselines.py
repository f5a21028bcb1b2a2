"""Baselines that see no pixels: a network that does not beat them has learned nothing."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.core.predictions import Predictions

Floats = NDArray[np.float64]
Kind = Literal["majority", "position"]


def baseline_predictions(
    table: Predictions, folds: Sequence[tuple[NDArray[Any], NDArray[Any]]], kind: Kind
) -> Predictions:
    """What a baseline answers for the validation rows of each fold, fitted on the fold's training rows.

    Args:
        table: truth and place of every row; its scores are not looked at.
        folds: (training rows, validation rows) as positions or masks (N,); no row is validated twice.
        kind: a key of `BASELINES`.

    Returns:
        The validated rows in the table's order, with scores and fold numbers.

    Raises:
        InputError: an unknown kind, a row validated twice, or a fold without labelled training rows.
    """
    if kind not in BASELINES:
        raise InputError(f"Expected a baseline, got {kind!r}. Available: {', '.join(BASELINES)}.")
    scores, fold = np.zeros(table.y_score.shape), np.full(len(table), -1, np.int64)
    times = np.zeros(len(table), np.int64)
    for number, (train, validation) in enumerate(folds):
        scores[validation] = BASELINES[kind](table.rows(train), table.rows(validation))
        fold[validation] = number
        times[validation] += 1
    if times.max(initial=0) > 1:
        raise InputError(f"Expected every row in at most one validation fold, got {(times > 1).sum()} in several.")
    return dataclasses.replace(table, y_score=scores, fold=fold).rows(times > 0)


def majority_baseline(train: Predictions, test: Predictions) -> Floats:
    """Certainty (N, K) that every test row is of the class most common in training; the first of equals.

    Certainty, not class shares: shares differ from fold to fold, and pooled over folds they would rank rows by fold
    and give areas below one half. Raises `InputError` if no training row is labelled.
    """
    truth = train.y_true[train.y_true >= 0]
    if not len(truth):
        raise InputError("Expected labelled training rows for a baseline, got none.")
    certain = np.eye(len(train.classes))[np.bincount(truth).argmax()]
    return np.tile(certain, (len(test), 1))


def position_baseline(train: Predictions, test: Predictions) -> Floats:
    """Scores (N, K) of the test rows from slice position, phase and stack length alone.

    Multinomial logistic regression, every class weighted alike, on relative position, slice from the base, slice from
    the apex, number of slices and phase, with squares and products. Raises `InputError` if no training row is labelled.
    """
    known = train.rows(train.y_true >= 0)
    if len(np.unique(known.y_true)) < 2:
        return majority_baseline(train, test)
    phases = np.unique(known.phase)
    # Takes a second to load, for which neither the app nor a list should wait.
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - see above
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415 - see above
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler  # noqa: PLC0415 - see above

    model = make_pipeline(
        PolynomialFeatures(degree=2, include_bias=False),
        StandardScaler(),
        LogisticRegression(class_weight="balanced", max_iter=5000),
    ).fit(_position(known, phases), known.y_true)
    scores = np.zeros((len(test), len(train.classes)))
    if len(test):
        scores[:, model.classes_] = model.predict_proba(_position(test, phases))
    return scores


#: Each fits on labelled training rows and gives scores (N, K) of the test rows.
BASELINES: Mapping[str, Callable[[Predictions, Predictions], Floats]] = MappingProxyType(
    {"majority": majority_baseline, "position": position_baseline}
)


def _position(rows: Predictions, phases: NDArray[np.str_]) -> Floats:
    """(N, 4 + phases) what is known of a slice without looking at it."""
    from_apex = rows.n_slices - 1 - rows.slice
    relative = rows.slice / np.maximum(rows.n_slices - 1, 1)
    phase = rows.phase[:, None] == phases[None, :]
    return np.column_stack([relative, rows.slice, from_apex, rows.n_slices, phase]).astype(float)
