"""What commands say: results on stdout, as tables or as one JSON document; everything else on stderr."""

import re
import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

#: For messages and progress: stdout carries results only.
MESSAGES = Console(stderr=True)

#: Columns of a line where nobody looks at a screen: lines of a pipe or a file are not broken.
_UNBROKEN = 10_000

#: What a terminal obeys instead of showing it, and bytes of file names that are no letters.
_NOT_SHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def shown(text: str) -> str:
    r"""Words of images and packages as they can be shown: they may hold what would clear or retitle a terminal.

    >>> shown("wall \x1b[2J")
    'wall \\x1b[2J'
    """
    return _NOT_SHOWN.sub(lambda found: ascii(found[0])[1:-1], text)


def write_message(text: str, *, heading: str = "") -> None:
    """Write a line for people to stderr. heading: what goes before it, with markup."""
    MESSAGES.print(f"{heading}{escape(shown(text))}", highlight=False, soft_wrap=True, emoji=False)


def write_json(value: object) -> None:
    """Write a value of plain data and dataclasses as one JSON document; numbers that are not finite become null."""
    from pydantic_core import to_json

    sys.stdout.write(to_json(value, indent=2, inf_nan_mode="null").decode() + "\n")


def write_line(text: str) -> None:
    """Write one line of a result, without markup."""
    sys.stdout.write(shown(text) + "\n")


def write_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table. The first column is never broken; columns in which every cell is None are left out."""
    cells = list(zip(*rows, strict=True)) or [()] * len(columns)
    filled = [(name, column) for name, column in zip(columns, cells, strict=True) if any(c is not None for c in column)]
    table = Table(header_style="bold", box=None, pad_edge=False)
    for index, (name, column) in enumerate(filled):
        numeric = all(isinstance(cell, int | float | None) for cell in column)
        table.add_column(shown(name), justify="right" if numeric else "left", overflow="fold", no_wrap=index == 0)
    for row in zip(*(column for _, column in filled), strict=True):
        table.add_row(*("-" if cell is None else shown(str(cell)) for cell in row))
    _results().print(table)


def _results() -> Console:
    console = Console(markup=False, highlight=False, emoji=False)
    return console if console.is_terminal else Console(markup=False, highlight=False, emoji=False, width=_UNBROKEN)
