"""medgraft label from-contours."""

from pathlib import Path
from typing import Annotated

import typer

from medgraft.cli.bars import progress_bars
from medgraft.cli.label.counts import show_labelling
from medgraft.cli.mask_options import InPlaceOption
from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json, write_line, write_table
from medgraft.core.counted import counted


def from_contours(
    folder: Annotated[
        Path,
        typer.Argument(help="Files IM-0001-NNNN-icontour-auto.txt and ocontour.", exists=True, show_default=False),
    ],
    *,
    project: ProjectOption = HERE,
    stack: Annotated[str | None, typer.Option(help="The stack's id, where several would fit.")] = None,
    rule: Annotated[str, typer.Option(help="How masks become labels: pool, any or thirds.")] = "pool",
    replace: InPlaceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Fill contour files into masks of a stack, and label its slices from them.

    Examples:
      medgraft label from-contours contours/ --project heart
      medgraft label from-contours contours/ --stack 5a0c2e7d91b4f368 --json
      medgraft label from-contours corrected/ --replace
    """
    from medgraft.workspace import Project, label_from_contours

    with progress_bars() as report:
        done = label_from_contours(Project.open(project), folder, stack, rule=rule, replace=replace, report=report)
    if as_json:
        write_json(done)
        return
    images = f"{counted(done.slices, 'image')} in {counted(done.phases, 'phase')}"
    write_line(f"{done.subject}, stack {done.stack}: masks of {images}")
    if done.before:
        write_line(f"The mask before is {done.before}: medgraft masks undo puts it back")
    show_labelling(done.labels)
    if done.notes:
        write_line("\nContours")
        write_table(("file", "kind", "code", "what"), [(n.where, n.kind, n.code, n.text) for n in done.notes])
