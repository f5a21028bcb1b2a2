"""How the report's figures look: colours, sizes, marks; and a figure as bytes that repeat."""

import io
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import NDArray

from medgraft.core.task import Task

INK, MUTED, RULE, PAPER = "#1b1f24", "#59636e", "#d5dae0", "#ffffff"
TRAINING, VALIDATION, ACCURACY, ERROR = "#6b7280", "#0072B2", "#882255", "#D55E00"

#: Vermilion is too light for small print (4.0:1 on white); the same hue, darker, is not.
ERROR_INK = "#A84300"

#: Type sizes in points: 9 reads like the report's small text when a figure is shown at full width.
TITLE, LABEL, TICK = 9.5, 8.5, 8.0

#: Shapes go with class colours, so that nothing is said by colour alone.
MARKERS = ("^", "o", "s", "D", "v", "P", "X", "*", "h")
WIDTH = 10.0
_DPI = 144

#: From thin to thick: readable without colour vision and in grey.
THICKNESS_COLOURS = "viridis"


class Mark(NamedTuple):
    """How a model is drawn."""

    colour: str
    marker: str


def new_figure(height: float, width: float = WIDTH) -> Figure:
    """An empty figure in inches, laid out by constraints; no pyplot, so nothing global."""
    return Figure(figsize=(width, height), facecolor=PAPER, layout="constrained")


def png_of(figure: Figure) -> bytes:
    """The figure as PNG; the same figure gives the same bytes (no date, no version in the file).

    Names of subjects, models and classes are shown as they are written: dollar signs do not begin formulas.
    """
    for text in figure.findobj(Text):
        text.set_parse_math(False)
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=_DPI, metadata={"Software": None})
    return data.getvalue()


def tidy(axes: Axes, *, title: str = "", x: str = "", y: str = "", bold: bool = False) -> None:
    """Light axes: two spines, small ticks, faint horizontal rules, title on the left."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(RULE)
    axes.tick_params(labelsize=TICK, colors=MUTED, length=3, width=0.6)
    axes.grid(visible=True, axis="y", color=RULE, linewidth=0.5, alpha=0.8)
    axes.set_axisbelow(True)
    axes.set_title(title, loc="left", fontsize=TITLE, color=INK, fontweight="bold" if bold else "normal")
    axes.set_xlabel(x, fontsize=LABEL, color=MUTED)
    axes.set_ylabel(y, fontsize=LABEL, color=MUTED)


def bare(axes: Axes) -> None:
    """No ticks, no spines: for images."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def grey_limits(image: NDArray[Any]) -> tuple[float, float]:
    """The grey window that shows an image well: from its darkest to its 99.5th percentile; what is no number aside.

    >>> grey_limits(np.array([[np.nan, 0.0], [0.0, 0.0]]))
    (0.0, 1.0)
    """
    numbers = image[np.isfinite(image)]
    low, high = np.percentile(numbers, (0, 99.5)).tolist() if numbers.size else (0.0, 0.0)
    return (low, high) if high > low else (low, low + 1)


def letters(task: Task) -> tuple[str, ...]:
    """The shortest beginnings that tell the classes' codes apart, for marks inside small cells.

    >>> from medgraft.core.task import SAX_RANGE
    >>> letters(SAX_RANGE)
    ('OA', 'I', 'OB')
    """
    return tuple(_shortest_prefix(code, task.codes) for code in task.codes)


def ink_on(colour: str) -> str:
    """Black or white, whichever reads better on a colour (relative luminance, WCAG 2).

    >>> ink_on("#E69F00"), ink_on("#0072B2")
    ('#1b1f24', '#ffffff')
    """
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return INK if luminance > 0.18 else PAPER


def _shortest_prefix(code: str, codes: tuple[str, ...]) -> str:
    lengths = range(1, len(code) + 1)
    fitting = (code[:n] for n in lengths if sum(other.startswith(code[:n]) for other in codes) == 1)
    return next(fitting, code)
