"""A figure as a dot with its interval as a whisker."""

from markupsafe import Markup

from medgraft.web.charts.svg import drawing, element

_WIDTH, _HEIGHT, _MARGIN = 160, 20, 6


def whisker(value: float | None, low: float | None, high: float | None, *, scale: tuple[float, float]) -> Markup:
    """A figure on a scale that all rows of a table share; its ends are drawn as faint marks."""
    if value is None:
        return drawing(_WIDTH, _HEIGHT, [], label="undefined", class_="whisker")
    middle = _HEIGHT / 2
    parts = [_tick(_place(end, scale), "faint") for end in scale]
    text = f"{value:.2f}"
    if low is not None and high is not None:
        ends = _place(low, scale), _place(high, scale)
        parts.append(element("line", x1=ends[0], x2=ends[1], y1=middle, y2=middle, class_="line"))
        text += f", {low:.2f} to {high:.2f}"
    parts.append(element("circle", cx=_place(value, scale), cy=middle, r=4.0, class_="dot"))
    return drawing(_WIDTH, _HEIGHT, parts, label=text, class_="whisker")


def difference_whisker(value: float, low: float | None, high: float | None, *, reach: float) -> Markup:
    """A difference on a scale from `-reach` to `reach`, with zero marked."""
    zero = _tick(_WIDTH / 2, "zero")
    drawn = whisker(value, low, high, scale=(-reach, reach))
    return drawn.replace(Markup("</svg>"), zero + Markup("</svg>"))


def _tick(x: float, class_: str) -> Markup:
    return element("line", x1=x, x2=x, y1=3, y2=_HEIGHT - 3, class_=class_)


def _place(value: float, scale: tuple[float, float]) -> float:
    low, high = scale
    share = (value - low) / (high - low) if high > low else 0.5
    return _MARGIN + min(max(share, 0.0), 1.0) * (_WIDTH - 2 * _MARGIN)
