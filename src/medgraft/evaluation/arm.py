"""An arm of a comparison: one run or several seeds of it, on the same rows, and its figures under resampling.

The patient is the unit because slices of one patient agree with each other (Field and Welsh 2007, cluster bootstrap);
resampling slices makes intervals too short. Within every resample the figure of an arm is the mean over its seeds, so
that an interval speaks of patients and the value is not one seed's luck.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.core.predictions import Predictions
from medgraft.core.seeds import rng
from medgraft.evaluation.few_units import expanded
from medgraft.evaluation.metrics import Metric
from medgraft.evaluation.tally import Tally, Unit, tally

Floats = NDArray[np.float64]

#: Predictions of one run, or of several seeds on the same rows.
Arm = Predictions | Sequence[Predictions]
#: Answers in place of the argmax: (N,) of one run, one array per seed, or None.
ArmAnswers = NDArray[Any] | Sequence[NDArray[Any]] | None


def runs_of(arm: Arm) -> list[Predictions]:
    """The runs of an arm."""
    return [arm] if isinstance(arm, Predictions) else list(arm)


def tally_arm(arm: Arm, y_pred: ArmAnswers, unit: Unit) -> list[Tally]:
    """Count each run of an arm. Raises `InputError` where runs hold other rows, or as `tally` does."""
    seeds = runs_of(arm)
    answers = [None] * len(seeds) if y_pred is None else [y_pred] if isinstance(arm, Predictions) else list(y_pred)
    if not seeds or len(answers) != len(seeds):
        raise InputError(f"Expected predictions and as many arrays of answers, got {len(seeds)} and {len(answers)}.")
    counted = [tally(predictions, own, unit) for predictions, own in zip(seeds, answers, strict=True)]
    for other in counted[1:]:
        require_same_rows(counted[0], other)
    return counted


def require_same_rows(a: Tally, b: Tally) -> None:
    """Raise `InputError` unless both hold the same rows with the same truth."""
    if a.rows.classes != b.rows.classes:
        raise InputError(f"Expected the same classes, got {a.rows.classes} and {b.rows.classes}.")
    keys = ("subject", "stack", "phase", "slice", "y_true")
    differing = [name for name in keys if not np.array_equal(getattr(a.rows, name), getattr(b.rows, name))]
    if differing:
        raise InputError(
            f"Expected the same labelled rows on both sides, got {len(a.rows)} and {len(b.rows)} that differ in "
            f"{', '.join(differing)}. Do compare predictions for the same subjects and labels."
        )


@lru_cache(maxsize=2)  # the figures of a report draw the same units again and again
def resamples(n_units: int, n: int, seed: int) -> Floats:
    """(n, U) how often each unit is drawn; to be read only."""
    drawn = rng(seed, "bootstrap").multinomial(n_units, np.full(n_units, 1 / n_units), size=n).astype(float)
    drawn.flags.writeable = False
    return drawn


def mean_over_seeds(metric: Metric, counted: Sequence[Tally], weights: Floats) -> Floats:
    """The figure of an arm under each weighting of its units: (B, U) to (B,)."""
    return np.asarray(np.mean([metric.fn(one, weights) for one in counted], axis=0), float)


def both_tails(tail: float) -> tuple[float, float]:
    """Where a percentile interval is read.

    >>> both_tails(0.25)
    (0.25, 0.75)
    """
    return tail, 1 - tail


def quantiles(
    draws: Floats, tail: float, n_units: int, place: Callable[[float], tuple[float, float]] = both_tails
) -> tuple[float, float, int]:
    """Both ends of an interval over the draws that are defined, and how many are; NaN where there can be none.

    Args:
        draws: (B,) a figure under resampling.
        tail: the nominal share outside each end; fewer draws are left outside for few units (`few_units`).
        n_units: how many units were resampled.
        place: where the ends are read, as shares of the draws.
    """
    defined = draws[np.isfinite(draws)]
    tails = place(expanded(tail, n_units))
    if not len(defined) or not np.isfinite(tails).all():
        return float("nan"), float("nan"), len(defined)
    low, high = np.quantile(defined, tails)
    return float(low), float(high), len(defined)
