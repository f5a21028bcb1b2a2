"""What commands say: results on stdout, as tables or as one JSON document; everything else on stderr."""

import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

#: For messages and progress: stdout carries results only.
MESSAGES = Console(stderr=True)

#: Columns of a line where nobody looks at a screen: lines of a pipe or a file are not broken.
_UNBROKEN = 10_000


def write_json(value: object) -> None:
    """Write a value of plain data and dataclasses as one JSON document; numbers that are not finite become null."""
    from pydantic_core import to_json

    sys.stdout.write(to_json(value, indent=2, inf_nan_mode="null").decode() + "\n")


def write_line(text: str) -> None:
    """Write one line of a result, without markup."""
    sys.stdout.write(text + "\n")


def write_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table. The first column is never broken; columns in which every cell is None are left out."""
    cells = list(zip(*rows, strict=True)) or [()] * len(columns)
    shown = [(name, column) for name, column in zip(columns, cells, strict=True) if any(c is not None for c in column)]
    table = Table(header_style="bold", box=None, pad_edge=False)
    for index, (name, column) in enumerate(shown):
        numeric = all(isinstance(cell, int | float | None) for cell in column)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold", no_wrap=index == 0)
    for row in zip(*(column for _, column in shown), strict=True):
        table.add_row(*("-" if cell is None else str(cell) for cell in row))
    _results().print(table)


def _results() -> Console:
    console = Console(markup=False, highlight=False)
    return console if console.is_terminal else Console(markup=False, highlight=False, width=_UNBROKEN)
