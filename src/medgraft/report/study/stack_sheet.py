"""Contact sheet of one stack, from base to apex, with what the model says of each slice."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.core.task import Task
from medgraft.report.study.cams import draw_overlay
from medgraft.report.style import ERROR_INK, INK, LABEL, MUTED, PAPER, TICK, TITLE, bare, ink_on, letters, new_figure

_COLUMNS = 6


def stack_sheet(
    images: NDArray[Any],
    y_score: NDArray[Any],
    decoded: NDArray[Any],
    task: Task,
    spacing: tuple[float, float, float] | None,
    *,
    maps: NDArray[Any] | None = None,
    title: str = "",
) -> Figure:
    """Each slice with its probabilities as a bar, its plain answer, and the answer after joint decoding.

    Args:
        images: (Z, H, W), any grey range, base first.
        y_score: (Z, K) probabilities.
        decoded: (Z,) class indices after joint decoding; the plain ones where the task has no order.
        task: names and colours of the K classes.
        spacing: (z, y, x) in mm, None where unknown: pixels are then drawn square and positions not given.
        maps: (Z, H, W) Grad-CAM in 0..1, laid over the images where given.
        title: above the sheet.
    """
    if not len(images) == len(y_score) == len(decoded):
        raise InputError(
            f"Expected one score and one class per slice, got {len(images)}, {len(y_score)}, {len(decoded)}."
        )
    rows = -(-len(images) // _COLUMNS)
    height = images.shape[1] * (spacing[1] / spacing[2] if spacing else 1) / images.shape[2]
    figure = new_figure(0.9 + rows * (1.75 * height + 0.68), width=1.85 * _COLUMNS)
    figure.suptitle(title or "Base to apex", x=0.01, ha="left", fontsize=TITLE + 1, color=INK)
    ratios = [height * 10, 1] * rows
    grid = figure.subplots(2 * rows, _COLUMNS, squeeze=False, height_ratios=ratios)
    for axes in grid.flat:
        axes.set_axis_off()
    for z in range(len(images)):
        above, below = grid[2 * (z // _COLUMNS) : 2 * (z // _COLUMNS) + 2, z % _COLUMNS]
        for axes in (above, below):
            axes.set_axis_on()
        draw_overlay(
            above, images[z], None if maps is None else maps[z], aspect=spacing[1] / spacing[2] if spacing else 1
        )
        above.set_title(_place(z, len(images), spacing), loc="left", fontsize=TICK, color=MUTED)
        _bar(below, y_score[z], int(decoded[z]), task)
    figure.legend(
        handles=_key(task), loc="outside lower left", ncols=len(task.codes) + 1, frameon=False, fontsize=LABEL
    )
    return figure


def _bar(axes: Axes, scores: NDArray[Any], decoded: int, task: Task) -> None:
    left = 0.0
    for item, mark, score in zip(task.classes, letters(task), scores, strict=True):
        axes.barh(0, score, left=left, height=1, color=item.colour, edgecolor=PAPER, linewidth=0.6)
        if score > 0.15:
            ink = ink_on(item.colour)
            axes.text(left + score / 2, 0, mark, ha="center", va="center", fontsize=TICK - 1, color=ink)
        left += score
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.5, 0.5)
    bare(axes)
    plain = int(scores.argmax())
    differs = plain != decoded
    answer = f"{task.codes[plain]} {scores[plain]:.2f}"
    text = f"{answer} → {task.codes[decoded]}" if differs else answer
    axes.set_xlabel(text, loc="left", fontsize=LABEL, color=ERROR_INK if differs else INK, labelpad=3)


def _place(z: int, n_slices: int, spacing: tuple[float, float, float] | None) -> str:
    ends = {0: "base", n_slices - 1: "apex"}
    depth = f"{z * spacing[0]:.0f} mm" if spacing else ""
    return "  ".join(part for part in (f"{z + 1}", ends.get(z, ""), depth) if part)


def _key(task: Task) -> list[Patch | Line2D]:
    marks = zip(letters(task), task.classes, strict=True)
    classes = [Patch(facecolor=item.colour, label=f"{mark} = {item.code} ({item.name})") for mark, item in marks]
    return [*classes, Line2D([], [], linestyle="", marker="$→$", color=ERROR_INK, label="changed by joint decoding")]
