"""How far readers agree on classes: share of equal labels, Cohen's, weighted and Fleiss' kappa.

Kappa is the agreement beyond that of readers who label at random with the frequencies they have: 1 for perfect
agreement, about 0 for chance, NaN where only one class was ever named, for then chance agrees perfectly.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.evaluation.arm import quantiles, resamples
from medgraft.evaluation.bootstrap import Interval, tail_of
from medgraft.evaluation.confusion import ratio

Floats = NDArray[np.float64]
Weighting = Literal["none", "linear", "quadratic"]

#: How much it costs to be off by some steps in the order of the classes.
_COST: dict[str, Callable[[Floats], Floats]] = {
    "none": lambda steps: np.asarray(steps > 0, float),
    "linear": lambda steps: steps,
    "quadratic": lambda steps: steps**2,
}


def observed_agreement(
    a: NDArray[Any], b: NDArray[Any], subject: NDArray[Any], *, n: int = 2000, seed: int = 0, level: float = 0.95
) -> Interval:
    """The share of units that two readers label alike. Arguments as in `cohen_kappa`."""
    a, b = _checked(_side_by_side(a, b), subject).T
    unit, n_units = units_of(subject)
    equal, count = np.bincount(unit, a == b, n_units), np.bincount(unit, minlength=n_units)
    return resampled(lambda weights: ratio(weights @ equal, weights @ count), n_units, n=n, seed=seed, level=level)


def cohen_kappa(
    a: NDArray[Any],
    b: NDArray[Any],
    subject: NDArray[Any],
    n_classes: int,
    *,
    weighting: Weighting = "none",
    order: Sequence[int] | None = None,
    n: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Interval:
    """Cohen's kappa of two readers, with a percentile interval over resampled patients.

    Args:
        a: (N,) class of each unit as the one reader says, 0..K-1.
        b: (N,) as the other says; kappa is the same either way round.
        subject: (N,) whose unit it is: patients are what is drawn with replacement.
        n_classes: K.
        weighting: what a disagreement costs: "none" all the same (Cohen 1960, doi 10.1177/001316446002000104),
            "linear" or "quadratic" in the steps between the classes (Cohen 1968, doi 10.1037/h0026256).
        order: classes from one end to the other, all K; as numbered if None. Only weighting looks at it.
        n: resamples.
        seed: of the resampling.
        level: coverage, within 0..1.

    Raises:
        InputError: no units, arrays of different lengths, a class out of range, or an order that lacks a class.

    >>> round(cohen_kappa(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), np.arange(4), 2).value, 3)
    0.5
    """
    a, b = _checked(_side_by_side(a, b), subject, n_classes).T
    cost = _cost(n_classes, weighting, order)
    unit, n_units = units_of(subject)
    cells = np.bincount(unit * n_classes**2 + a * n_classes + b, minlength=n_units * n_classes**2)
    counts = cells.reshape(n_units, n_classes, n_classes).astype(float)
    return resampled(
        lambda weights: _kappa(np.tensordot(weights, counts, 1), cost), n_units, n=n, seed=seed, level=level
    )


def fleiss_kappa(
    ratings: NDArray[Any],
    subject: NDArray[Any],
    n_classes: int,
    *,
    n: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Interval:
    """Fleiss' kappa of R readers, with a percentile interval over resampled patients.

    Args:
        ratings: (N, R) class of each unit as each reader says, 0..K-1; R at least 2.
        subject: (N,) whose unit it is.
        n_classes: K.
        n: resamples.
        seed: of the resampling.
        level: coverage, within 0..1.

    Raises:
        InputError: as `cohen_kappa` does.

    References:
        Fleiss 1971, Measuring nominal scale agreement among many raters, doi 10.1037/h0031619.
    """
    ratings = _checked(ratings, subject, n_classes)
    n_readers = ratings.shape[1]
    unit, n_units = units_of(subject)
    named = (ratings[:, :, None] == np.arange(n_classes)).sum(axis=1).astype(float)  # (N, K) readers who say so
    # Of all pairs of readers of a unit, the share that agrees.
    alike = ((named**2).sum(axis=1) - n_readers) / (n_readers * (n_readers - 1))
    pairs, count = np.bincount(unit, alike, n_units), np.bincount(unit, minlength=n_units)
    classes = np.stack([np.bincount(unit, column, n_units) for column in named.T], axis=1)

    def kappa(weights: Floats) -> Floats:
        units = weights @ count
        share = (weights @ classes) / (units * n_readers)[:, None]
        return 1 - ratio(1 - (weights @ pairs) / units, 1 - (share**2).sum(axis=1))

    return resampled(kappa, n_units, n=n, seed=seed, level=level)


def resampled(
    figure: Callable[[Floats], Floats], n_units: int, *, n: int = 2000, seed: int = 0, level: float = 0.95
) -> Interval:
    """A figure with its percentile interval; `figure` takes weights of units (B, U) to its values (B,)."""
    tail = tail_of(level, n)
    value = float(figure(np.ones((1, n_units)))[0])
    low, high, n_defined = quantiles(figure(resamples(n_units, n, seed)), tail, n_units)
    return Interval(value=value, low=low, high=high, n_resamples=n_defined)


def units_of(subject: NDArray[Any]) -> tuple[NDArray[np.int64], int]:
    """The number of each row's patient (N,), by name, and how many patients there are."""
    names, unit = np.unique(subject, return_inverse=True)
    return unit.astype(np.int64), len(names)


def _kappa(counts: Floats, cost: Floats) -> Floats:
    """1 - observed by expected cost: counts (B, K, K) to (B,)."""
    by_chance = counts.sum(axis=2)[:, :, None] * counts.sum(axis=1)[:, None, :]
    total = counts.sum(axis=(1, 2))
    return 1 - ratio((counts * cost).sum(axis=(1, 2)) * total, (by_chance * cost).sum(axis=(1, 2)))


def _cost(n_classes: int, weighting: str, order: Sequence[int] | None) -> Floats:
    places = list(range(n_classes) if order is None else order)
    if weighting not in _COST:
        raise InputError(f"Expected a weighting, got {weighting!r}. Available: {', '.join(_COST)}.")
    if sorted(places) != list(range(n_classes)):
        raise InputError(f"Expected an order of all classes 0..{n_classes - 1}, got {places}.")
    rank = np.argsort(places)
    return _COST[weighting](np.abs(rank[:, None] - rank[None, :]).astype(float))


def _side_by_side(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    if np.shape(a) != np.shape(b):
        raise InputError(f"Expected labels of the same units by both readers, got {np.shape(a)} and {np.shape(b)}.")
    return np.stack([a, b], axis=1)


def _checked(ratings: NDArray[Any], subject: NDArray[Any], n_classes: float = np.inf) -> NDArray[np.int64]:
    ratings = np.asarray(ratings)
    if ratings.ndim != 2 or ratings.shape[1] < 2 or len(ratings) != len(subject) or not len(ratings):
        raise InputError(
            f"Expected labels of at least one unit by at least two readers and a subject for each unit, got labels "
            f"{ratings.shape} and {len(subject)} subjects."
        )
    if not 0 <= ratings.min() <= ratings.max() < n_classes:
        raise InputError(f"Expected classes from 0 below {n_classes}, got {ratings.min()}..{ratings.max()}.")
    return np.asarray(ratings, np.int64)
