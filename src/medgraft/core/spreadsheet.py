"""CSV files as spreadsheets write them in any country: commas, semicolons or tabs, a byte order mark or none."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from medgraft.core.errors import InputError, reason

_DELIMITERS = ",;\t"

#: A text that a spreadsheet computes, also if it begins with a wide sign of East Asia; no number, no sign alone.
_COMPUTED = re.compile(
    r"(?![+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\Z)[\s']*[=+\-@\uff1d\uff0b\uff0d\uff20]\s*\S", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """columns: names as the first line has them. rows: number of the line and its cells by column, "" where missing."""

    columns: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]


def read_sheet(path: Path) -> Sheet:
    """A CSV file whose first line names the columns; cells lose blanks around them, empty lines are passed over.

    Raises `InputError` if it cannot be read, or is not UTF-8.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = list(_lines(file.read()))
    except UnicodeDecodeError as error:
        raise InputError(
            f"Expected a CSV file in UTF-8, got {path.name}, which is not: {error}. Do: save it as CSV UTF-8."
        ) from error
    except (OSError, csv.Error) as error:
        raise InputError(f"Expected a CSV file that can be read, got {path.name}: {reason(error)}.") from error
    columns = tuple(lines[0][1]) if lines else ()
    blank = dict.fromkeys(columns, "")
    return Sheet(
        columns=columns,
        rows=tuple((number, blank | dict(zip(columns, cells, strict=False))) for number, cells in lines[1:]),
    )


def columns_of(path: Path) -> tuple[str, ...]:
    """The names in the first line of a CSV file, whatever its encoding; () if there are none."""
    try:
        with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
            return tuple(next(_lines(file.readline()), (1, []))[1])
    except (OSError, csv.Error):
        return ()


def write_sheet(path: Path, columns: Sequence[str], rows: Iterable[Iterable[object]]) -> None:
    """Write a CSV file, which `read_sheet` reads back; equal rows give equal bytes, None is an empty cell.

    A text that a spreadsheet would compute is written as `guarded`: names come from files of others.
    """
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(map(guarded, row) for row in (columns, *rows))


def guarded(cell: object) -> object:
    """A cell with an apostrophe before a text that a spreadsheet would compute; numbers, as text too, stay numbers.

    >>> guarded("=1+1"), guarded("-0.5"), guarded("P-1")
    ("'=1+1", '-0.5', 'P-1')
    """
    return f"'{cell}" if isinstance(cell, str) and _COMPUTED.match(cell) else cell


def unguarded(text: str) -> str:
    """The text that `guarded` was given.

    >>> unguarded(guarded("=1+1")), unguarded("'tis")
    ('=1+1', "'tis")
    """
    return text[1:] if text[:1] == "'" and _COMPUTED.match(text, 1) else text


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    first = text.lstrip().partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(_DELIMITERS, key=first.count))
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield reader.line_num, [unguarded(cell.strip()) for cell in cells]
