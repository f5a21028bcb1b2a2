"""medgraft label from-masks."""

from typing import Annotated

import typer

from medgraft.cli.bars import progress_bars
from medgraft.cli.label.counts import show_labelling
from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json

RULES = "pool: a slice with blood pool is inside. any: with pool or myocardium. thirds: five levels."


def from_masks(
    project: ProjectOption = HERE,
    rule: Annotated[str, typer.Option(help=RULES)] = "pool",
    as_json: JsonOption = False,
) -> None:
    """Label every slice that has a mask; the counts of the other rules are shown beside.

    Examples:
      medgraft label from-masks --project heart
      medgraft label from-masks --project heart --rule any --json
    """
    from medgraft.workspace import Project, label_from_masks

    with progress_bars() as report:
        done = label_from_masks(Project.open(project), rule, report=report)
    if as_json:
        write_json(done)
    else:
        show_labelling(done)
