"""Figures that each subject has of its own, such as a Dice coefficient: their mean, and the difference of two means.

A subject that was measured several times (draws of the training set, say) counts once, with its mean over draws; what
is resampled are subjects.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.evaluation.arm import quantiles, resamples
from medgraft.evaluation.bootstrap import Interval, tail_of
from medgraft.evaluation.paired import PairedDifference, p_value_of


def mean_interval(values: NDArray[np.float64], *, n: int = 10_000, seed: int = 0, level: float = 0.95) -> Interval:
    """The mean over subjects with a percentile interval over resampled subjects.

    Args:
        values: (S,) or (draws, S), one column per subject; NaN where a subject has none.
        n: resamples.
        seed: of the resampling.
        level: coverage, within 0..1.

    Raises:
        InputError: no subject at all, or a level or n out of range.

    >>> mean_interval(np.array([[0.8, 0.9], [0.9, 1.0]])).value
    0.9
    """
    tail = tail_of(level, n)
    each = _each_subject(values)
    draws = _means(each, resamples(len(each), n, seed))
    low, high, n_defined = quantiles(draws, tail, _measured(each))
    return Interval(value=_mean(each), low=low, high=high, n_resamples=n_defined)


def means_by_subject(subjects: Sequence[str], values: Sequence[float | None]) -> dict[str, float]:
    """The mean of each subject's values, by name in order: a subject counts once, however much was measured of it.

    What is None or not finite is no value; NaN where a subject has none.

    >>> means_by_subject(["b", "a", "b", "c"], [1.0, 3.0, 2.0, None])
    {'a': 3.0, 'b': 1.5, 'c': nan}
    """
    own: dict[str, list[float]] = {name: [] for name in sorted(set(subjects))}
    for name, value in zip(subjects, values, strict=True):
        own[name] += [] if value is None or not np.isfinite(value) else [value]
    return {name: float(np.mean(each)) if each else float("nan") for name, each in own.items()}


def mean_difference(
    metric: str,
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    *,
    n: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> PairedDifference:
    """How much larger the mean of a is than that of b over the same subjects, resampled together.

    Args:
        metric: its name, for people.
        a: (S,) or (draws, S), one column per subject.
        b: the same subjects in the same order; the number of draws may differ.
        n: resamples.
        seed: of the resampling.
        level: coverage, within 0..1.

    Raises:
        InputError: another number of subjects on the two sides, none at all, or a setting out of range.
    """
    tail = tail_of(level, n)
    each_a, each_b = _each_subject(a), _each_subject(b)
    if len(each_a) != len(each_b):
        raise InputError(f"Expected the same subjects on both sides, got {len(each_a)} and {len(each_b)}.")
    both = np.isfinite(each_a) & np.isfinite(each_b)
    each_a, each_b = np.where(both, each_a, np.nan), np.where(both, each_b, np.nan)
    draws = _means(each_a - each_b, resamples(len(each_a), n, seed))
    n_units = _measured(each_a - each_b)
    low, high, n_defined = quantiles(draws, tail, n_units)
    return PairedDifference(
        metric=metric,
        value_a=_mean(each_a),
        value_b=_mean(each_b),
        value=_mean(each_a - each_b),
        low=low,
        high=high,
        p_value=p_value_of(draws, n_units),
        n_resamples=n_defined,
    )


def _each_subject(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(S,) the mean over draws; NaN where no draw has a value."""
    rows = np.atleast_2d(np.asarray(values, float))
    if not rows.shape[1]:
        raise InputError("Expected figures of at least one subject, got none.")
    defined = np.isfinite(rows)
    count = defined.sum(axis=0)
    return np.where(count > 0, np.where(defined, rows, 0).sum(axis=0) / np.maximum(count, 1), np.nan)


def _measured(each: NDArray[np.float64]) -> int:
    """Subjects that have a value: no others tell how far means vary."""
    return int(np.isfinite(each).sum())


def _mean(each: NDArray[np.float64]) -> float:
    return float(_means(each, np.ones((1, len(each))))[0])


def _means(each: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """(B,) weighted means over the subjects that have a value; NaN where none is drawn."""
    defined = np.isfinite(each)
    total = weights @ defined.astype(float)
    return np.where(total > 0, weights @ np.where(defined, each, 0) / np.maximum(total, 1), np.nan)
