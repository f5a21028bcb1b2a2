"""Tables of figures: what every model came to on one group of subjects, its best, its misses, and over whom."""

from collections.abc import Callable
from operator import attrgetter
from typing import NamedTuple

from medgraft.report.curve.content import CurveContent, CurveFigure, Group, ModelKey
from medgraft.report.picture import slug
from medgraft.report.tables import Cell, Column, Table

_INTERVALS = "Small figures: 95 % intervals over subjects; draws are averaged within each subject first."
_TINTED = "Tinted: the travelling model, not trained here."


class _Entry(NamedTuple):
    """A column that every figure of a table has: the ending of its key, its title ("" for the figure's own)."""

    ending: str
    title: str
    cell: Callable[[CurveFigure], Cell]
    digits: int
    bold: bool = False


_DICE = (
    _Entry("", "", attrgetter("value"), 3, bold=True),
    _Entry("_best", "best", attrgetter("best"), 3),
)
_DISTANCE = (
    _Entry("", "", attrgetter("value"), 1),
    _Entry("_median", "median", attrgetter("median"), 1),
    _Entry("_unmatched", "missed or invented", attrgetter("unmatched"), 0),
    _Entry("_masks", "of masks", attrgetter("masks"), 0),
)


def dice_table(content: CurveContent, on: Group, *, name: str, title: str) -> Table:
    """Mean and best of every overlap."""
    names = [figure for figure in content.figure_names(on) if "Dice" in figure]
    titles = [figure[0].upper() + figure[1:] for figure in names]
    note = f"{_INTERVALS} Best: of any subject in any draw. Bold: highest of the column as shown. {_TINTED}"
    rows = _rows(content, on, names, _DICE)
    return Table(
        name=name, title=title, columns=_columns(names, titles, _DICE), rows=rows, muted=_as_is(rows), note=note
    )


def distance_table(content: CurveContent, on: Group, *, name: str, title: str) -> Table:
    """The mean of every distance, and how often a structure was on one side alone."""
    names = [figure for figure in content.figure_names(on) if "Hausdorff" in figure]
    titles = [f"{figure}, {content.distance_unit}" for figure in names]
    note = (
        f"{_INTERVALS} A structure that the model missed altogether, or invented, counts the diagonal of the image and "
        "Dice 0; one that neither shows counts 0 and Dice 1. So the mean depends on how much of the body an image "
        f"shows; the median hardly does. Masks: labelled phases of all subjects in all draws. {_TINTED}"
    )
    rows = _rows(content, on, names, _DISTANCE)
    columns = _columns(names, titles, _DISTANCE)
    return Table(name=name, title=title, columns=columns, rows=rows, muted=_as_is(rows), note=note)


def _columns(names: list[str], titles: list[str], entries: tuple[_Entry, ...]) -> tuple[Column, ...]:
    return (
        Column(key="model", title="Start"),
        Column(key="trained_on", title="Trained on"),
        Column(key="subjects", title="Subjects"),
        Column(key="draws", title="Draws"),
        *(
            Column(
                key=slug(name).replace("-", "_") + entry.ending,
                title=entry.title or title,
                digits=entry.digits,
                best=entry.bold,
            )
            for name, title in zip(names, titles, strict=True)
            for entry in entries
        ),
    )


def _rows(
    content: CurveContent, on: Group, names: list[str], entries: tuple[_Entry, ...]
) -> tuple[tuple[Cell, ...], ...]:
    found = {model: [content.figure(model, on, name) for name in names] for model in content.models}
    return tuple(_row(model, figures, entries) for model, figures in found.items() if any(figures))


def _row(model: ModelKey, figures: list[CurveFigure | None], entries: tuple[_Entry, ...]) -> tuple[Cell, ...]:
    first = next(figure for figure in figures if figure)
    cells = (entry.cell(figure) if figure else None for figure in figures for entry in entries)
    return (model.arm, model.size, first.subjects, len(first.draws), *cells)


def _as_is(rows: tuple[tuple[Cell, ...], ...]) -> frozenset[int]:
    """The rows of the travelling model."""
    return frozenset(number for number, row in enumerate(rows) if not row[1])
