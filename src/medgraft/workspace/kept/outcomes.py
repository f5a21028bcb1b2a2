"""The whole outcome of a finished study, and what its models are called."""

from medgraft.core.errors import NotFoundError
from medgraft.study import StageOutcome, StudyOutcome, read_outcome
from medgraft.workspace.kept.results_folder import check_ended
from medgraft.workspace.kept.study_list import all_states
from medgraft.workspace.project import Project


def study_outcome(project: Project, name: str) -> StudyOutcome:
    """The results of a finished study. Raises `ProjectError` if there is none of that name."""
    folder = project.studies / name
    if not folder.is_dir():
        names = ", ".join(state.name for state in all_states(project)) or "none"
        raise NotFoundError(f"Expected a study or a learning curve of this project, got {name!r}. Available: {names}.")
    check_ended(folder)
    with project.labels() as store:
        return read_outcome(folder, store.task)


def model_folder(stage: StageOutcome) -> str:
    """Name of a model's package folder."""
    return f"{stage.model}-depth-{stage.depth}"
