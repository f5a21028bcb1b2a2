"""Masks of stacks as NIfTI files, which viewers lay over the images and `medgraft import` reads beside them."""

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgraft.cohort import Cohort
from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError
from medgraft.core.files import AnyPath
from medgraft.core.progress import Progress, Report, silent
from medgraft.core.stack import Stack
from medgraft.images import write_nifti
from medgraft.workspace.masks.chosen import chosen_masked
from medgraft.workspace.project import Project

#: What follows an image's name in the name of its mask, and its own ending.
_MASK, _IMAGE = "_gt.nii.gz", ".nii.gz"

#: What some file system refuses in names, the percent sign that stands for it, and dots that hide a file.
_REFUSED = re.compile(r'[\x00-\x1f"*/:<>?\\|%]|^\.|[. ]$')

#: Letters of a part of a path: file systems take 255 bytes, and a letter may have four.
_LONGEST = 50


#: A mask (T, Z, Y, X) in `core.task.MASK_CODES`, the phases that are drawn, and the classes that are drawn at all.
Drawn = tuple[NDArray[np.uint8], tuple[int, ...], tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class MaskFile:
    """The mask of a stack as a file.

    phases: that are drawn, by name or number; the others are 0. classes: that are drawn at all. mask, image: paths; no
    image where none was asked for.
    """

    stack: str
    subject: str
    phases: tuple[str, ...]
    classes: tuple[str, ...]
    mask: str
    image: str | None


@dataclass(frozen=True, kw_only=True)
class MasksExported:
    """What was written. model: whose masks; None for the project's own. left_out: stacks that could not be, and why."""

    model: str | None
    files: tuple[MaskFile, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class MaskFolder:
    """Where masks are written, by the names that `place` gives stacks.

    images: write the images beside them. replace: files that are there already may be lost.
    """

    folder: Path
    place: Callable[[StackEntry], str]
    images: bool = False
    replace: bool = False

    def write_each(
        self,
        cohort: Cohort,
        entries: Sequence[StackEntry],
        drawn: Callable[[StackEntry], AbstractContextManager[Drawn]],
        report: Report,
    ) -> tuple[tuple[MaskFile, ...], tuple[str, ...]]:
        """Write masks, each `drawn` while it is written: the files, and stacks left out and why.

        Raises as `check_free` does, before anything is written.
        """
        self.check_free(entries)
        files, left_out = [], []
        for done, entry in enumerate(entries, start=1):
            try:
                with drawn(entry) as mask:
                    files.append(self.write(entry, mask, cohort.pixels(entry)))
            except InputError as error:
                left_out.append(f"{entry.subject}, stack {entry.id}: {error}")
            report(Progress(stage="stacks", done=done, total=len(entries), detail=entry.subject))
        return tuple(files), tuple(left_out)

    def check_free(self, entries: Sequence[StackEntry]) -> None:
        """Raise `InputError` where a file is there already: somebody may have corrected a mask, or made an image."""
        endings = (_MASK, _IMAGE) if self.images else (_MASK,)
        there = [path for entry in entries for ending in endings if (path := self._path(entry, ending)).exists()]
        if there and not self.replace:
            more = f" and {len(there) - 1} more" if there[1:] else ""
            raise InputError(
                f"Expected a folder without these files, got one with {there[0]}{more}. "
                "Do: name another folder, or say that they may be lost (--replace)."
            )

    def write(self, entry: StackEntry, drawn: Drawn, pixels: NDArray[Any]) -> MaskFile:
        """Write the mask of a stack and, if asked for, its image. Each file is whole or absent.

        Raises `InputError` where slices are not parallel and equally far apart: NIfTI has one place for all of them.
        """
        mask, phases, classes = drawn
        path, beside = self._path(entry, _MASK), self._path(entry, _IMAGE) if self.images else None
        if beside:
            write_nifti(beside, _stack(entry, pixels))
        write_nifti(path, _stack(entry, mask))
        return MaskFile(
            stack=entry.id,
            subject=entry.subject,
            phases=tuple(map(entry.phase_name, phases)),
            classes=classes,
            mask=str(path),
            image=str(beside) if beside else None,
        )

    def _path(self, entry: StackEntry, ending: str) -> Path:
        return self.folder / f"{self.place(entry)}{ending}"


def export_masks(
    project: Project,
    folder: AnyPath,
    *,
    stacks: Sequence[str] = (),
    images: bool = False,
    replace: bool = False,
    report: Report = silent,
) -> MasksExported:
    """Write the masks of a project as FOLDER/SUBJECT/SERIES-STACK_gt.nii.gz, in the codes of `core.task.MASK_CODES`.

    Args:
        project: where the masks are.
        folder: to write to.
        stacks: ids; none are all stacks with a mask.
        images: write the images beside them, as SERIES-STACK.nii.gz: `import_images` reads both.
        replace: files of these names that are there already may be lost.
        report: told after every stack.

    Raises:
        InputError: no mask, no such stack, or a file that is there already.
    """
    with project.cohort() as cohort:
        entries = chosen_masked(cohort, stacks)
        out = MaskFolder(folder=Path(folder), place=stack_place, images=images, replace=replace)
        files, left_out = out.write_each(
            cohort,
            entries,
            lambda entry: nullcontext((cohort.mask_arrays.read(entry.id), entry.mask_phases, entry.mask_classes)),
            report,
        )
    return MasksExported(model=None, files=files, left_out=left_out)


def stack_place(entry: StackEntry) -> str:
    """SUBJECT/SERIES-STACK, which no two stacks of a project share."""
    return "/".join([_part(entry.subject), "-".join(filter(None, [_part(entry.series), entry.id]))])


def source_place(entry: StackEntry) -> str:
    """The path of a NIfTI file in its source, without its ending; of other stacks `stack_place`.

    Masks then lie as the images do, so that both can be laid into one folder.
    """
    stem, is_nifti = re.subn(r"\.nii(\.gz)?$", "", entry.source, flags=re.IGNORECASE)
    return stem if is_nifti else stack_place(entry)


def _stack(entry: StackEntry, values: NDArray[Any]) -> Stack:
    """Values (T, Z, Y, X) where a stack lies."""
    times = None if entry.times is None else np.asarray(entry.times)
    return Stack(
        pixels=values,
        affines=entry.affine_stack,
        spacing=entry.spacing,
        directions_known=entry.directions_known,
        times=times,
    )


def _part(text: str) -> str:
    """A part of a path that every file system takes; what it refuses becomes its number.

    >>> _part("Müller/2"), _part("..")
    ('Müller%2F2', '%2E%2E')
    """
    return _REFUSED.sub(lambda found: f"%{ord(found[0]):02X}", text)[:_LONGEST]
