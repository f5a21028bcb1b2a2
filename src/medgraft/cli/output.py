"""What commands say: results on stdout, as tables or as one JSON document; everything else on stderr."""

import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

#: For messages and progress: stdout carries results only.
MESSAGES = Console(stderr=True)


def write_json(value: object) -> None:
    """Write a value of plain data and dataclasses as one JSON document; numbers that are not finite become null."""
    from pydantic_core import to_json

    sys.stdout.write(to_json(value, indent=2, inf_nan_mode="null").decode() + "\n")


def write_line(text: str) -> None:
    """Write one line of a result, without markup."""
    Console().print(text, markup=False, highlight=False, soft_wrap=True)


def write_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table. Numbers are aligned to the right; None is shown as a dash."""
    lines = [tuple(row) for row in rows]
    table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for index, name in enumerate(columns):
        numeric = bool(lines) and all(isinstance(row[index], int | float | None) for row in lines)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in lines:
        table.add_row(*("-" if cell is None else str(cell) for cell in row))
    Console(markup=False, highlight=False).print(table)
