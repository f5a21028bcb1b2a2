"""medgraft report."""

from pathlib import Path
from typing import Annotated

import typer

from medgraft.cli.bars import progress_bars
from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json, write_line


def report(
    name: Annotated[
        str, typer.Argument(help="A study, as medgraft study list shows it, or a learning curve.", show_default=False)
    ],
    project: ProjectOption = HERE,
    out: Annotated[
        Path | None,
        typer.Option(help="The folder to write to.", file_okay=False, show_default="its own, with its results"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the report of a finished study or learning curve: one page, with its pictures and tables beside it.

    Examples:
      medgraft report hearts --project heart
      medgraft report hearts --project heart --out hearts-report
      medgraft report hearts --project heart --json
    """
    from medgraft.workspace import Project
    from medgraft.workspace.curves.reporting import report_curve
    from medgraft.workspace.kept.curve_folder import curve_names
    from medgraft.workspace.studies.reporting import report_study

    place = Project.open(project)
    write = report_curve if name in curve_names(place) else report_study
    with progress_bars() as told:
        made = write(place, name, folder=out, report=told)
    if as_json:
        write_json(made)
    else:
        write_line(f"report: {made.page}")
