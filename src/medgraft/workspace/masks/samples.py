"""The masked sequences of a project, for a task that segments."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgraft.cohort import Cohort, PixelStore
from medgraft.core.cohort import StackEntry
from medgraft.core.digest import array_digest
from medgraft.core.errors import InputError, ProjectError
from medgraft.core.task import MASK_TASKS, Task
from medgraft.samples import MaskedSamples, masked_samples
from medgraft.workspace.project import Project


def mask_task(name: str) -> Task:
    """A task that segments. Raises `InputError` for an unknown one."""
    if name not in MASK_TASKS:
        raise InputError(f"Expected a task that segments, got {name!r}. Available: {', '.join(MASK_TASKS)}.")
    return MASK_TASKS[name]


def project_masks(project: Project, task: str, *, in_mm: bool) -> MaskedSamples:
    """Every sequence of a project with a mask, and what was left out and why.

    in_mm: as in `masked_samples`. Raises `InputError` if nothing is left.
    """
    with project.cohort() as cohort:
        entries = [_digested(cohort, entry) for entry in cohort.entries()]
    samples = masked_samples(entries, mask_task(task), in_mm=in_mm)
    if not len(samples):
        raise InputError(
            f"Expected images with masks for {task} in {project.root.name}, got none "
            f"({samples.left_out or 'no stacks'}). Do: import images with their masks beside them."
        )
    return samples


def volume_reader(cohort: Cohort) -> "VolumeReader":
    """How to read native volumes and masks."""
    return VolumeReader(images=cohort.arrays, masks=cohort.mask_arrays)


@dataclass(frozen=True, kw_only=True)
class VolumeReader:
    """Native volumes by stack, memory-mapped; pickled, it opens them again where it arrives."""

    images: PixelStore
    masks: PixelStore

    def pixels(self, stack: str) -> NDArray[Any]:
        """Pixels (T, Z, Y, X) in the stored type. Raises `ProjectError` if they are missing."""
        return self.images.read(stack)

    def mask(self, stack: str, digest: str) -> NDArray[np.uint8]:
        """Mask (T, Z, Y, X) in `core.task.MASK_CODES`, of a digest (`core.digest.array_digest`).

        Raises `ProjectError` if it is missing, or another took its place since: results would be kept under a wrong
        name. Of a mask that is replaced after that, what was read goes on to be read.
        """
        mask = self.masks.read(stack)
        if array_digest(mask) != digest:
            raise ProjectError(
                f"Expected the mask of stack {stack} as it was at the start, got another, which took its place since. "
                "Do: start again, with the masks as they are now; what does not depend on this one is not done again."
            )
        return mask


def _digested(cohort: Cohort, entry: StackEntry) -> StackEntry:
    """The entry with its mask's digest, which is not kept of masks that an older medgraft stored."""
    mask = None if entry.mask_digest else cohort.mask(entry)
    return entry if mask is None else replace(entry, mask_digest=array_digest(mask))
