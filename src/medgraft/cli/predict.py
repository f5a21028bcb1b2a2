"""medgraft predict."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medgraft.cli.bars import progress_bars
from medgraft.cli.import_options import LayoutOption, SourceArgument
from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json, write_line, write_table

if TYPE_CHECKING:
    from medgraft.workspace.models.predicting import Answers, SliceAnswer


def predict(
    model: Annotated[str, typer.Argument(help="A model's folder, or STUDY/MODEL or STUDY (its best) of a project.")],
    source: SourceArgument,
    *,
    project: ProjectOption = HERE,
    layout: LayoutOption = "auto",
    all_phases: Annotated[
        bool, typer.Option("--all-phases", help="Every phase of a cine, not only those the task asks about.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder for one picture per stack and phase.", file_okay=False)
    ] = None,
    maps: Annotated[bool, typer.Option("--maps", help="Draw over the pictures where the model looked.")] = False,
    sheet: Annotated[
        Path | None, typer.Option("--csv", help="Write the answers as a CSV file too.", dir_okay=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Answer for every slice of new images; nothing is kept of them, and no project is needed for a model's folder.

    Examples:
      medgraft predict hearts scans/ --project heart
      medgraft predict heart/studies/hearts/models/vgg16-pretrained-depth-1 scans/
      medgraft predict hearts scans/ --out sheets --maps --csv answers.csv
      medgraft predict hearts scans/ --project heart --all-phases --json
    """
    if maps and out is None:
        raise typer.BadParameter("--maps goes with --out.")
    from medgraft.workspace.kept.find_model import find_model
    from medgraft.workspace.models.predicting import predict_folder

    package = find_model(model, project)
    with progress_bars() as report:
        answers = predict_folder(
            package, source, layout=layout, all_phases=all_phases, sheets=out, maps=maps, report=report
        )
    if sheet is not None:
        _write_csv(answers, sheet)
    if as_json:
        write_json(answers)
    else:
        _show(answers)


def _columns(answers: "Answers") -> tuple[str, ...]:
    return ("subject", "stack", "phase", "slice", "slices", *answers.slices[0].probabilities, "plain", "joint")


def _cells(row: "SliceAnswer") -> tuple[object, ...]:
    place = (row.subject, row.stack, row.phase, row.slice, row.slices)
    return *place, *(f"{value:.3f}" for value in row.probabilities.values()), row.plain, row.joint


def _write_csv(answers: "Answers", sheet: Path) -> None:
    with sheet.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(_columns(answers))
        rows.writerows(_cells(row) for row in answers.slices)


def _show(answers: "Answers") -> None:
    write_table(_columns(answers), [_cells(row) for row in answers.slices])
    write_line(f"\n{len(answers.slices)} slices answered for {answers.task} by {answers.model}")
    write_line("slice 1 is the most basal; plain: each slice alone; joint: the stack decided as a whole")
    for sheet in answers.sheets:
        write_line(f"picture: {sheet}")
    if answers.notes:
        write_line("\nNotes on the images")
        write_table(("kind", "files", "where", "what"), [(n.kind, n.count, n.where, n.text) for n in answers.notes])
