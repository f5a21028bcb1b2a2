"""medgraft masks undo."""

from typing import TYPE_CHECKING, Annotated

import typer

from medgraft.cli.bars import progress_bars
from medgraft.cli.mask_options import TrialOption
from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json, write_line, write_table

if TYPE_CHECKING:
    from medgraft.workspace import MasksUndone


def undo(
    *,
    stack: Annotated[
        list[str] | None, typer.Option(help="A stack's id; may be given again. Left out: all of the last act.")
    ] = None,
    dry_run: TrialOption = False,
    project: ProjectOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Take back what was last done to masks: a repair, or contours or corrected masks that were put in.

    Done again, it takes back what was done before that.

    Examples:
      medgraft masks undo --project heart --dry-run
      medgraft masks undo --project heart
      medgraft masks undo --stack 5a0c2e7d91b4f368
    """
    from medgraft.workspace import Project, undo_masks

    with progress_bars() as report:
        done = undo_masks(Project.open(project), stack or (), dry_run=dry_run, report=report)
    if as_json:
        write_json(done)
    else:
        _show(done)


def _show(done: "MasksUndone") -> None:
    rows = [(one.stack, one.subject, one.what, one.when, one.phases, one.voxels) for one in done.stacks]
    write_table(("stack", "subject", "taken back", "of", "phases with a mask", "voxels changed"), rows)
    for reason in done.left_out:
        write_line(f"left out: {reason}")
    if not done.dry_run:
        write_line("Labels from masks: medgraft label from-masks")
