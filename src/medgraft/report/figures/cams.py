"""Grad-CAM beside the image it explains, one block per (truth, answer) cell."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from numpy.typing import NDArray

from medgraft.core.task import Task
from medgraft.report.content import CamExample
from medgraft.report.style import ERROR, INK, LABEL, MUTED, PAPER, TICK, TITLE, bare, grey_limits, new_figure

#: Dark blue where there is little evidence, yellow where there is much; readable without colour vision.
_MAP_COLOURS = "inferno"
_PER_CELL = 3


def cam_matrix(examples: Sequence[CamExample], task: Task) -> Figure:
    """All cells in the places of the confusion matrix: truth down, answer across (Figure 6 of Ho and Kim 2021).

    Each image stands above its overlay; at most three per cell, with the count of the whole cell.
    """
    n_classes = len(task.classes)
    figure = new_figure(2.35 * n_classes, width=3.5 * n_classes)
    cells = {(example.truth, example.predicted): example for example in examples}
    panels = figure.subfigures(n_classes, n_classes, squeeze=False, wspace=0.03, hspace=0.03)
    for truth in range(n_classes):
        for answer in range(n_classes):
            _cell(panels[truth, answer], truth, answer, cells.get((truth, answer)), task)
    return figure


def cam_sheet(examples: Sequence[CamExample], task: Task, *, columns: int = 5) -> Figure:
    """Every map of every cell as image and overlay side by side, for `medgraft explain`."""
    pairs = [(e, i) for e in examples for i in range(len(e.images))]
    rows = -(-len(pairs) // columns)
    figure = new_figure(1.75 * rows, width=2.9 * columns)
    grid = figure.subplots(rows, 2 * columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for place, (example, index) in enumerate(pairs):
        left, right = grid.flat[2 * place : 2 * place + 2]
        draw_overlay(left, example.images[index], None)
        draw_overlay(right, example.images[index], example.maps[index])
        left.set_title(_heading(example.truth, example.predicted, task), loc="left", fontsize=TICK, color=INK)
        right.set_title(example.captions[index], loc="left", fontsize=TICK - 1, color=MUTED)
    return figure


def draw_overlay(axes: Axes, image: NDArray[Any], cam: NDArray[Any] | None, *, aspect: float = 1) -> None:
    """An image (H, W) in grey, and over it, where given, a map (H, W) in 0..1 that is clear where it is 0."""
    low, high = grey_limits(image)
    axes.imshow(image, cmap="gray", vmin=low, vmax=high, aspect=aspect)
    if cam is not None:
        axes.imshow(cam, cmap=_MAP_COLOURS, vmin=0, vmax=1, alpha=0.65 * cam.clip(0, 1), aspect=aspect)
    bare(axes)


def _cell(panel: SubFigure, truth: int, answer: int, example: CamExample | None, task: Task) -> None:
    count = example.count if example else 0
    colour = INK if truth == answer else ERROR
    heading = f"{_heading(truth, answer, task)}   n = {count:,}"
    panel.suptitle(heading, x=0.03, ha="left", fontsize=TITLE, color=colour if count else MUTED)
    grid = panel.subplots(2, _PER_CELL)
    for axes in grid.flat:
        bare(axes)
        axes.set_facecolor(PAPER)
    if example is None or not len(example.images):
        grid[0, 0].text(0, 1, "no such image", va="top", fontsize=LABEL, color=MUTED)
        return
    for index in range(min(_PER_CELL, len(example.images))):
        draw_overlay(grid[0, index], example.images[index], None)
        draw_overlay(grid[1, index], example.images[index], example.maps[index])
        grid[1, index].set_xlabel(example.captions[index], fontsize=TICK - 2, color=MUTED, labelpad=2)


def _heading(truth: int, answer: int, task: Task) -> str:
    return f"{task.codes[truth]}, answered {task.codes[answer]}"
