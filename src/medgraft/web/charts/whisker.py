"""A figure as a dot with its interval as a whisker."""

import math
from collections.abc import Iterable

from markupsafe import Markup

from medgraft.web.charts.svg import drawing, element

_WIDTH, _HEIGHT, _MARGIN = 160, 20, 6

#: The least reach of an axis of differences: smaller ones are none that anybody would act on.
_LEAST = 0.05


def whisker(value: float | None, low: float | None, high: float | None, *, scale: tuple[float, float]) -> Markup:
    """A figure on a scale that all rows of a table share; its ends are drawn as faint marks."""
    return _drawing(value, low, high, scale, zero=())


def difference_whisker(value: float, low: float | None, high: float | None, *, reach: float) -> Markup:
    """A difference on a scale from `-reach` to `reach`, with zero marked."""
    return _drawing(value, low, high, (-reach, reach), zero=(_tick(_WIDTH / 2, "zero"),))


def reach_of(ends: Iterable[float | None]) -> float:
    """How far an axis reaches to both sides of zero so that all these ends, where they are defined, are on it.

    >>> reach_of([0.01, None, -0.2]), reach_of([])
    (0.2, 0.05)
    """
    return max([_LEAST, *(abs(end) for end in ends if end is not None and math.isfinite(end))])


def _drawing(
    value: float | None, low: float | None, high: float | None, scale: tuple[float, float], zero: tuple[Markup, ...]
) -> Markup:
    if value is None:
        return drawing(_WIDTH, _HEIGHT, [], label="undefined", class_="whisker")
    middle, text = _HEIGHT / 2, f"{value:.2f}"
    parts = [*(_tick(_place(end, scale), "faint") for end in scale), *zero]
    if low is not None and high is not None:
        ends = _place(low, scale), _place(high, scale)
        parts.append(element("line", x1=ends[0], x2=ends[1], y1=middle, y2=middle, class_="line"))
        text += f", {low:.2f} to {high:.2f}"
    parts.append(element("circle", cx=_place(value, scale), cy=middle, r=4.0, class_="dot"))
    return drawing(_WIDTH, _HEIGHT, parts, label=text, class_="whisker")


def _tick(x: float, class_: str) -> Markup:
    return element("line", x1=x, x2=x, y1=3, y2=_HEIGHT - 3, class_=class_)


def _place(value: float, scale: tuple[float, float]) -> float:
    low, high = scale
    share = (value - low) / (high - low) if high > low else 0.5
    return _MARGIN + min(max(share, 0.0), 1.0) * (_WIDTH - 2 * _MARGIN)
