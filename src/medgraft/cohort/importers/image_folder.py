"""Pictures in one folder per class, `class/name.png`; a pattern on the path tells the subjects."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from medgraft.cohort.importers.importer import Importer
from medgraft.cohort.options import ImportOptions
from medgraft.cohort.source import Note, Source, attempt
from medgraft.core.errors import InputError
from medgraft.core.progress import Progress, Report
from medgraft.core.stack import FoundStack, Stack
from medgraft.images import read_picture

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")


def _recognises(source: Source, _options: ImportOptions) -> bool:
    return any("/" in source.relative(path) for path in source.suffixes(*PICTURES))


def _read(source: Source, options: ImportOptions, note: Note, report: Report) -> Iterator[FoundStack]:
    if options.subject_pattern is None:
        raise InputError(
            "Expected a subject for every picture, got a folder of classes without subjects: pictures of one patient "
            "in training and validation would make every result too good. Give subject_pattern, for example "
            r"'(P\d+)' on the path, or an index CSV with the columns path, subject, label."
        )
    pictures = sorted(source.suffixes(*PICTURES))
    source.note_unused(pictures, note)
    for done, path in enumerate(pictures, start=1):
        where = source.relative(path)
        picture = attempt(partial(read_picture, path), where, note)
        report(Progress(stage="import", done=done, total=len(pictures), detail=where))
        if picture is not None:
            yield _found(picture, where, options)


def single(picture: NDArray[np.generic]) -> Stack:
    """A stack of one picture (Y, X), of unknown spacing."""
    return Stack(pixels=picture[None, None], affines=np.eye(4)[None], spacing=None)


def _found(picture: NDArray[np.generic], where: str, options: ImportOptions) -> FoundStack:
    label, _, _name = where.partition("/")
    return FoundStack(
        stack=single(picture),
        subject=options.subject_of(where) or "",
        series_key=where,
        source=where,
        label=label if "/" in where else None,
    )


IMAGE_FOLDER = Importer(
    name="imagefolder",
    expects="pictures in one folder per class, with a pattern that tells the subjects",
    recognises=_recognises,
    read=_read,
)
