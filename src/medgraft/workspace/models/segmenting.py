"""A model that segments at work on stacks: their masks, one after the other, never more than one on disk."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medgraft.cohort import Cohort
from medgraft.core.cohort import StackEntry
from medgraft.core.files import AnyPath
from medgraft.core.progress import Report, silent
from medgraft.exchange.package import read_package
from medgraft.inference import asked_of_each
from medgraft.workspace.kept.find_model import find_model
from medgraft.workspace.masks.chosen import chosen_entries
from medgraft.workspace.masks.exporting import Drawn, MaskFolder, MasksExported, stack_place
from medgraft.workspace.measuring.one_stack import DrawnMask
from medgraft.workspace.measuring.segmenter import StackSegmenter
from medgraft.workspace.project import Project


def export_model_masks(
    project: Project,
    model: str,
    folder: AnyPath,
    *,
    stacks: Sequence[str] = (),
    phases: Sequence[str] = (),
    images: bool = False,
    replace: bool = False,
    report: Report = silent,
) -> MasksExported:
    """Write what a model sees in stacks of a project, as `masks.exporting.export_masks` writes the project's own masks.

    Args:
        project: where the stacks are; its masks stay as they are.
        model: as `find_model` reads it.
        folder: to write to.
        stacks: ids; all if none.
        phases: names or indices; those that the model's task asks about if none.
        images: write the images beside the masks.
        replace: files of these names that are there already may be lost.
        report: told after every phase and stack.

    Raises:
        InputError: no stack, no such one, no such model, or a file that is there already.
        WeightsError: the package is damaged.
    """
    segmenter = StackSegmenter.of(read_package(find_model(model, project.root)))
    with project.cohort() as cohort:

        @contextmanager
        def drawn(entry: StackEntry) -> Iterator[Drawn]:
            with segmented(segmenter, cohort, entry, phases=phases, report=report) as seen:
                yield seen.mask, seen.phases, seen.classes

        out = MaskFolder(folder=Path(folder), place=stack_place, images=images, replace=replace)
        files, left_out = out.write_each(cohort, chosen_entries(cohort, stacks), drawn, report)
    return MasksExported(model=segmenter.package.name, files=files, left_out=left_out)


@contextmanager
def segmented(
    segmenter: StackSegmenter,
    cohort: Cohort,
    entry: StackEntry,
    *,
    all_phases: bool = False,
    phases: Sequence[str] = (),
    report: Report = silent,
) -> Iterator[DrawnMask]:
    """The mask of a stack, in a file that is gone afterwards; of 4D CT it may be gigabytes.

    all_phases, phases: as `inference.phases_asked` reads them.
    Raises `InputError` for a stack without these phases, or one that the model's recipe does not fit.
    """
    ((_, asked),) = asked_of_each([entry], segmenter.package.task, all_phases=all_phases, phases=phases)
    with tempfile.TemporaryDirectory(prefix="medgraft-") as scratch:
        out = _mapped(Path(scratch, "mask"), entry.shape)
        yield segmenter.mask(cohort.pixels(entry), entry, asked, out=out, report=report)


def _mapped(path: Path, shape: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """Zeros in a file. They are written, as a full disk under a file that is only mapped would end the process."""
    with path.open("wb") as file:
        for _ in range(shape[0]):
            np.zeros(shape[1:], np.uint8).tofile(file)
    return np.memmap(path, np.uint8, "r+", shape=shape)
