"""Options that several commands share, so that they are spelled and explained once."""

from pathlib import Path
from typing import Annotated

import typer

#: The default of `ProjectOption`: the current folder.
HERE = Path()

ProjectOption = Annotated[
    Path,
    typer.Option(
        "--project",
        "-P",
        envvar="MEDGRAFT_PROJECT",
        help="The project folder.",
        show_default="the current folder",
        file_okay=False,
    ),
]

JsonOption = Annotated[bool, typer.Option("--json", help="Write one JSON document instead of tables.")]

TaskOption = Annotated[str, typer.Option(help="The task, for example sax-range or sax-levels.")]
