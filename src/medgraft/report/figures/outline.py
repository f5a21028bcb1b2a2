"""The border of one structure over a picture."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray


def draw_outline(axes: Axes, shown: NDArray[np.bool_], colour: str, line: Any, width: float) -> None:
    """The border of what is `shown` (H, W), closed where it leaves the picture; nothing is drawn of nothing."""
    if not shown.any():
        return
    padded = np.pad(shown, 1)
    rows, columns = (np.arange(-1, side - 1) for side in padded.shape)
    axes.contour(columns, rows, padded, levels=[0.5], colors=[colour], linestyles=[line], linewidths=width)
