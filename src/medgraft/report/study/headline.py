"""The main figure: all models and baselines as dots with whiskers, headline first, then each class."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from medgraft.core.task import Task
from medgraft.evaluation import Interval
from medgraft.report.study.content import ModelResult
from medgraft.report.style import INK, LABEL, MUTED, PAPER, RULE, VALIDATION, new_figure, tidy


class Panel(NamedTuple):
    """One metric of the figure: its key in `ModelResult.metrics` and its title."""

    key: str
    title: str


def headline(
    results: Sequence[ModelResult], baselines: Sequence[ModelResult], task: Task, *, chosen: str = ""
) -> Figure:
    """Macro F1 and F1 per class with their intervals; plain answers hollow, jointly decoded ones filled.

    Models come in the given order, then the baselines, shaded; the dotted line is the better baseline. The model
    named `chosen` is written in bold.
    """
    panels = [Panel("macro_f1", "Macro F1"), *(Panel(f"f1_{code}", f"F1, {code}") for code in task.codes)]
    rows = [*results, *baselines]
    figure = new_figure(1.0 + 0.42 * len(rows), width=11)
    grid = figure.subplots(1, len(panels), sharey=True, width_ratios=[1.7, *[1] * len(task.codes)], squeeze=False)[0]
    for axes, panel in zip(grid, panels, strict=True):
        tidy(axes, title=panel.title)
        _draw(axes, rows, panel.key)
        _shade_baselines(axes, len(results), len(rows), _best(baselines, panel.key))
    _name_rows(grid[0], rows, chosen)
    figure.legend(handles=_key(), loc="outside lower center", ncols=4, frameon=False, fontsize=LABEL)
    return figure


def _draw(axes: Axes, rows: Sequence[ModelResult], key: str) -> None:
    for y, row in enumerate(rows):
        if row.decoded is None:
            _dot(axes, y, row.metrics.get(key), hollow=True)
            continue
        _dot(axes, y - 0.16, row.metrics.get(key), hollow=True)
        _dot(axes, y + 0.16, row.decoded_metrics.get(key), hollow=False)
    axes.set_xlim(0, 1.02)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "0.5", "", "1"])
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color=RULE, linewidth=0.5)


def _dot(axes: Axes, y: float, figure: Interval | None, *, hollow: bool) -> None:
    if figure is None or math.isnan(figure.value):
        return
    axes.plot([figure.low, figure.high], [y, y], color=VALIDATION, linewidth=1.1, solid_capstyle="butt")
    face = PAPER if hollow else VALIDATION
    axes.plot([figure.value], [y], "o", markersize=5.5, markerfacecolor=face, markeredgecolor=VALIDATION)


def _shade_baselines(axes: Axes, first: int, end: int, best: float | None) -> None:
    if end > first:
        axes.axhspan(first - 0.5, end - 0.5, color=RULE, alpha=0.35, linewidth=0, zorder=0)
    if best is not None:
        axes.axvline(best, color=MUTED, linewidth=1, linestyle=":", zorder=0.5)


def _best(baselines: Sequence[ModelResult], key: str) -> float | None:
    figures = [
        metrics[key].value for row in baselines for metrics in (row.metrics, row.decoded_metrics) if key in metrics
    ]
    return max((value for value in figures if not math.isnan(value)), default=None)


def _name_rows(axes: Axes, rows: Sequence[ModelResult], chosen: str) -> None:
    axes.set_yticks(range(len(rows)), [row.title for row in rows], fontsize=LABEL, color=INK)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    for label, row in zip(axes.get_yticklabels(), rows, strict=True):
        label.set_fontweight("bold" if row.name == chosen else "normal")


def _key() -> list[Line2D]:
    dots = ((PAPER, "highest score"), (VALIDATION, "stack decoded jointly"))
    return [
        *(Line2D([], [], color=VALIDATION, marker="o", markerfacecolor=face, label=text) for face, text in dots),
        Line2D([], [], color=MUTED, linestyle=":", label="better baseline without pixels"),
    ]
