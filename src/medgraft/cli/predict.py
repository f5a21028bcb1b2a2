"""medgraft predict."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medgraft.cli.bars import progress_bars
from medgraft.cli.import_options import (
    LayoutOption,
    PhasesOption,
    PseudonymKeyOption,
    SourceArgument,
    SubjectPatternOption,
    TableOption,
)
from medgraft.cli.left_out import first_of
from medgraft.cli.mask_options import ImagesOption, PhaseOption, ReplaceOption
from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json, write_line, write_table
from medgraft.cli.pseudonym_key import read_key
from medgraft.cli.spacing import SpacingOption, read_spacing
from medgraft.core.counted import counted
from medgraft.core.files import whole_file
from medgraft.core.spreadsheet import write_sheet

if TYPE_CHECKING:
    from medgraft.workspace.models.predicted import Answers, MaskAnswer, SliceAnswer

#: Figures of a mask by their field: what they are called, and their unit.
_FIGURES = {
    "edv_ml": ("EDV", "ml"),
    "esv_ml": ("ESV", "ml"),
    "stroke_ml": ("stroke", "ml"),
    "ejection_percent": ("EF", "%"),
    "mass_g": ("mass", "g"),
}


def predict(
    model: Annotated[
        str,
        typer.Argument(help="A model's folder or file, or STUDY/MODEL, CURVE/MODEL or STUDY (its best) of a project."),
    ],
    source: SourceArgument,
    *,
    project: ProjectOption = HERE,
    layout: LayoutOption = "auto",
    phases: PhasesOption = None,
    subject_pattern: SubjectPatternOption = None,
    table: TableOption = None,
    spacing: SpacingOption = None,
    pseudonym_key: PseudonymKeyOption = None,
    all_phases: Annotated[
        bool, typer.Option("--all-phases", help="Every phase of a cine, not only those the task asks about.")
    ] = False,
    phase: PhaseOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for pictures and, of a model that segments, masks.", file_okay=False)
    ] = None,
    maps: Annotated[bool, typer.Option("--maps", help="Draw over the pictures where the model looked.")] = False,
    images: ImagesOption = False,
    replace: ReplaceOption = False,
    sheet: Annotated[
        Path | None, typer.Option("--csv", help="Write the answers as a CSV file too.", dir_okay=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Answer for new images; nothing is kept of them, and no project is needed for a model's folder or file.

    A model that classifies answers for every slice. One that segments is measured, and with --out its masks are
    written as NIfTI files, which viewers lay over the images, and drawn as outlines.

    Examples:
      medgraft predict hearts scans/ --project heart
      medgraft predict heart/studies/hearts/models/vgg16-pretrained-depth-1 scans/
      medgraft predict hearts scans/ --out sheets --maps --csv answers.csv
      medgraft predict walls.medgraft scans/ --out masks
      medgraft predict walls.medgraft scans/ --phases phases.csv --phase ed --json
    """
    for option, given in {"--maps": maps, "--images": images, "--replace": replace}.items():
        if given and out is None:
            raise typer.BadParameter(f"{option} goes with --out.")
    if phase and all_phases:
        raise typer.BadParameter("Expected either --phase or --all-phases.")
    from medgraft.workspace import ImportOptions
    from medgraft.workspace.kept.find_model import find_model
    from medgraft.workspace.models.predicting import predict_folder

    package = find_model(model, project)
    options = ImportOptions(
        pseudonyms=read_key(pseudonym_key),
        short_axis=True,
        subject_pattern=subject_pattern,
        table=table,
        spacing=read_spacing(spacing),
    )
    with progress_bars() as report:
        answers = predict_folder(
            package,
            source,
            layout=layout,
            options=options,
            phases_file=phases,
            all_phases=all_phases,
            phases=phase or (),
            sheets=out,
            maps=maps,
            masks=out,
            images=images,
            replace=replace,
            report=report,
        )
    if sheet is not None:
        with whole_file(sheet) as draft:
            write_sheet(draft, *_table(answers, exact=True))
    if as_json:
        write_json(answers)
    else:
        _show(answers, sheet)


def _show(answers: "Answers", sheet: Path | None) -> None:
    write_table(*_table(answers, exact=False))
    if answers.slices:
        write_line(f"\n{counted(len(answers.slices), 'slice')} answered for {answers.task} by {answers.model}")
        write_line("slice 1 is the most basal; plain: each slice alone; joint: the stack decided as a whole")
    else:
        write_line(f"\n{counted(len(answers.masks), 'stack')} segmented for {answers.task} by {answers.model}")
    for file in (*(file for mask in answers.masks for file in (mask.mask, mask.image)), sheet):
        if file:
            write_line(f"written: {file}")
    for path in answers.sheets:
        write_line(f"picture: {path}")
    if rows := _notes(answers):
        write_line("\nNotes on the images")
        write_table(("kind", "files", "where", "what"), rows)


def _notes(answers: "Answers") -> list[tuple[object, ...]]:
    """A row for all notes that say the same."""
    notes = [(note.kind, note.text, note.count, note.where) for note in answers.notes]
    notes += [("noticed", reason, 1, mask.subject) for mask in answers.masks for reason in mask.measured.reasons]
    same: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for kind, text, count, where in notes:
        same.setdefault((kind, text), []).append((count, where))
    return [
        (kind, sum(count for count, _ in own), first_of([where for _, where in own]), text)
        for (kind, text), own in same.items()
    ]


def _table(answers: "Answers", *, exact: bool) -> tuple[Sequence[str], list[tuple[object, ...]]]:
    """Columns and rows; exact: figures with more digits, and what is shown elsewhere in the terminal."""
    if answers.slices:
        codes = answers.slices[0].probabilities
        columns = ("subject", "stack", "phase", "slice", "slices", *codes, "plain", "joint")
        return columns, [_slice_cells(row) for row in answers.slices]
    besides = ("mask", "notes") if exact else ()
    figures = [f"{name}, {unit}" for name, unit in _FIGURES.values()]
    columns = ("subject", "stack", "phases", "ED", "ES", *figures, "not found", *besides)
    return columns, [_mask_cells(row, exact=exact) for row in answers.masks]


def _slice_cells(row: "SliceAnswer") -> tuple[object, ...]:
    place = (row.subject, row.stack, row.phase, row.slice, row.slices)
    return *place, *(f"{value:.3f}" for value in row.probabilities.values()), row.plain, row.joint


def _mask_cells(row: "MaskAnswer", *, exact: bool) -> tuple[object, ...]:
    known = [getattr(row.measured, field) for field in _FIGURES]
    figures = [None if value is None else round(value, 3 if exact else 1) for value in known]
    besides = (row.mask, "; ".join(row.measured.reasons)) if exact else ()
    place = (row.subject, row.stack, len(row.phases), row.measured.ed, row.measured.es)
    return *place, *figures, "; ".join(row.not_found) or None, *besides
