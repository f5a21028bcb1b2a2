"""How far the labelling of a project is."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from medgraft.core.task import Task, UnitKey
from medgraft.workspace.labelling.along_stack import asked_units
from medgraft.workspace.project import Project


@dataclass(frozen=True, kw_only=True)
class LabelStatus:
    """Where a task stands, over the slices that it asks about: of its named phases, or of all if it names none.

    units: how many these are. labelled: those with one agreed label. conflicts: those on which readers
    disagree. counts: agreed labels per code. readers: labels per code of each reader. elsewhere: agreed labels of other
    slices, at phases whose name is not asked about or not known.
    """

    task: str
    units: int
    labelled: int
    conflicts: int
    counts: Mapping[str, int]
    readers: Mapping[str, Mapping[str, int]]
    elsewhere: int


def label_status(project: Project, task: str = "sax-range") -> LabelStatus:
    """How many slices of a task are labelled, how, and by whom. Raises `LabelError` for an unknown task."""
    with project.cohort() as cohort:
        entries = cohort.entries()
    with project.labels() as store:
        schema = store.task(task)
        asked = {unit for entry in entries for unit in asked_units(entry, schema)}
        agreed = store.table(task)
        return LabelStatus(
            task=task,
            units=len(asked),
            labelled=len(asked & agreed.keys()),
            conflicts=len(asked & store.conflicts(task).keys()),
            counts=_per_code(schema, agreed, asked),
            readers={reader: _per_code(schema, store.table(task, reader), asked) for reader in store.readers(task)},
            elsewhere=len(agreed.keys() - asked),
        )


def _per_code(task: Task, labels: Mapping[UnitKey, str], asked: set[UnitKey]) -> dict[str, int]:
    counts = Counter(code for unit, code in labels.items() if unit in asked)
    return {code: counts[code] for code in task.codes}
