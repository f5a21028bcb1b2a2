"""Validation Dice by epoch, one panel per size of the training set."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from medgraft.core.counted import counted
from medgraft.report.curve.content import CurveContent, ModelKey, TrainingCurve
from medgraft.report.curve.style import mark_of
from medgraft.report.style import LABEL, new_figure, tidy

_COLUMNS = 3


def mask_trainings(content: CurveContent) -> Figure:
    """Every draw a thin line in its arm's colour, a package's from epoch 0 on; the mark is the epoch that was kept."""
    sizes = sorted({item.model.size for item in content.trainings})
    columns = min(_COLUMNS, len(sizes))
    rows = -(-len(sizes) // columns)
    figure = new_figure(0.5 + 2.4 * rows, width=max(3.6 * columns, 6))
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for place, axes in enumerate(grid.flat):
        axes.set_visible(place < len(sizes))
    for place, (axes, size) in enumerate(zip(grid.flat, sizes, strict=False)):
        for item in content.trainings:
            if item.model.size == size:
                _draw(axes, item, content)
        below = place + columns >= len(sizes)
        tidy(axes, title=counted(size, "subject"), x="epoch" if below else "", y="" if place % columns else "Dice")
        axes.tick_params(labelbottom=below)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_ylim(0, 1)
    figure.legend(handles=_key(content), loc="outside lower center", ncols=4, frameon=False, fontsize=LABEL)
    return figure


def _draw(axes: Axes, item: TrainingCurve, content: CurveContent) -> None:
    colour, marker = mark_of(content, item.model)
    dice = np.array([np.nan if value is None else value for value in (item.before, *item.dice)])
    # A single epoch has no line to draw.
    axes.plot(dice, color=colour, linewidth=1.2, alpha=0.7, marker="." if len(item.dice) == 1 else None)
    axes.plot([item.epoch], [dice[item.epoch]], marker=marker, markersize=6, color=colour)


def _key(content: CurveContent) -> list[Line2D]:
    marks = [(arm, mark_of(content, ModelKey(arm=arm, size=content.sizes[0]))) for arm in content.arms]
    return [Line2D([], [], color=mark.colour, marker=mark.marker, label=arm) for arm, mark in marks]
