"""Each stack a row of coloured cells from base to apex: truth above, answer below, worst stack first."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from numpy.typing import NDArray

from medgraft.core.task import Task
from medgraft.report.study.content import ModelResult
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
    common = int(np.bincount(result.predictions.y_true).argmax())
    for place, axes in enumerate(figure.subplots(1, _COLUMNS)):
        shown = rows[place * per_column : (place + 1) * per_column]
        _draw_cells(axes, shown, task, common)
        _write_around(axes, shown, per_column, widest)
    columns = len(task.codes) + 1
    figure.legend(handles=_key(task, common), loc="outside lower center", ncols=columns, frameon=False, fontsize=LABEL)
    return figure


def _rows_of(result: ModelResult) -> list[_Row]:
    table, answers = result.predictions, result.answers
    rows = [
        _Row(f"{table.subject[i[0]]} {table.phase[i[0]]}".strip(), table.y_true[i], answers[i], table.slice[i])
        for i in table.stacks()
    ]
    return sorted(rows, key=lambda row: (-row.errors, row.label))


def _draw_cells(axes: Axes, rows: list[_Row], task: Task, common: int) -> None:
    cells, wrong = [], []
    for y, row in enumerate(rows):
        for x, truth, answer in zip(row.places, row.truth, row.answer, strict=True):
            wrong += [Rectangle((x, y), 0.96, 0.84)] if truth != answer else []
            for top, index in ((y, truth), (y + 0.42, answer)):
                cells.append(_cell(x, top, task, index))
                # The common class goes without a letter where it is right: quieter, and quicker to draw.
                if index != common or truth != answer:
                    _letter(axes, x, top, task, index)
    axes.add_collection(PatchCollection(cells, match_original=True))
    axes.add_collection(PatchCollection(wrong, facecolor="none", edgecolor=ERROR, linewidth=1.6))


def _write_around(axes: Axes, rows: list[_Row], n_rows: int, n_columns: int) -> None:
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
    axes.set_visible(bool(rows))


def _cell(x: float, top: float, task: Task, index: int) -> Rectangle:
    return Rectangle((x, top), 0.96, 0.42, facecolor=task.classes[index].colour, edgecolor=PAPER, linewidth=0.5)


def _letter(axes: Axes, x: float, top: float, task: Task, index: int) -> None:
    ink = ink_on(task.classes[index].colour)
    axes.text(x + 0.48, top + 0.21, letters(task)[index], ha="center", va="center", fontsize=6, color=ink)


def _key(task: Task, common: int) -> list[Patch]:
    marks = [f"{mark} or none" if index == common else mark for index, mark in enumerate(letters(task))]
    classes = [
        Patch(facecolor=item.colour, label=f"{mark} = {item.code} ({item.name})")
        for mark, item in zip(marks, task.classes, strict=True)
    ]
    frame = Patch(facecolor="none", edgecolor=ERROR, linewidth=1.6, label="wrong (truth above, answer below)")
    return [*classes, frame]
