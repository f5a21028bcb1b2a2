"""How far the labelling of a project is."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from medgraft.core.cohort import StackEntry
from medgraft.core.task import Task
from medgraft.labels import LabelStore
from medgraft.workspace.project import Project


@dataclass(frozen=True, kw_only=True)
class LabelStatus:
    """Where a task stands.

    units: slices that the task asks about. labelled: those with one agreed label. conflicts: those on which readers
    disagree. counts: agreed labels per code. readers: labels per code of each reader.
    """

    task: str
    units: int
    labelled: int
    conflicts: int
    counts: Mapping[str, int]
    readers: Mapping[str, Mapping[str, int]]


def label_status(project: Project, task: str = "sax-range") -> LabelStatus:
    """How many slices of a task are labelled, how, and by whom. Raises `LabelError` for an unknown task."""
    with project.cohort() as cohort:
        entries = cohort.entries()
    with project.labels() as store:
        schema = store.task(task)
        agreed = store.table(task)
        return LabelStatus(
            task=task,
            units=sum(_asked(entry, schema) for entry in entries),
            labelled=len(agreed),
            conflicts=len(store.conflicts(task)),
            counts=_per_code(schema, agreed.values()),
            readers=_per_reader(store, schema),
        )


def _asked(entry: StackEntry, task: Task) -> int:
    """Slices of a stack that a task asks about: those of its named phases, or of all phases if it names none."""
    n_phases = len(set(task.phases) & set(entry.phases)) if task.phases else entry.shape[0]
    return n_phases * entry.shape[1]


def _per_reader(store: LabelStore, task: Task) -> dict[str, dict[str, int]]:
    return {reader: _per_code(task, store.table(task.name, reader).values()) for reader in store.readers(task.name)}


def _per_code(task: Task, values: Iterable[str]) -> dict[str, int]:
    counts = Counter(values)
    return {code: counts[code] for code in task.codes}
