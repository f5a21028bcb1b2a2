"""medgraft label import."""

from pathlib import Path
from typing import Annotated

import typer

from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json, write_line
from medgraft.core.counted import counted


def import_sheet(
    sheet: Annotated[
        Path, typer.Argument(help="CSV file: stack, phase, slice, task, label.", exists=True, show_default=False)
    ],
    project: ProjectOption = HERE,
    reader: Annotated[str | None, typer.Option(help="Who says so where a row names no reader.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Record the labels of a CSV file, all rows or none.

    Examples:
      medgraft label import labels.csv --project heart --reader ana
      medgraft label import labels.csv --project heart --json
    """
    from medgraft.workspace import Project, import_labels

    done = import_labels(Project.open(project), sheet, reader=reader)
    if as_json:
        write_json(done)
    else:
        write_line(f"{counted(done.rows, 'label')} added from {done.file}, {done.unchanged} unchanged")
