"""Grad-CAM beside the image it explains, one block per (truth, answer) cell."""

from collections.abc import Sequence
from textwrap import fill
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.core.task import Task
from medgraft.report.study.content import CamExample
from medgraft.report.style import ERROR_INK, INK, MUTED, PAPER, TICK, TITLE, bare, grey_limits, new_figure

#: Dark blue where there is little evidence, yellow where there is much; readable without colour vision.
_MAP_COLOURS = "inferno"
_PER_CELL = 3
_SHEET_COLUMNS = 5

#: Inches.
_IMAGE, _GAP, _HEADING, _CAPTION = 1.08, 0.05, 0.32, 0.4
#: As many as fit under an image.
_CAPTION_LETTERS = 20
_CELL_WIDTH = _PER_CELL * (_IMAGE + _GAP) + 0.2
_CELL_HEIGHT = _HEADING + 2 * _IMAGE + _GAP + _CAPTION


def cam_matrix(examples: Sequence[CamExample], task: Task) -> Figure:
    """All cells in the places of the confusion matrix: truth down, answer across (Figure 6 of Ho and Kim 2021).

    Each image stands above its overlay; at most three per cell, with the count of the whole cell.
    """
    n_classes = len(task.classes)
    figure, page = _page(n_classes * _CELL_WIDTH + 0.1, n_classes * _CELL_HEIGHT)
    cells = {(example.truth, example.predicted): example for example in examples}
    for truth in range(n_classes):
        for answer in range(n_classes):
            left, top = 0.1 + answer * _CELL_WIDTH, (n_classes - truth) * _CELL_HEIGHT
            example = cells.get((truth, answer))
            colour = MUTED if example is None else INK if truth == answer else ERROR_INK
            heading = f"{_heading(truth, answer, task)}:  {example.count if example else 0:,}"
            page.text(left, top - 0.22, heading, fontsize=TITLE, color=colour)
            if example is not None:
                _draw_pairs(page, left, top - _HEADING, example)
    return figure


def cam_sheet(examples: Sequence[CamExample], task: Task) -> Figure:
    """Every map of every cell as image and overlay side by side, for `medgraft explain`."""
    pairs = [(e, i) for e in examples for i in range(len(e.images))]
    if not pairs:
        raise InputError("Expected at least one image with its map, got none.")
    rows = -(-len(pairs) // _SHEET_COLUMNS)
    figure = new_figure(1.75 * rows, width=2.9 * _SHEET_COLUMNS)
    grid = figure.subplots(rows, 2 * _SHEET_COLUMNS, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for place, (example, index) in enumerate(pairs):
        left, right = grid.flat[2 * place : 2 * place + 2]
        draw_overlay(left, example.images[index], None)
        draw_overlay(right, example.images[index], example.maps[index])
        left.set_title(_heading(example.truth, example.predicted, task), loc="left", fontsize=TICK, color=INK)
        right.set_title(example.captions[index], loc="left", fontsize=TICK - 1, color=MUTED)
    return figure


def draw_overlay(
    axes: Axes, image: NDArray[Any], cam: NDArray[Any] | None, *, aspect: float | Literal["auto"] = 1,
    extent: tuple[float, float, float, float] | None = None,
) -> None:  # fmt: skip
    """An image (H, W) in grey, and over it, where given, a map (H, W) in 0..1 that is clear where it is 0."""
    low, high = grey_limits(image)
    axes.imshow(image, cmap="gray", vmin=low, vmax=high, aspect=aspect, extent=extent)
    if cam is not None:
        alpha = 0.65 * cam.clip(0, 1)
        axes.imshow(cam, cmap=_MAP_COLOURS, vmin=0, vmax=1, alpha=alpha, aspect=aspect, extent=extent)
    bare(axes)


def _page(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure with one pair of axes over all of it, in inches: many images are drawn ten times as fast in one."""
    figure = Figure(figsize=(width, height), facecolor=PAPER)
    page = figure.add_axes((0, 0, 1, 1), autoscale_on=False)
    page.set_xlim(0, width)
    page.set_ylim(0, height)
    return figure, page


def _draw_pairs(page: Axes, left: float, top: float, example: CamExample) -> None:
    for index in range(min(_PER_CELL, len(example.images))):
        image, cam = example.images[index], example.maps[index]
        x, middle = left + index * (_IMAGE + _GAP), top - _IMAGE
        bottom = middle - _GAP - _IMAGE
        # Images that are not square keep their shape inside the square.
        height, width = (_IMAGE * side / max(image.shape) for side in image.shape)
        draw_overlay(page, image, None, aspect="auto", extent=(x, x + width, middle, middle + height))
        draw_overlay(page, image, cam, aspect="auto", extent=(x, x + width, bottom, bottom + height))
        caption = fill(example.captions[index], _CAPTION_LETTERS)
        page.text(x, bottom - 0.05, caption, va="top", fontsize=TICK - 1.5, color=MUTED)


def _heading(truth: int, answer: int, task: Task) -> str:
    return f"{task.codes[truth]}, answered {task.codes[answer]}"
