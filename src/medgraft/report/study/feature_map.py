"""t-SNE of penultimate features, coloured by class."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from medgraft.core.task import Task
from medgraft.report.study.content import ModelResult
from medgraft.report.style import ERROR, INK, LABEL, MARKERS, PAPER, RULE, TITLE, new_figure

_COLUMNS = 3


def feature_maps(results: Sequence[ModelResult], task: Task) -> Figure:
    """One map per model that has an embedding (Figure 5 of Ho and Kim 2021); wrong answers are ringed."""
    shown = [(r, r.embedding) for r in results if r.embedding is not None]
    columns = min(_COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    figure = new_figure(0.5 + 3.2 * rows, width=3.3 * max(columns, 2))
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat[len(shown) :]:
        axes.set_axis_off()
    for axes, (result, points) in zip(grid.flat, shown, strict=False):
        _draw(axes, points, result, task)
    figure.legend(handles=_key(task), loc="outside lower center", ncols=4, frameon=False, fontsize=LABEL)
    return figure


def _draw(axes: Axes, points: NDArray[np.float64], result: ModelResult, task: Task) -> None:
    truth = result.predictions.y_true
    # The rarest class is drawn last, or the common one would hide it.
    for index in np.argsort(-np.bincount(truth, minlength=len(task.classes)), kind="stable"):
        own = truth == index
        x, y = points[own].T
        colour = task.classes[index].colour
        axes.scatter(x, y, s=24, marker=MARKERS[index % 9], color=colour, edgecolors=PAPER, linewidths=0.4)
    x, y = points[result.answers != truth].T
    axes.scatter(x, y, s=62, facecolors="none", edgecolors=ERROR, linewidths=0.9)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_color(RULE)
    axes.set_title(result.title, loc="left", fontsize=TITLE, color=INK)


def _key(task: Task) -> list[Line2D]:
    key = [
        Line2D([], [], linestyle="", marker=MARKERS[i % 9], color=item.colour, label=f"{item.code} ({item.name})")
        for i, item in enumerate(task.classes)
    ]
    ring = Line2D(
        [], [], linestyle="", marker="o", markersize=8, markerfacecolor="none", color=ERROR, label="wrong answer"
    )
    return [*key, ring]
