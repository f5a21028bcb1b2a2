"""medgraft cohort."""

from typing import TYPE_CHECKING

from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json, write_line, write_table
from medgraft.core.counted import counted

if TYPE_CHECKING:
    from medgraft.workspace import StackRow


def cohort(project: ProjectOption = HERE, as_json: JsonOption = False) -> None:
    """List the stacks of a project.

    Examples:
      medgraft cohort --project heart
      medgraft cohort --project heart --json
    """
    from medgraft.workspace import Project, list_cohort

    found = list_cohort(Project.open(project))
    if as_json:
        write_json(found)
        return
    columns = ("stack", "subject", "site", "split", "series", "T x Z x Y x X", "mm", "phases", "base", "masks")
    write_table(columns, [_cells(row) for row in found.stacks])
    write_line(f"{counted(len(found.stacks), 'stack')} of {counted(found.subjects, 'subject')}")


_BASE = {True: "first", False: "last", None: None}


def _cells(row: "StackRow") -> tuple[object, ...]:
    shape = " x ".join(str(length) for length in (row.phases, row.slices, row.rows, row.columns))
    spacing = " x ".join(f"{side:.3g}" for side in row.spacing) if row.spacing else None
    phases = " ".join(f"{name}={index}" for name, index in row.named_phases.items()) or None
    place = (row.id, row.subject, row.site, row.split, row.series or None)
    return *place, shape, spacing, phases, _BASE[row.base_first], row.masks
