"""The labelled slices of a project, for a task."""

from collections import OrderedDict
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from numpy.typing import NDArray

from medgraft.cohort import Cohort, PixelStore
from medgraft.core.errors import InputError
from medgraft.core.task import UnitKey
from medgraft.samples import Samples, join
from medgraft.workspace.project import Project

#: Stacks held open at a time; a process may have some hundreds of files.
_OPEN = 64


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
        raise InputError(
            f"Expected labelled slices for {task} in {project.root.name}, got none "
            f"({samples.left_out or 'no stacks'}). Do: label them, for example medgraft label from-masks."
        )
    return samples


def image_reader(cohort: Cohort) -> "ImageReader":
    """How to read the native grey slice (Y, X) of a unit."""
    return ImageReader(arrays=cohort.arrays)


@dataclass(frozen=True, kw_only=True, eq=False)
class ImageReader:
    """Native grey slices by unit. Arrays are memory-mapped, and the last ones stay open; not in a pickled reader."""

    arrays: PixelStore
    _open: OrderedDict[str, NDArray[Any]] = field(default_factory=OrderedDict)

    def __call__(self, unit: UnitKey) -> NDArray[Any]:
        """The slice (Y, X) of a unit, in the stored type. Raises `ProjectError` if its stack is missing."""
        if unit.stack not in self._open:
            self._open[unit.stack] = self.arrays.read(unit.stack)
            if len(self._open) > _OPEN:
                self._open.popitem(last=False)
        image: NDArray[Any] = self._open[unit.stack][unit.phase, unit.slice]
        return image

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(ImageReader, arrays=self.arrays), ()
