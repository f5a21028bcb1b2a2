"""Paired differences: two arms on the same patients, resampled together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgraft.evaluation.arm import Arm, ArmAnswers, mean_over_seeds, quantiles, require_same_rows, resamples, tally_arm
from medgraft.evaluation.bootstrap import tail_of
from medgraft.evaluation.few_units import contracted
from medgraft.evaluation.metrics import chosen
from medgraft.evaluation.tally import Unit

Floats = NDArray[np.float64]

_EQUAL = 1e-12  # rounding must not decide on which side of zero a resample lies


@dataclass(frozen=True, kw_only=True)
class PairedDifference:
    """The figure of arm a less that of arm b on the same resampled units, and its p-value."""

    metric: str
    value_a: float
    value_b: float
    value: float
    low: float
    high: float
    p_value: float
    n_resamples: int


def paired_difference(
    a: Arm,
    b: Arm,
    metric: str,
    *,
    y_pred_a: ArmAnswers = None,
    y_pred_b: ArmAnswers = None,
    n: int = 2000,
    seed: int = 0,
    level: float = 0.95,
    unit: Unit = "subject",
) -> PairedDifference:
    """How much better arm a is than arm b on the same rows, with a percentile interval over resampled units.

    The p-value inverts that interval (`p_value_of`). Arguments are those of `bootstrap`; rows may be in any order.
    Raises `InputError` if the arms do not hold the same rows with the same truth.
    """
    tail = tail_of(level, n)
    arms = [tally_arm(a, y_pred_a, unit), tally_arm(b, y_pred_b, unit)]
    require_same_rows(arms[0][0], arms[1][0])
    figure = chosen(arms[0][0].rows.classes, [metric])[metric]
    n_units = arms[0][0].n_units
    value_a, value_b = (float(mean_over_seeds(figure, arm, np.ones((1, n_units)))[0]) for arm in arms)
    weights = resamples(n_units, n, seed)
    draws = mean_over_seeds(figure, arms[0], weights) - mean_over_seeds(figure, arms[1], weights)
    low, high, n_defined = quantiles(draws, tail, n_units)
    return PairedDifference(
        metric=metric,
        value_a=value_a,
        value_b=value_b,
        value=value_a - value_b,
        low=low,
        high=high,
        p_value=p_value_of(draws, n_units),
        n_resamples=n_defined,
    )


def p_value_of(draws: Floats, n_units: int) -> float:
    """1 less the highest level whose interval of resampled differences (B,) excludes zero; NaN for a single unit.

    That is twice the smaller share of them on either side of zero, and more for few units, as their intervals are
    longer (`few_units`). At least 2 / 2**n_units, the smallest that an exact sign test of as many units can reach:
    resampling three of them a thousand times does not make them more.

    >>> p_value_of(np.ones(2000), n_units=3)
    0.25
    """
    defined = draws[np.isfinite(draws)]
    if n_units < 2 or not len(defined):
        return float("nan")
    fewer = min((defined <= _EQUAL).sum(), (defined >= -_EQUAL).sum())
    share = min(0.5, (fewer + 1) / (len(defined) + 1))
    return max(2 * contracted(share, n_units), 2.0 ** (1 - n_units))
