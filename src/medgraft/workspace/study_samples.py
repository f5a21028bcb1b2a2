"""The labelled slices of a project, for a task."""

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from medgraft.cohort import Cohort
from medgraft.core.errors import InputError
from medgraft.core.task import UnitKey
from medgraft.samples import Samples, join
from medgraft.workspace.project import Project


def project_samples(project: Project, task: str, reader: str | None = None) -> Samples:
    """Every labelled unit of a task, and what was left out and why.

    Args:
        project: where stacks and labels are.
        task: its name, in medgraft or in the project.
        reader: whose labels; where readers agree if None.

    Raises:
        InputError: nothing is labelled.
    """
    with project.cohort() as cohort, project.labels() as store:
        asked = store.task(task)
        conflicts = {} if reader else store.conflicts(task)
        samples = join(cohort.entries(), store.table(task, reader), asked, conflicts)
    if not len(samples):
        reasons = "; ".join(f"{item.reason}: {item.count}" for item in samples.dropped)
        raise InputError(
            f"Expected labelled slices for {task} in {project.root.name}, got none ({reasons or 'no stacks'}). "
            "Do: label them, for example medgraft label from-masks."
        )
    return samples


def image_reader(cohort: Cohort) -> Callable[[UnitKey], NDArray[Any]]:
    """How to read the native grey slice (Y, X) of a unit; arrays stay open and memory-mapped."""
    entries = {entry.id: entry for entry in cohort.entries()}
    open_stacks: dict[str, NDArray[Any]] = {}

    def read(unit: UnitKey) -> NDArray[Any]:
        if unit.stack not in open_stacks:
            open_stacks[unit.stack] = cohort.pixels(entries[unit.stack])
        image: NDArray[Any] = open_stacks[unit.stack][unit.phase, unit.slice]
        return image

    return read
