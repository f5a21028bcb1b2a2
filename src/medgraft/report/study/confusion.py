"""Confusion matrices: counts, shaded by the share of the true class."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from medgraft.core.task import Task
from medgraft.evaluation import confusion
from medgraft.report.study.content import ModelResult
from medgraft.report.style import INK, LABEL, MUTED, PAPER, TICK, TITLE, new_figure

_MODELS_PER_ROW = 2


def confusion_matrices(results: Sequence[ModelResult], task: Task) -> Figure:
    """Each model's plain and, where there are such, jointly decoded answers (Figure 4 of Ho and Kim 2021).

    Rows are the truth, columns the answer; a cell gives the count and its share of the row.
    """
    rows = -(-len(results) // _MODELS_PER_ROW)
    per_row = min(_MODELS_PER_ROW, len(results))
    figure = new_figure(2.75 * rows, width=5.4 * per_row)
    panels = figure.subfigures(rows, per_row, squeeze=False, wspace=0.04)
    for panel, result in zip(panels.flat, results, strict=False):
        panel.suptitle(result.title, x=0.02, ha="left", fontsize=TITLE, color=INK, fontweight="bold")
        variants = [("highest score", result.predictions.y_pred)]
        variants += [("decoded jointly", result.decoded)] if result.decoded is not None else []
        pair = panel.subplots(1, 2)
        for axes in pair[len(variants) :]:
            axes.set_axis_off()
        for axes, (title, answers) in zip(pair, variants, strict=False):
            _draw(axes, result.predictions.y_true, answers, task)
            axes.set_title(title, loc="left", fontsize=LABEL, color=MUTED)
    return figure


def _draw(axes: Axes, y_true: NDArray[np.int64], y_pred: NDArray[np.int64], task: Task) -> None:
    counts = confusion(y_true, y_pred, len(task.codes))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        ink = PAPER if shares[row, column] > 0.55 else INK
        axes.text(column, row - 0.1, f"{count:,}", ha="center", va="center", color=ink, fontsize=TITLE)
        share = f"{shares[row, column]:.0%}"
        axes.text(column, row + 0.24, share, ha="center", va="center", color=ink, fontsize=TICK - 1)
    places = range(len(task.codes))
    axes.set_xticks(places, task.codes, fontsize=TICK, color=INK)
    axes.set_yticks(places, task.codes, fontsize=TICK, color=INK)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("answer", fontsize=TICK, color=MUTED)
    axes.set_ylabel("truth", fontsize=TICK, color=MUTED)
