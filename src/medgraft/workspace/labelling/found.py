"""Labels that came with the images, for example in a CSV file beside them, put into the label store."""

from collections.abc import Collection
from dataclasses import dataclass

from medgraft.cohort import FoundLabel
from medgraft.core.errors import LabelError
from medgraft.core.task import TASKS, Task, UnitKey, task_from_codes
from medgraft.labels import LabelEvent, LabelStore
from medgraft.workspace.labelling.changes import LabelChanges, record_changes
from medgraft.workspace.project import Project

READER = "import"


@dataclass(frozen=True, kw_only=True)
class FoundLabels:
    """The task that imported labels belong to, its codes, and what was recorded."""

    task: str
    codes: tuple[str, ...]
    changes: LabelChanges


def record_found_labels(project: Project, task: str | None = None) -> FoundLabels | None:
    """Record the labels that came with images, under the reader "import"; None if none came.

    Args:
        project: where the images are, and where labels go.
        task: name of the task they answer. Left out, it is the known task that has all their codes, else a new task
            named "imported".

    Raises:
        LabelError: the task has not all of the codes, or there is only one code.
    """
    with project.cohort() as cohort:
        found = cohort.found_labels()
    if not found:
        return None
    with project.labels() as store:
        schema = _task(store, task, sorted({label.code for label in found}))
        events = [_event(label, schema) for label in found]
        stacks = {label.stack for label in found}
        changes = record_changes(store, events, reader=READER, task=schema.name, stacks=stacks)
    return FoundLabels(task=schema.name, codes=schema.codes, changes=changes)


def _task(store: LabelStore, name: str | None, codes: list[str]) -> Task:
    fitting = [task for task in TASKS.values() if set(codes) <= set(task.codes) and name in {None, task.name}]
    if fitting:
        return fitting[0]
    if name in TASKS:
        raise LabelError(
            f"Expected labels of {name}, got {', '.join(codes)}. Available: {', '.join(TASKS[name].codes)}."
        )
    return _saved(store, name or "imported", codes)


def _saved(store: LabelStore, name: str, codes: Collection[str]) -> Task:
    if len(codes) < 2:
        raise LabelError(f"Expected at least two classes among the imported labels, got {', '.join(codes)}.")
    task = task_from_codes(name, list(codes))
    store.save_task(task)
    return task


def _event(label: FoundLabel, task: Task) -> LabelEvent:
    unit = UnitKey(label.stack, label.phase, label.slice)
    return LabelEvent(reader=READER, unit=unit, task=task.name, value=label.code, source="import")
