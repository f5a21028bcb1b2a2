"""medgraft study show."""

from typing import Annotated

import typer

from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json
from medgraft.cli.study.summary import show_summary


def show_study(
    name: Annotated[str, typer.Argument(help="The study, as medgraft study list shows it.", show_default=False)],
    project: ProjectOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Show the figures of a finished study with their intervals.

    Examples:
      medgraft study show hearts --project heart
      medgraft study show hearts --project heart --json
    """
    from medgraft.workspace import Project
    from medgraft.workspace.studying import show_study as figures_of

    found = figures_of(Project.open(project), name)
    if as_json:
        write_json(found)
    else:
        show_summary(found)
