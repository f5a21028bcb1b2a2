"""medgraft masks import."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medgraft.cli.bars import progress_bars
from medgraft.cli.mask_options import InPlaceOption
from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json, write_line, write_table
from medgraft.core.counted import counted

if TYPE_CHECKING:
    from medgraft.workspace import MasksReturned


def import_masks(
    folder: Annotated[
        Path,
        typer.Argument(
            help="A folder that medgraft masks export wrote, with masks corrected since.",
            exists=True,
            file_okay=False,
            show_default=False,
        ),
    ],
    *,
    replace: InPlaceOption = False,
    project: ProjectOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Put masks that were exported and corrected in another program back on their stacks.

    A file is known by its name, which ends in its stack's id and _gt.nii.gz. medgraft masks undo takes it back.

    Examples:
      medgraft masks import masks --replace --project heart
    """
    from medgraft.workspace import Project, return_masks

    with progress_bars() as report:
        done = return_masks(Project.open(project), folder, replace=replace, report=report)
    if as_json:
        write_json(done)
    else:
        _show(done)


def _show(done: "MasksReturned") -> None:
    rows = [(one.stack, one.subject, ", ".join(one.phases), one.voxels, one.before) for one in done.stacks]
    if rows:
        write_table(("stack", "subject", "phases", "voxels changed", "the mask before"), rows)
    for reason in done.left_out:
        write_line(f"left out: {reason}")
    write_line(f"{counted(len(rows), 'mask')} changed, {len(done.unchanged)} as they were")
    if rows:
        write_line("Labels from masks: medgraft label from-masks")
