"""medgraft study show."""

from typing import TYPE_CHECKING, Annotated

import typer

from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json
from medgraft.cli.study.curve import show_curve
from medgraft.cli.study.summary import show_summary

if TYPE_CHECKING:
    from medgraft.workspace import Project


def show_study(
    name: Annotated[
        str, typer.Argument(help="A study or a learning curve, as medgraft study list shows it.", show_default=False)
    ],
    project: ProjectOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Show the figures of a finished study or learning curve with their intervals.

    Examples:
      medgraft study show hearts --project heart
      medgraft study show hearts --project heart --json
    """
    from medgraft.workspace import Project
    from medgraft.workspace.kept.curve_folder import curve_names

    place = Project.open(project)
    if name in curve_names(place):
        _show_curve(place, name, as_json=as_json)
    else:
        _show_study(place, name, as_json=as_json)


def _show_curve(project: "Project", name: str, *, as_json: bool) -> None:
    from medgraft.workspace.curves.finished import finished_curve
    from medgraft.workspace.kept.curve_folder import read_findings

    if as_json:
        write_json(read_findings(project.curves / name))
    else:
        show_curve(finished_curve(project, name))


def _show_study(project: "Project", name: str, *, as_json: bool) -> None:
    from medgraft.workspace.studies.running import show_study as figures_of

    found = figures_of(project, name)
    if as_json:
        write_json(found)
    else:
        show_summary(found)
