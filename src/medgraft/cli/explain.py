"""medgraft explain."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medgraft.cli.bars import progress_bars
from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json, write_line, write_table

if TYPE_CHECKING:
    from medgraft.workspace.models.explaining import Explanation


def explain(
    model: Annotated[str, typer.Argument(help="STUDY/MODEL, or STUDY for its best model.", show_default=False)],
    project: ProjectOption = HERE,
    out: Annotated[
        Path | None,
        typer.Option(help="The folder to write to.", file_okay=False, show_default="studies/NAME/explanation"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show where a model looks for each kind of right and wrong answer, and whether that was learnt (Grad-CAM).

    Examples:
      medgraft explain hearts --project heart
      medgraft explain hearts/vgg16-pretrained-depth-1 -P heart --out pictures
      medgraft explain hearts --project heart --json
    """
    from medgraft.workspace import Project
    from medgraft.workspace.models.explaining import explain_model

    place = Project.open(project)
    folder = out or place.studies / model.partition("/")[0] / "explanation"
    with progress_bars() as report:
        found = explain_model(place, model, folder, report=report)
    if as_json:
        write_json(found)
    else:
        _show(found)


def _show(found: "Explanation") -> None:
    write_table(("truth", "answer", "slices"), [(cell.truth, cell.answer, cell.count) for cell in found.cells])
    write_line(f"\npicture of {found.model}: {found.sheet}")
    write_line(f"likeness with the same network, its weights shuffled: {_likeness(found)}")


def _likeness(found: "Explanation") -> str:
    told = found.likeness
    empty = f"{told.empty:.0%} of the maps are empty"
    if told.median is None:
        return f"cannot be told, for {empty}"
    return (
        f"{told.median:.2f}, {told.low:.2f} to {told.high:.2f} in {told.shuffles} shuffles; {empty}\n"
        "(near 1, the maps show the images rather than what was learnt; near 0, they depend on the weights, which does "
        "not make them right)"
    )
