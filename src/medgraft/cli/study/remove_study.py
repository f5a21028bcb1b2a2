"""medgraft study remove."""

from typing import TYPE_CHECKING, Annotated

import typer

from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json, write_line, write_message
from medgraft.core.counted import counted

if TYPE_CHECKING:
    from medgraft.workspace.kept.study_removal import StudyRemoval


def remove_study(
    name: Annotated[
        str, typer.Argument(help="A study or a learning curve, as medgraft study list shows it.", show_default=False)
    ],
    project: ProjectOption = HERE,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove a study or a learning curve: its results, models and report, and the trainings that no other one uses.

    Says what goes, and asks. Images, masks and labels stay. One that runs is refused.

    Examples:
      medgraft study remove hearts --project heart
      medgraft study remove hearts --project heart --yes --json
    """
    from medgraft.workspace import Project
    from medgraft.workspace.kept.study_removal import remove_study as remove
    from medgraft.workspace.kept.study_removal import what_goes

    place = Project.open(project)
    if not yes:
        for line in _lines(what_goes(place, name)):
            write_message(line)
        typer.confirm("Remove it?", abort=True, err=True)
    done = remove(place, name)
    if as_json:
        write_json(done)
    else:
        write_line(f"removed: {done.folder}, {done.bytes / 1e6:.1f} MB")


def _lines(removal: "StudyRemoval") -> list[str]:
    models = ", ".join(removal.models) or "none"
    size, runs = f"{removal.bytes / 1e6:.1f} MB in all", counted(removal.runs, "run")
    lines = [f"goes: {removal.folder} and {runs} that no other one uses, {size}", f"its models: {models}"]
    if removal.shared and not removal.unknown:
        lines.append(f"stays: {counted(removal.shared, 'run')} that others use too")
    if removal.unknown:
        older = ", ".join(removal.unknown)
        lines.append(f"stays: all runs, for nobody knows which of them {older} used, run by an older medgraft")
    if removal.named_by:
        lines.append(f"careful: the files of {', '.join(removal.named_by)} name its models, and then name nothing")
    return lines
