"""Contact sheet of one stack with the outlines of what was segmented."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from medgraft.core.task import MASK_CODES, ClassLabel
from medgraft.report.figures.outline import draw_outline
from medgraft.report.style import INK, LABEL, MUTED, TICK, TITLE, bare, grey_limits, new_figure

_COLUMNS = 6
#: Inches.
_SIDE, _CAPTION = 1.75, 0.22
#: Behind the key, so that light colours can be seen.
_DARK = "#3a3f45"
#: Outlines are told apart without colour, too; the first structures lie on top.
_LINES: tuple[Any, ...] = ("solid", (0, (4, 1.5)), (0, (1, 1)))


@dataclass(frozen=True, kw_only=True, eq=False)
class MaskedSlice:
    """image: (H, W). mask: (H, W) in `core.task.MASK_CODES`. caption: where it lies."""

    image: NDArray[Any]
    mask: NDArray[np.uint8]
    caption: str


def mask_sheet(
    phases: Sequence[tuple[str, Sequence[MaskedSlice]]], classes: Sequence[ClassLabel], *, aspect: float, title: str
) -> Figure:
    """Slices of one or more phases, each phase under its heading.

    Args:
        phases: heading and slices, all of one shape; at least one.
        classes: whose outlines are drawn; codes of `core.task.MASK_CODES`.
        aspect: height of a pixel over its width.
        title: above all.
    """
    rows = [(heading if not first else "", slices[first : first + _COLUMNS]) for heading, slices in phases
            for first in range(0, len(slices), _COLUMNS)]  # fmt: skip
    height, width = phases[0][1][0].image.shape
    figure = new_figure(0.9 + len(rows) * (_SIDE * aspect * height / width + 2 * _CAPTION), width=_COLUMNS * 1.85)
    figure.suptitle(title, x=0.01, ha="left", fontsize=TITLE + 1, color=INK)
    limits = grey_limits(np.stack([one.image for _, slices in phases for one in slices]))
    grid = figure.subplots(len(rows), _COLUMNS, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for places, (heading, slices) in zip(grid, rows, strict=True):
        for axes, one in zip(places, slices, strict=False):
            _draw(axes, one, classes, limits, aspect)
            axes.set_title(one.caption, loc="left", fontsize=TICK, color=MUTED)
        if heading:
            places[0].set_title(f"{heading}\n{slices[0].caption}", loc="left", fontsize=TICK, color=INK)
    figure.legend(handles=_key(classes), loc="outside lower left", ncols=len(classes), fontsize=LABEL,
                  facecolor=_DARK, edgecolor=_DARK, framealpha=1, labelcolor="white")  # fmt: skip
    return figure


def _draw(
    axes: Axes, one: MaskedSlice, classes: Sequence[ClassLabel], limits: tuple[float, float], aspect: float
) -> None:
    axes.set_axis_on()
    axes.imshow(one.image, cmap="gray", vmin=limits[0], vmax=limits[1], aspect=aspect, interpolation="bilinear")
    for place, item in reversed(list(enumerate(classes))):
        draw_outline(axes, one.mask == MASK_CODES[item.code], item.colour, _line(place), 1.2)
    axes.set_xlim(-0.5, one.image.shape[1] - 0.5)
    axes.set_ylim(one.image.shape[0] - 0.5, -0.5)
    bare(axes)


def _line(place: int) -> Any:
    return _LINES[place % len(_LINES)]


def _key(classes: Sequence[ClassLabel]) -> list[Line2D]:
    return [
        Line2D([], [], color=item.colour, linestyle=_line(place), linewidth=1.6, label=item.name)
        for place, item in enumerate(classes)
    ]
