"""Intervals of figures by the bootstrap over patients."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from medgraft.core.errors import InputError
from medgraft.evaluation.arm import Arm, ArmAnswers, both_tails, mean_over_seeds, quantiles, resamples, tally_arm
from medgraft.evaluation.metrics import chosen
from medgraft.evaluation.tally import Unit

Floats = NDArray[np.float64]
Method = Literal["percentile", "bca"]


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A figure with its interval.

    n_resamples: resamples in which the figure is defined (a rare class may be missing from some). low and high are
    NaN where there are none, or where there is one unit only and so nothing to resample.
    """

    value: float
    low: float
    high: float
    n_resamples: int


def bootstrap(
    arm: Arm,
    metrics: Sequence[str] | None = None,
    *,
    y_pred: ArmAnswers = None,
    n: int = 2000,
    seed: int = 0,
    level: float = 0.95,
    unit: Unit = "subject",
    method: Method = "percentile",
) -> dict[str, Interval]:
    """Intervals of figures by name (all of `metrics_for` if None) over `n` resamples of units.

    Args:
        arm: predictions, or those of several seeds on the same rows.
        metrics: names of figures.
        y_pred: (N,) answers in place of the argmax, one array per seed.
        n: resamples.
        seed: of the resampling.
        level: coverage, within 0..1; of few units, as far as they can tell (`few_units`).
        unit: what is drawn with replacement, "subject", "stack" or "row".
        method: "percentile", or "bca" (bias-corrected and accelerated, Efron 1987), better for skewed figures.

    Raises:
        InputError: an unknown name, a level or n out of range, or what `tally` raises.
    """
    tail = tail_of(level, n, method)
    counted = tally_arm(arm, y_pred, unit)
    n_units = counted[0].n_units
    weights = resamples(n_units, n, seed)
    intervals = {}
    for name, metric in chosen(counted[0].rows.classes, metrics).items():
        value = float(mean_over_seeds(metric, counted, np.ones((1, n_units)))[0])
        draws, place = mean_over_seeds(metric, counted, weights), both_tails
        if method == "bca":
            place = partial(_bca_tails, value, draws, mean_over_seeds(metric, counted, 1 - np.eye(n_units)))
        low, high, n_defined = quantiles(draws, tail, n_units, place)
        intervals[name] = Interval(value=value, low=low, high=high, n_resamples=n_defined)
    return intervals


def tail_of(level: float, n: int, method: str = "percentile") -> float:
    """The nominal share outside each end of an interval. Raises `InputError` for settings out of range."""
    if not 0 < level < 1 or n < 1:
        raise InputError(f"Expected a level between 0 and 1 and at least one resample, got {level} and {n}.")
    if method not in {"percentile", "bca"}:
        raise InputError(f"Expected a kind of interval, got {method!r}. Available: percentile, bca.")
    return (1 - level) / 2


def _bca_tails(value: float, draws: Floats, left_out: Floats, tail: float) -> tuple[float, float]:
    """Where to read the quantiles, given the bias of the draws and the skewness of the jackknife (Efron 1987)."""
    defined, jackknife = draws[np.isfinite(draws)], left_out[np.isfinite(left_out)]
    if not len(defined) or not len(jackknife):
        return float("nan"), float("nan")
    below = ((defined < value).sum() + (defined == value).sum() / 2) / len(defined)
    bias = ndtri(np.clip(below, 0.5 / len(defined), 1 - 0.5 / len(defined)))
    influence = jackknife.mean() - jackknife
    spread = (influence**2).sum()
    acceleration = (influence**3).sum() / (6 * spread**1.5) if spread > 0 else 0.0
    normal = bias + ndtri(np.array([tail, 1 - tail]))
    low, high = ndtr(bias + normal / (1 - acceleration * normal))
    return float(low), float(high)
