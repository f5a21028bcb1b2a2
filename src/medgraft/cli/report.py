"""medgraft report."""

from pathlib import Path
from typing import Annotated

import typer

from medgraft.cli.bars import progress_bars
from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json, write_line


def report(
    study: Annotated[str, typer.Argument(help="The study, as medgraft study list shows it.", show_default=False)],
    project: ProjectOption = HERE,
    out: Annotated[
        Path | None, typer.Option(help="The folder to write to.", file_okay=False, show_default="studies/NAME/report")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the report of a finished study: one page that needs nothing else, pictures and tables beside it.

    Examples:
      medgraft report hearts --project heart
      medgraft report hearts --project heart --out hearts-report
      medgraft report hearts --project heart --json
    """
    from medgraft.workspace import Project
    from medgraft.workspace.reporting import report_study

    place = Project.open(project)
    with progress_bars() as told:
        made = report_study(place, study, folder=out, report=told)
    if as_json:
        write_json(made)
    else:
        write_line(f"report: {made.page}")
