"""Percentile intervals of few units, as long as Student's t makes them.

Means of resampled units vary less than means of other units would, by sqrt((n - 1) / n), and a percentile of them takes
the spread for known. Reading further outside mends both: of symmetric values the interval becomes the t interval.

References:
    Hesterberg 2015, What teachers should know about the bootstrap, doi 10.1080/00031305.2015.1089789, section 5.3.
"""

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit


def expanded(tail: float, n_units: int) -> float:
    """The share of resamples to leave outside each end, for a nominal share `tail`; NaN for a single unit.

    >>> round(expanded(0.025, 10), 4), round(expanded(0.025, 1000), 4)
    (0.0086, 0.0248)
    """
    if n_units < 2:
        return float("nan")
    return float(ndtr(stdtrit(n_units - 1, tail) * np.sqrt(n_units / (n_units - 1))))


def contracted(share: float, n_units: int) -> float:
    """The nominal share that a share of resamples on one side stands for; undoes `expanded`.

    >>> round(contracted(expanded(0.025, 10), 10), 6)
    0.025
    """
    if n_units < 2:
        return float("nan")
    return float(stdtr(n_units - 1, ndtri(share) * np.sqrt((n_units - 1) / n_units)))
