"""Finding: one paragraph of a report, made from its numbers."""

import math
from dataclasses import dataclass
from typing import Literal

from medgraft.evaluation import Interval, PairedDifference

#: Of a figure that these subjects do not define, such as a correlation of values that are all alike.
_UNDEFINED = "undefined"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One paragraph; `warn` marks what must not be overlooked."""

    text: str
    tone: Literal["plain", "good", "warn"] = "plain"


def with_interval(figure: Interval) -> str:
    """A figure in running text.

    >>> with_interval(Interval(value=0.8123, low=0.7, high=0.9, n_resamples=2000))
    '0.81 (0.70 to 0.90)'
    """
    if math.isnan(figure.value):
        return _UNDEFINED
    if math.isnan(figure.low):
        return f"{figure.value:.2f}"
    return f"{figure.value:.2f} ({figure.low:.2f} to {figure.high:.2f})"


def signed(difference: PairedDifference) -> str:
    """A paired difference in running text, with its sign; one subject gives no interval."""
    if math.isnan(difference.value):
        return _UNDEFINED
    if math.isnan(difference.low):
        return f"{difference.value:+.3f} (no interval)"
    return f"{difference.value:+.3f} (95 % interval {difference.low:+.3f} to {difference.high:+.3f})"


def one_decimal(figure: Interval) -> str:
    """A difference to one decimal with its sign, never a negative zero.

    >>> one_decimal(Interval(value=-0.04, low=-1, high=1, n_resamples=1))
    '+0.0'
    """
    return _UNDEFINED if math.isnan(figure.value) else f"{round(figure.value, 1) + 0.0:+.1f}"
