"""The questions that slices of a project can be labelled for."""

from medgraft.core.task import Task
from medgraft.workspace.project import Project


def label_tasks(project: Project) -> tuple[Task, ...]:
    """Every label schema: the known ones, the paper's first, and those that came with the project's own labels."""
    with project.labels() as store:
        tasks = store.tasks().values()
    return tuple(sorted(tasks, key=lambda task: (not task.along_stack, len(task.classes), task.name)))


def label_task(project: Project, name: str) -> Task:
    """A label schema by name. Raises `LabelError` for an unknown one."""
    with project.labels() as store:
        return store.task(name)
