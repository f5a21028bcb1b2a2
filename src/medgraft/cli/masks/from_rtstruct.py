"""medgraft masks from-rtstruct."""

from pathlib import Path
from typing import Annotated

import typer

from medgraft.cli.mask_options import InPlaceOption
from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json, write_line, write_table
from medgraft.cli.pairs import read_pairs
from medgraft.cli.pseudonym_key import read_key
from medgraft.core.counted import counted


def from_rtstruct(
    file: Annotated[
        Path, typer.Argument(help="An RT structure set (DICOM).", exists=True, dir_okay=False, show_default=False)
    ],
    *,
    roi: Annotated[
        list[str] | None,
        typer.Option(help='"REGION=pool", or myocardium, epicardium, rv: what a region is; may be given again.'),
    ] = None,
    phase: Annotated[
        str | None, typer.Option(help="The phase of all contours, by name or index, if they do not name their images.")
    ] = None,
    stack: Annotated[str | None, typer.Option(help="The stack's id, where several would fit.")] = None,
    pseudonym_key: Annotated[
        Path | None,
        typer.Option(help="File with the secret that the images were imported with.", exists=True, dir_okay=False),
    ] = None,
    replace: InPlaceOption = False,
    project: ProjectOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Fill the contours of an RT structure set into the mask of the stack that they were drawn on.

    Examples:
      medgraft masks from-rtstruct contours.dcm --project heart
      medgraft masks from-rtstruct es.dcm --roi "LV=pool" --phase es
      medgraft masks from-rtstruct corrected.dcm --replace
    """
    from medgraft.workspace import Project, mask_from_rtstruct

    done = mask_from_rtstruct(
        Project.open(project),
        file,
        stack=stack,
        names=read_pairs("--roi", roi or (), "LV=pool"),
        phase=phase,
        pseudonyms=read_key(pseudonym_key),
        replace=replace,
    )
    if as_json:
        write_json(done)
        return
    what = f"{', '.join(done.classes)} on {counted(done.slices, 'image')} in {counted(len(done.phases), 'phase')}"
    write_line(f"{done.subject}, stack {done.stack}: {what}")
    if done.before:
        write_line(f"The mask before is {done.before}: medgraft masks undo puts it back")
        write_line("Labels from masks: medgraft label from-masks")
    if done.notes:
        rows = [(note.where, note.kind, note.code, note.count, note.text) for note in done.notes]
        write_table(("where", "kind", "code", "contours", "what"), rows)
