"""medgraft study list."""

from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json, write_line, write_table


def list_studies(project: ProjectOption = HERE, as_json: JsonOption = False) -> None:
    """List the studies and learning curves of a project, finished or not.

    Examples:
      medgraft study list --project heart
      medgraft study list --project heart --json
    """
    from medgraft.workspace import Project
    from medgraft.workspace.kept.study_list import all_states

    states = all_states(Project.open(project))
    if as_json:
        write_json({"studies": states})
        return
    rows = [(one.name, one.kind, "finished" if one.finished else "not finished", one.folder) for one in states]
    if rows:
        write_table(("study", "kind", "state", "folder"), rows)
    else:
        write_line("no study and no learning curve yet")
