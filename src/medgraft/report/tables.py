"""Tables of the report: one value feeds the page, the CSV and the JSON, so their numbers cannot differ."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from medgraft.core.spreadsheet import write_sheet
from medgraft.evaluation import Interval, PairedDifference

Cell = str | int | float | Interval | PairedDifference | None

#: The rows of a table by key, as plain data.
PlainRows = list[dict[str, str | float | None]]


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column: key in files, title on the page, decimals on the page; `best` says that the highest is bold."""

    key: str
    title: str
    digits: int = 2
    best: bool = False


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of cells under columns. muted: numbers of rows that stand apart (baselines). note: below the table."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    muted: frozenset[int] = frozenset()
    note: str = ""

    def is_numeric(self, column: int) -> bool:
        """Whether a column holds numbers: it is then set and sorted as such."""
        return any(not math.isnan(number(row[column])) for row in self.rows)

    def best_rows(self, column: int) -> frozenset[int]:
        """The rows with the highest figure of a column that has a best, as it is shown."""
        if not self.columns[column].best:
            return frozenset()
        shown = {i: round(number(row[column]), self.columns[column].digits) for i, row in enumerate(self.rows)}
        finite = {i: value for i, value in shown.items() if not math.isnan(value)}
        return frozenset(i for i, value in finite.items() if value == max(finite.values()))


def number(cell: Cell) -> float:
    """What a cell is sorted by: its number, NaN for text and for nothing."""
    match cell:
        case Interval() | PairedDifference():
            return cell.value
        case int() | float():
            return float(cell)
        case _:
            return math.nan


def exact(cell: Cell) -> str:
    """A cell as files write it: numbers with six significant digits, nothing for nothing.

    >>> exact(0.123456789), exact(12), exact("VGG16"), exact(None)
    ('0.123457', '12', 'VGG16', '')
    """
    match cell:
        case None:
            return ""
        case str() | int():
            return str(cell)
        case _:
            value = number(cell)
            return "" if math.isnan(value) else f"{value:.6g}"


def shown(cell: Cell, digits: int) -> str:
    """A cell as the page shows it, without its interval, never a negative zero.

    >>> shown(0.987, 2), shown(1234567, 2), shown(None, 2)
    ('0.99', '1,234,567', '–')
    """
    match cell:
        case None:
            return "–"
        case str():
            return cell
        case int():
            return f"{cell:,}"
        case _:
            value = number(cell)
            return "–" if math.isnan(value) else f"{round(value, digits) + 0.0:,.{digits}f}"


def bounds(cell: Cell, digits: int) -> str:
    """The interval of a cell as the page shows it, "" where there is none."""
    if not isinstance(cell, Interval | PairedDifference) or math.isnan(cell.low):
        return ""
    # A dash reads well between positive numbers and badly beside a minus sign.
    between = "–" if cell.low >= 0 else " to "
    return f"{cell.low:.{digits}f}{between}{cell.high:.{digits}f}"


def write_csv(table: Table, path: Path) -> None:
    """One line per row; a column with intervals becomes three: key, key_low, key_high (and key_p for differences)."""
    keys = [_keys(table, column) for column in range(len(table.columns))]
    rows = (
        [_parts(cell).get(suffix, "") for cell, own in zip(row, keys, strict=True) for suffix in _suffixes(own)]
        for row in table.rows
    )
    write_sheet(path, [key for own in keys for key in own], rows)


def plain_tables(tables: Sequence[Table]) -> dict[str, PlainRows]:
    """All tables by name, numbers as in the CSV files."""
    return {table.name: [_plain_row(table, row) for row in table.rows] for table in tables}


def _plain_row(table: Table, row: tuple[Cell, ...]) -> dict[str, str | float | None]:
    flat: dict[str, str | float | None] = {}
    for column, cell in enumerate(row):
        parts = _parts(cell)
        for key, suffix in zip(_keys(table, column), _suffixes(_keys(table, column)), strict=True):
            text = parts.get(suffix, "")
            flat[key] = text if isinstance(cell, str) else _plain_number(text)
    return flat


def _plain_number(text: str) -> float | None:
    if not text:
        return None
    return int(text) if text.lstrip("-").isdigit() else float(text)


_ENDINGS = ("", "_low", "_high", "_p")


def _keys(table: Table, column: int) -> list[str]:
    key = table.columns[column].key
    cells = [row[column] for row in table.rows]
    if any(isinstance(cell, PairedDifference) for cell in cells):
        return [key + ending for ending in _ENDINGS]
    return [key + ending for ending in _ENDINGS[:3]] if any(isinstance(cell, Interval) for cell in cells) else [key]


def _suffixes(keys: list[str]) -> tuple[str, ...]:
    return _ENDINGS[: len(keys)]


def _parts(cell: Cell) -> dict[str, str]:
    parts = {"": exact(cell)}
    if isinstance(cell, Interval | PairedDifference):
        parts |= {"_low": exact(cell.low), "_high": exact(cell.high)}
    if isinstance(cell, PairedDifference):
        parts["_p"] = exact(cell.p_value)
    return parts
