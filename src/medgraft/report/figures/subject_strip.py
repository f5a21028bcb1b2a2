"""Each stack a row of coloured cells from base to apex: truth above, answer below, worst stack first."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from numpy.typing import NDArray

from medgraft.core.task import Task
from medgraft.report.content import ModelResult
from medgraft.report.style import ERROR, INK, LABEL, MUTED, PAPER, TICK, ink_on, letters, new_figure

#: Two columns of 24 fill a page.
MOST_ROWS = 48
_COLUMNS = 2


class _Row(NamedTuple):
    label: str
    truth: NDArray[np.int64]
    answer: NDArray[np.int64]
    places: NDArray[np.int64]

    @property
    def errors(self) -> int:
        return int((self.truth != self.answer).sum())


def subject_strip(result: ModelResult, task: Task, *, most: int = MOST_ROWS) -> Figure:
    """The `most` stacks with the most errors, worst first; wrong cells are framed.

    The answers are the jointly decoded ones where there are such.
    """
    rows = _rows_of(result)[:most]
    per_column = -(-len(rows) // _COLUMNS)
    figure = new_figure(0.9 + 0.3 * per_column)
    widest = 1 + max(int(row.places.max()) for row in rows)
    for place, axes in enumerate(figure.subplots(1, _COLUMNS)):
        _draw(axes, rows[place * per_column : (place + 1) * per_column], task, per_column, widest)
    figure.legend(
        handles=_key(task), loc="outside lower center", ncols=len(task.codes) + 1, frameon=False, fontsize=LABEL
    )
    return figure


def _rows_of(result: ModelResult) -> list[_Row]:
    table, answers = result.predictions, result.answers
    rows = [
        _Row(f"{table.subject[i[0]]} {table.phase[i[0]]}".strip(), table.y_true[i], answers[i], table.slice[i])
        for i in table.stacks()
    ]
    return sorted(rows, key=lambda row: (-row.errors, row.label))


def _draw(axes: Axes, rows: list[_Row], task: Task, n_rows: int, n_columns: int) -> None:
    cells, wrong = [], []
    for y, row in enumerate(rows):
        for x, truth, answer in zip(row.places, row.truth, row.answer, strict=True):
            cells += [_cell(x, y, 0.42, task, truth), _cell(x, y + 0.42, 0.42, task, answer)]
            wrong += [Rectangle((x, y), 0.96, 0.84)] if truth != answer else []
        _name_runs(axes, row.places, y + 0.21, row.truth, task)
        _name_runs(axes, row.places, y + 0.63, row.answer, task)
    axes.add_collection(PatchCollection(cells, match_original=True))
    axes.add_collection(PatchCollection(wrong, facecolor="none", edgecolor=ERROR, linewidth=1.6))
    axes.set_xlim(-0.1, n_columns + 1.2)
    axes.set_ylim(n_rows, -0.9)
    axes.set_yticks([y + 0.42 for y in range(len(rows))], [row.label for row in rows], fontsize=TICK - 0.5, color=INK)
    for y, row in enumerate(rows):
        axes.text(n_columns + 0.2, y + 0.42, f"{row.errors}", va="center", fontsize=TICK, color=MUTED)
    axes.text(0, -0.25, "base", fontsize=TICK, color=MUTED)
    axes.text(n_columns, -0.25, "apex    errors", fontsize=TICK, color=MUTED, ha="center")
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _cell(x: float, y: float, height: float, task: Task, index: int) -> Rectangle:
    return Rectangle((x, y), 0.96, height, facecolor=task.classes[index].colour, edgecolor=PAPER, linewidth=0.5)


def _name_runs(axes: Axes, places: NDArray[np.int64], y: float, classes: NDArray[np.int64], task: Task) -> None:
    """One mark in the middle cell of each run of equal cells: quieter, and quicker, than one in every cell."""
    starts = np.flatnonzero(np.diff(classes, prepend=-1))
    for run in np.split(np.arange(len(classes)), starts[1:]):
        index = classes[run[0]]
        x = places[run[len(run) // 2]] + 0.48
        ink = ink_on(task.classes[index].colour)
        axes.text(x, y, letters(task)[index], ha="center", va="center", fontsize=6, color=ink)


def _key(task: Task) -> list[Patch | Line2D]:
    marks = zip(letters(task), task.classes, strict=True)
    classes = [Patch(facecolor=item.colour, label=f"{mark} = {item.code} ({item.name})") for mark, item in marks]
    return [
        *classes,
        Patch(facecolor="none", edgecolor=ERROR, linewidth=1.6, label="wrong (truth above, answer below)"),
    ]
