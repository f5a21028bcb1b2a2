"""medgraft label export."""

from pathlib import Path
from typing import Annotated

import typer

from medgraft.cli.options import HERE, JsonOption, ProjectOption, TaskOption
from medgraft.cli.output import write_json, write_line
from medgraft.core.counted import counted


def export_sheet(
    sheet: Annotated[Path, typer.Argument(help="The CSV file to write.", show_default=False)],
    project: ProjectOption = HERE,
    task: TaskOption = "sax-range",
    as_json: JsonOption = False,
) -> None:
    """Write what every reader says now as a CSV file, one row per reader and slice.

    Examples:
      medgraft label export labels.csv --project heart
      medgraft label export levels.csv --project heart --task sax-levels --json
    """
    from medgraft.workspace import Project, export_labels

    done = export_labels(Project.open(project), sheet, task=task)
    if as_json:
        write_json(done)
    else:
        write_line(f"{counted(done.rows, 'label')} written to {done.file}")
