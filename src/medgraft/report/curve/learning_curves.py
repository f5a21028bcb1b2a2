"""Learning curves of every arm beside the travelling model as it is (Figure 4 of Gupta et al. 2020)."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from medgraft.evaluation import MEAN_DICE
from medgraft.report.curve.content import CurveContent, CurveFigure, Group, ModelKey
from medgraft.report.curve.style import mark_of
from medgraft.report.style import LABEL, new_figure, tidy

#: Least distance of two labels, in shares of the axis.
_APART = 0.055
#: Room for labels to the right of the lines, in shares of their length.
_ROOM = 0.52


def learning_curves(content: CurveContent, on: Group = "test") -> Figure:
    """Mean Dice over the subjects that were held out, by subjects trained on; then the same for each class.

    Lines are means over draws with 95 % intervals, dots the draws, the dotted line the best subject, the band the
    travelling model as it is.
    """
    names = [name for name in content.figure_names(on) if "Dice" in name]
    figure = new_figure(4.4 if len(names) < 3 else 4.6, width=11)
    panels = figure.subplots(1, len(names), width_ratios=[1.9, *[1] * (len(names) - 1)], squeeze=False, sharey=True)[0]
    low = _floor(content, on, names)
    for axes, name in zip(panels, names, strict=True):
        main = name == MEAN_DICE
        ends = _draw(axes, content, on, name, main=main)
        tidy(axes, title=_title(content, name), x="subjects trained on", y="Dice" if main else "", bold=main)
        axes.set_ylim(low, 1.005)
        axes.set_xticks(content.sizes)
        left, right = _ends(content.sizes)
        axes.set_xlim(left, right + (_ROOM * (right - left) if main else 0))
        if main:
            _label(axes, ends, content, low)
    return figure


def _draw(axes: Axes, content: CurveContent, on: Group, name: str, *, main: bool) -> list[CurveFigure]:
    """Draw all models; gives where each of them ends."""
    ends: list[CurveFigure] = []
    for model in content.models:
        found = content.figure(model, on, name)
        if found is not None and not model.size:
            _draw_band(axes, content, found)
            ends.append(found)
    for arm in content.arms:
        points = [content.figure(ModelKey(arm=arm, size=size), on, name) for size in content.sizes]
        known = [point for point in points if point is not None]
        if known:
            _draw_arm(axes, content, known, main=main)
            ends.append(known[-1])
    return ends


def _draw_band(axes: Axes, content: CurveContent, found: CurveFigure) -> None:
    colour = mark_of(content, found.model).colour
    ends, value = _ends(content.sizes), found.value
    axes.plot(ends, [value.value, value.value], color=colour, linewidth=1.3, linestyle=(0, (5, 2)))
    if math.isfinite(value.low):
        axes.fill_between(ends, value.low, value.high, color=colour, alpha=0.13, linewidth=0)


def _draw_arm(axes: Axes, content: CurveContent, points: list[CurveFigure], *, main: bool) -> None:
    colour, marker = mark_of(content, points[0].model)
    sizes = [point.model.size for point in points]
    values = [point.value for point in points]
    means = [value.value for value in values]
    # A mean without an interval (one subject) has no whisker.
    below = [value.value - value.low if math.isfinite(value.low) else 0 for value in values]
    above = [value.high - value.value if math.isfinite(value.high) else 0 for value in values]
    axes.errorbar(
        sizes, means, yerr=[below, above], color=colour, marker=marker, markersize=5.5, linewidth=1.8, elinewidth=1.1,
        capsize=2.5,
    )  # fmt: skip
    axes.plot(sizes, [point.best for point in points], color=colour, linewidth=0.9, linestyle=":", alpha=0.75)
    if not main:
        return
    shift = 0.02 * (content.sizes[-1] - content.sizes[0] or 1)
    for point in points:
        place = np.full(len(point.draws), point.model.size - shift)
        axes.plot(place, point.draws, linestyle="", marker=marker, markersize=3, color=colour, alpha=0.45)


def _label(axes: Axes, ends: list[CurveFigure], content: CurveContent, low: float) -> None:
    """Names and figures at the lines' ends, moved apart where they would touch."""
    step = _APART * (1.0 - low)
    place = -math.inf
    for end in sorted(ends, key=lambda end: end.value.value):
        place = max(end.value.value, place + step)
        axes.annotate(
            f"{end.model.arm} {end.value.value:.2f} (best {end.best:.2f})",
            (content.sizes[-1], place),
            xytext=(20, 0),
            textcoords="offset points",
            va="center",
            fontsize=LABEL,
            color=mark_of(content, end.model).colour,
            fontweight="bold",
        )


def _floor(content: CurveContent, on: Group, names: list[str]) -> float:
    figures = [item for item in content.figures if item.on == on and item.figure in names]
    lowest = min(float(np.nanmin([item.value.value, item.value.low, *item.draws])) for item in figures)
    return max(0.0, math.floor(10 * (lowest - 0.03)) / 10)


def _ends(sizes: tuple[int, ...]) -> tuple[float, float]:
    """From a little before the first size to a little after the last."""
    edge = 0.06 * (sizes[-1] - sizes[0] or 1)
    return sizes[0] - edge, sizes[-1] + edge


def _title(content: CurveContent, name: str) -> str:
    named = {f"Dice {item.code}": item.name for item in content.task.classes}
    return "Mean Dice" if name == MEAN_DICE else named.get(name, name)
