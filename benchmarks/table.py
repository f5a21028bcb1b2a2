"""Results for people: a table in Markdown and the same on the screen."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.result import Result

_COLUMNS = ("what", "ours", "peer", "unit", "times better", "note")


def markdown(results: Sequence[Result], heading: str) -> str:
    """The table as a Markdown document. heading: where it was measured."""
    lines = ["# Benchmarks", "", heading, "", _row(_COLUMNS), _row(["---"] * len(_COLUMNS))]
    return "\n".join([*lines, *(_row(_cells(result)) for result in results)]) + "\n"


def show(results: Sequence[Result], heading: str) -> None:
    """The table on the screen: numbers, and of a note what comes first; the whole is in the Markdown."""
    table = Table(title=heading)
    for column in _COLUMNS:
        table.add_column(column, justify="right" if column in ("ours", "peer", "times better") else "left")
    for result in results:
        *cells, note = _cells(result)
        table.add_row(*cells, note.split(";")[0])
    Console().print(table)


def _cells(result: Result) -> list[str]:
    ours, peer, ratio = (_number(value) for value in (result.ours, result.peer, result.ratio))
    return [result.name, ours, peer, result.unit, ratio, result.note]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
