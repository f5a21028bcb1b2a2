"""medgraft masks export."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medgraft.cli.bars import progress_bars
from medgraft.cli.mask_options import ImagesOption, PhaseOption, ReplaceOption, StacksOption
from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json, write_line, write_table
from medgraft.core.counted import counted

if TYPE_CHECKING:
    from medgraft.workspace import MasksExported


def export(
    *,
    out: Annotated[Path, typer.Option(help="Folder to write to.", file_okay=False, show_default=False)],
    model: Annotated[
        str | None,
        typer.Option(help="Write what this model sees: its folder or file, or CURVE/MODEL; not the project's masks."),
    ] = None,
    stack: StacksOption = None,
    phase: PhaseOption = None,
    images: ImagesOption = False,
    replace: ReplaceOption = False,
    project: ProjectOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Write masks as NIfTI files, to look at or correct in other programs; with their images import reads them again.

    Codes are 0 background, 1 pool, 2 myocardium, 3 right ventricle. A file is SUBJECT/SERIES-STACK_gt.nii.gz.

    Examples:
      medgraft masks export --out masks --images --project heart
      medgraft masks export --model home.medgraft --phase ed --phase es --out seen
      medgraft masks export --stack 5a0c2e7d91b4f368 --out one --replace
    """
    if phase and model is None:
        raise typer.BadParameter("--phase goes with --model: of the project's own masks all are written.")
    from medgraft.workspace import Project, export_masks

    opened, stacks = Project.open(project), stack or ()
    with progress_bars() as report:
        if model is None:
            done = export_masks(opened, out, stacks=stacks, images=images, replace=replace, report=report)
        else:
            from medgraft.workspace.models.segmenting import export_model_masks

            done = export_model_masks(
                opened, model, out, stacks=stacks, phases=phase or (), images=images, replace=replace, report=report
            )
    if as_json:
        write_json(done)
    else:
        _show(done)


def _show(done: "MasksExported") -> None:
    rows = [(one.stack, one.subject, ", ".join(one.phases), ", ".join(one.classes), one.mask) for one in done.files]
    if rows:
        write_table(("stack", "subject", "phases", "classes", "mask"), rows)
    for reason in done.left_out:
        write_line(f"left out: {reason}")
    beside = ", each beside its image" if any(one.image for one in done.files) else ""
    write_line(f"{counted(len(rows), 'mask')} written{beside}")
