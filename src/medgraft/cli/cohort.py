"""medgraft cohort."""

from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json, write_line, write_table


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
    columns = ("stack", "subject", "site", "split", "series", "T", "Z", "Y", "X", "mm", "named phases", "base", "masks")
    rows = [
        (
            *(row.id, row.subject, row.site, row.split, row.series),
            *(row.phases, row.slices, row.rows, row.columns),
            " x ".join(f"{side:.3g}" for side in row.spacing) if row.spacing else None,
            " ".join(f"{name}={index}" for name, index in row.named_phases.items()),
            _BASE[row.base_first],
            row.masks,
        )
        for row in found.stacks
    ]
    write_table("", columns, rows)
    write_line(f"{len(rows)} stacks of {found.subjects} subjects")


_BASE = {True: "first", False: "last", None: None}
