"""The studies of a project, finished or not."""

from dataclasses import dataclass

from medgraft.workspace.project import Project


@dataclass(frozen=True, kw_only=True)
class StudyState:
    """One study of a project. finished: whether it has results; if not, starting it again goes on."""

    name: str
    finished: bool
    folder: str


def study_states(project: Project) -> tuple[StudyState, ...]:
    """Every study that was started in a project, by name; nothing of it is computed."""
    return tuple(
        StudyState(
            name=path.parent.name,
            finished=(path.parent / "results" / "stages.json").is_file(),
            folder=f"studies/{path.parent.name}",
        )
        for path in sorted(project.studies.glob("*/study.yaml"))
    )
