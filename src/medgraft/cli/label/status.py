"""medgraft label status."""

from medgraft.cli.options import HERE, JsonOption, ProjectOption, TaskOption
from medgraft.cli.output import write_json, write_line, write_table
from medgraft.core.counted import counted


def status(project: ProjectOption = HERE, task: TaskOption = "sax-range", as_json: JsonOption = False) -> None:
    """Show how many slices of a task are labelled, how, and by whom.

    Examples:
      medgraft label status --project heart
      medgraft label status --project heart --task sax-levels --json
    """
    from medgraft.workspace import Project, label_status

    found = label_status(Project.open(project), task)
    if as_json:
        write_json(found)
        return
    write_line(
        f"{found.task}: {found.labelled} of {counted(found.units, 'slice')} labelled, {found.conflicts} in conflict"
    )
    if found.elsewhere:
        write_line(
            f"{found.elsewhere} more at phases that {found.task} does not ask about, or whose names are not known "
            "(medgraft correct --phase names them)"
        )
    columns = ("reader", *found.counts)
    rows = [(reader, *counts.values()) for reader, counts in found.readers.items()]
    write_table(columns, [*rows, ("agreed", *found.counts.values())])
