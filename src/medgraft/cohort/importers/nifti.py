"""Loose NIfTI files, with masks beside them by name; BIDS names give subjects."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medgraft.cohort.importers.importer import Importer
from medgraft.cohort.options import ImportOptions
from medgraft.cohort.source import Note, Source, attempt
from medgraft.core.cohort import ImportNote
from medgraft.core.counted import counted
from medgraft.core.geometry import points_to_apex
from medgraft.core.progress import Progress, Report
from medgraft.core.stack import FoundStack, Stack
from medgraft.images import read_nifti

ENDINGS = (".nii", ".nii.gz")
#: What follows an image's name in the name of its mask.
MASK_SUFFIXES = ("_gt", "_mask", "_seg", "_label", "_labels")
#: Whole numbers from 0 to below this are codes: no scanner uses so few grey values.
MAX_CODES = 8
_BIDS_SUBJECT = re.compile(r"(?:^|/)(sub-[A-Za-z0-9]+)(?=[_/.])")


def _recognises(source: Source, _options: ImportOptions) -> bool:
    return bool(source.suffixes(*ENDINGS))


def _read(source: Source, options: ImportOptions, note: Note, report: Report) -> Iterator[FoundStack]:
    images, masks = _pair(source, note)
    source.note_unused(source.suffixes(*ENDINGS), note)
    subjects: Counter[str] = Counter()
    for done, path in enumerate(images, start=1):
        where = source.relative(path)
        stack = read_with_mask(path, masks.get(path), options, where, note)
        report(Progress(stage="import", done=done, total=len(images), detail=where))
        if stack is not None and _is_label_map(stack):
            text = f"Its pixels are a few codes, so it is a mask: name it as its image, ending in {MASK_SUFFIXES[1]}."
            note(ImportNote(kind="set aside", code="mask-not-image", where=where, text=text))
        elif stack is not None:
            found = _found(stack, where, options)
            subjects[found.subject] += 1
            yield found
    if options.subject_pattern is None:
        _note_one_subject(subjects, note)


def _note_one_subject(subjects: Counter[str], note: Note) -> None:
    """Folders such as imagesTr hold many subjects."""
    (folder, n_images), *others = subjects.most_common() or [("", 0)]
    if n_images > 1 and not others and not _BIDS_SUBJECT.match(f"{folder}/"):
        text = (
            f"All {n_images} images lie in the folder {folder}, which is taken for their one subject. "
            "If they show several, give a subject pattern, or import that folder itself."
        )
        note(ImportNote(kind="noticed", code="one-subject", where=folder, text=text, count=n_images))


def _is_label_map(stack: Stack) -> bool:
    """Whether pixels are codes of structures, such as 0 and 1, rather than grey values."""
    pixels = stack.pixels
    return pixels.dtype.kind in "iu" and bool(0 <= pixels.min() < pixels.max() < MAX_CODES)


def read_with_mask(path: Path, mask: Path | None, options: ImportOptions, where: str, note: Note) -> Stack | None:
    """A NIfTI file with its mask; without it, and with a note, where only the mask cannot be read."""
    if mask is not None:
        stack = attempt(lambda: _read_both(path, mask, options, where, note), f"{where} with {mask.name}", note)
        if stack is not None:
            _note_empty(stack, where, note)
            return stack
    return attempt(lambda: read_nifti(path), where, note)


def _read_both(path: Path, mask: Path, options: ImportOptions, where: str, note: Note) -> Stack:
    return read_nifti(
        path,
        mask,
        options.mask_codes,
        mask_classes=options.mask_classes,
        empty_phases_labelled=options.empty_phases_labelled,
        note=lambda told: note(replace(told, where=where)),
    )


def _note_empty(stack: Stack, where: str, note: Note) -> None:
    n_empty = len(stack.pixels) - len(stack.mask_phases)
    if n_empty:
        text = f"The mask is all zero in {n_empty} of {counted(len(stack.pixels), 'phase')}: not labelled there."
        note(ImportNote(kind="noticed", code="unlabelled-phases", where=where, text=text))


def stem_of(path: Path) -> str:
    """The name without .nii or .nii.gz.

    >>> stem_of(Path("a/sub-01_T1w.nii.gz"))
    'sub-01_T1w'
    """
    return re.sub(r"\.nii(\.gz)?$", "", path.name, flags=re.IGNORECASE)


def _pair(source: Source, note: Note) -> tuple[list[Path], dict[Path, Path]]:
    files = sorted(source.suffixes(*ENDINGS))
    by_place = {(path.parent, stem_of(path)): path for path in files}
    masks: dict[Path, Path] = {}
    for path in (path for path in files if image_stem(path) is not None):
        image = by_place.get((path.parent, image_stem(path) or ""))
        if image is None or image in masks:
            text = "Named like a mask, but it has no image of its own: name the image as the mask without its ending."
            note(ImportNote(kind="set aside", code="mask-without-image", where=source.relative(path), text=text))
        else:
            masks[image] = path
    return [path for path in files if image_stem(path) is None], masks


def image_stem(path: Path) -> str | None:
    """The name of the image that a file's name says it is the mask of; None for other names."""
    stem = stem_of(path)
    return next((stem[: -len(suffix)] for suffix in MASK_SUFFIXES if stem.lower().endswith(suffix)), None)


def _found(stack: Stack, where: str, options: ImportOptions) -> FoundStack:
    base_first = _base_first(stack.affines) if options.short_axis else None
    return FoundStack(
        stack=replace(stack, base_first=base_first),
        subject=_subject(where, options),
        series_key=where,
        series=stem_of(Path(where)),
        source=where,
    )


def _subject(where: str, options: ImportOptions) -> str:
    if options.subject_pattern is not None:
        return options.subject_of(where) or ""
    bids = _BIDS_SUBJECT.search(where)
    if bids:
        return bids[1]
    folder, _, name = where.rpartition("/")
    return folder.split("/")[0] or stem_of(Path(name))


def _base_first(affines: NDArray[np.float64]) -> bool | None:
    along = affines[-1, :3, 3] - affines[0, :3, 3]
    return points_to_apex(along) if along.any() else None


NIFTI = Importer(
    name="nifti",
    expects="files .nii or .nii.gz, masks beside them ending in _gt, _mask, _seg or _label",
    recognises=_recognises,
    read=_read,
)
