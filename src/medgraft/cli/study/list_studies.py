"""medgraft study list."""

from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json, write_table


def list_studies(project: ProjectOption = HERE, as_json: JsonOption = False) -> None:
    """List the studies of a project, finished or not.

    Examples:
      medgraft study list --project heart
      medgraft study list --project heart --json
    """
    from medgraft.workspace import Project, study_states

    states = study_states(Project.open(project))
    if as_json:
        write_json({"studies": states})
        return
    rows = [(state.name, "finished" if state.finished else "not finished", state.folder) for state in states]
    write_table(("study", "state", "folder"), rows)
