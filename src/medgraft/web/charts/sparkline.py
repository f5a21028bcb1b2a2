"""A curve without axes, as large as a word."""

import math
from collections.abc import Sequence

from markupsafe import Markup

from medgraft.web.charts.svg import drawing, element, path

_WIDTH, _HEIGHT, _MARGIN = 112, 28, 4


def sparkline(values: Sequence[float], chosen: int, *, label: str) -> Markup:
    """Values by epoch from its lowest to its highest, a dot at epoch `chosen` (from 1); NaN is a gap."""
    finite = [value for value in values if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    span = high - low or 1.0
    step = (_WIDTH - 2 * _MARGIN) / max(len(values) - 1, 1)

    def place(at: int, value: float) -> tuple[float, float]:
        return _MARGIN + at * step, _HEIGHT - _MARGIN - (value - low) / span * (_HEIGHT - 2 * _MARGIN)

    points = [place(at, value) if math.isfinite(value) else None for at, value in enumerate(values)]
    marked = points[chosen - 1] if 0 < chosen <= len(points) else None
    dot = [element("circle", cx=marked[0], cy=marked[1], r=3, class_="dot")] if marked else []
    return drawing(_WIDTH, _HEIGHT, [path(points, "line"), *dot], label=label, class_="spark")
