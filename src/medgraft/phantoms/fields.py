"""Fields of real numbers over points, and the signed distances that shapes are made of (mm, negative inside)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Single precision where points are many; the type says no more than real, as mixing with Python numbers does.
Field = NDArray[np.floating[Any]]


def ellipsoid(*axes: tuple[Field | float, float]) -> Field:
    """A signed distance, near enough, to an ellipsoid from pairs (coordinate from its centre, half-axis) in mm."""
    norm = np.sqrt(sum((np.asarray(x, np.float32) * np.float32(1 / a)) ** 2 for x, a in axes))
    return np.asarray((norm - 1) * np.float32(min(a for _, a in axes)), np.float32)
