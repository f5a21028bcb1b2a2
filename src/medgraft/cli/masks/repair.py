"""medgraft masks repair."""

from typing import TYPE_CHECKING, Annotated

import typer

from medgraft.cli.bars import progress_bars
from medgraft.cli.left_out import write_left_out
from medgraft.cli.mask_options import StacksOption, TrialOption
from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json, write_line, write_table
from medgraft.core.counted import counted

if TYPE_CHECKING:
    from medgraft.workspace import MaskRepairs

STEPS = (
    "closing:RADIUS, close-gap:RADIUS, fill-holes or largest-component; RADIUS is in voxels, or as 5mm; :in-plane "
    "repairs each slice by itself. May be given again; left out: closing:5, as in the paper."
)


def repair(
    *,
    step: Annotated[list[str] | None, typer.Option(help=STEPS)] = None,
    stack: StacksOption = None,
    dry_run: TrialOption = False,
    project: ProjectOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Repair masks, and show what each step did to each structure; masks are kept as they were in masks/before/.

    Examples:
      medgraft masks repair --project heart --dry-run
      medgraft masks repair --step closing:5mm --step fill-holes
      medgraft masks repair --step closing:3:in-plane --stack 5a0c2e7d91b4f368
    """
    from medgraft.workspace import Project, repair_masks

    with progress_bars() as report:
        done = repair_masks(Project.open(project), step or (), stack or (), dry_run=dry_run, report=report)
    if as_json:
        write_json(done)
    else:
        _show(done)


def _show(done: "MaskRepairs") -> None:
    rows = [
        (one.stack, one.subject, change.phase, change.repair, change.structure, change.added, change.removed)
        for one in done.stacks
        for change in one.changes
    ]
    changed = sum(bool(one.changes) for one in done.stacks)
    if rows:
        write_table(("stack", "subject", "phase", "repair", "structure", "voxels added", "removed"), rows)
    left_out = [(f"{one.subject}, stack {one.stack}", one.reason) for one in done.left_out]
    write_left_out(left_out, "stack", where="--json")
    verb = "would change" if done.dry_run else "changed"
    write_line(f"{changed} of {counted(len(done.stacks), 'mask')} {verb}")
    if changed and not done.dry_run:
        write_line("Taken back by medgraft masks undo. Labels from masks: medgraft label from-masks")
