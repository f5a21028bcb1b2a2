"""Holm's correction of p-values for many comparisons."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def holm(p_values: NDArray[Any]) -> NDArray[np.float64]:
    """Adjusted p-values (M,) that keep the chance of any false finding below the level (Holm 1979).

    NaN stays NaN and does not count as a comparison.

    >>> holm(np.array([0.01, 0.04, 0.03]))
    array([0.03, 0.06, 0.06])
    """
    p = np.asarray(p_values, float)
    order = np.argsort(p)[: int(np.isfinite(p).sum())]  # NaN sorts last
    adjusted = np.full(p.shape, np.nan)
    stepped = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(stepped), 1)
    return adjusted
