"""CSV files as spreadsheets write them in any country: commas, semicolons or tabs, a byte order mark or none."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from medgraft.core.errors import InputError, reason

_DELIMITERS = ",;\t"


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


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    first = text.lstrip().partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(_DELIMITERS, key=first.count))
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield reader.line_num, [cell.strip() for cell in cells]
