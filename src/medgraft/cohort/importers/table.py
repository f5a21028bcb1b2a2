"""A folder of pictures and an index CSV with the columns path, subject, label[, split, site, series, phase, slice].

Rows of one subject and series that carry slice numbers form a stack; every other row is a stack of one picture. The
columns endocardium and epicardium name pictures that are not zero inside these contours: they become masks.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from math import isfinite
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medgraft.cohort.found import LabelledStack
from medgraft.cohort.importers.image_folder import single
from medgraft.cohort.importers.importer import Importer
from medgraft.cohort.importers.picture_index import COLUMNS, OPTIONAL_COLUMNS, IndexRow, is_index, read_index
from medgraft.cohort.importers.picture_masks import read_picture_mask, with_masks
from medgraft.cohort.options import ImportOptions
from medgraft.cohort.source import Note, Source, attempt
from medgraft.core.cohort import ImportNote, NoteKind
from medgraft.core.errors import InputError
from medgraft.core.progress import Progress, Report
from medgraft.core.stack import FoundStack, Stack
from medgraft.images import read_picture


@dataclass(frozen=True, kw_only=True)
class _Picture:
    row: IndexRow
    pixels: NDArray[np.generic]
    mask: NDArray[np.uint8] | None


def _recognises(source: Source, options: ImportOptions) -> bool:
    return options.table is not None or any(is_index(path) for path in source.suffixes(".csv"))


def _read(source: Source, options: ImportOptions, note: Note, report: Report) -> Iterator[FoundStack]:
    index = options.table or _only_index(source)
    rows = _usable(read_index(index), source, note)
    named = (source.root / path for row in rows for path in (row.path, *row.contours.values()))
    source.note_unused([index, *named], note)
    groups: dict[tuple[str, ...], list[IndexRow]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.subject, row.series, row.path)):
        groups[_group(row)].append(row)
    done = 0
    for group in groups.values():
        pictures = _pictures(group, source, note)
        done += len(group)
        report(Progress(stage="import", done=done, total=len(rows), detail=group[0].subject))
        yield from _stacks(pictures, options, note)


def _only_index(source: Source) -> Path:
    found = [path for path in source.suffixes(".csv") if is_index(path)]
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise InputError(
            f"Expected one index CSV with the columns {', '.join(COLUMNS)}, got {names}. Name it as table."
        )
    return found[0]


def _usable(rows: list[IndexRow], source: Source, note: Note) -> list[IndexRow]:
    """Rows that speak about a file of the source, once; what is wrong with the others is noted."""
    times = Counter(row.path for row in rows)
    usable: dict[str, IndexRow] = {}
    for row in sorted(rows, key=lambda row: (row.path, row.subject, row.label, row.phase, row.slice)):
        if row.path not in source.places:
            _say(note, "refused", "missing-file", row.path or "(no path)", "No such file below the source.")
        elif not row.subject:
            _say(note, "refused", "no-subject", row.path, "No subject: such images could not be kept apart in folds.")
        elif row.slice and not _is_number(row.slice):
            _say(note, "refused", "bad-slice", row.path, f"Expected a number in the column slice, got {row.slice!r}.")
        elif row.path not in usable:
            usable[row.path] = row
        elif row != usable[row.path]:
            text = f"{times[row.path]} rows disagree about this file; it is left out."
            _say(note, "set aside", "rows-disagree", row.path, text)
    disagreeing = {row.path for row in rows if row.path in usable and row != usable[row.path]}
    return [row for path, row in usable.items() if path not in disagreeing]


def _group(row: IndexRow) -> tuple[str, ...]:
    """What makes rows one stack: subject and series where slices are numbered, else the file itself."""
    return (row.subject, row.series, row.split, row.site) if row.slice else (row.subject, row.series, row.path, "file")


def _pictures(rows: list[IndexRow], source: Source, note: Note) -> list[_Picture]:
    read = [(row, attempt(partial(read_picture, source.root / row.path), row.path, note)) for row in rows]
    return [
        _Picture(row=row, pixels=pixels, mask=read_picture_mask(row.contours, pixels.shape, source, note))
        for row, pixels in read
        if pixels is not None
    ]


def _stacks(pictures: list[_Picture], options: ImportOptions, note: Note) -> Iterator[FoundStack]:
    """One stack over all phases if they show the same slices in one size; else one stack per phase, or per picture."""
    if not pictures:
        return
    if not pictures[0].row.slice:
        yield from (_single(picture, note) for picture in pictures)
        return
    grid = _grid(pictures, note)
    phases = sorted({phase for phase, _ in grid}, key=_phase_order)
    slices = {phase: sorted(z for t, z in grid if t == phase) for phase in phases}
    sizes = {picture.pixels.shape for picture in grid.values()}
    where = pictures[0].row.subject
    if len(sizes) > 1:
        _say(note, "noticed", "sizes-differ", where, f"Slices of several sizes {sorted(sizes)}: each is kept alone.")
        yield from (_single(picture, note) for picture in grid.values())
    elif len({tuple(numbers) for numbers in slices.values()}) == 1:
        yield _grid_stack(grid, phases, options, note)
    else:
        _say(note, "noticed", "phases-apart", where, "The phases do not show the same slices: one stack per phase.")
        yield from (_grid_stack(grid, [phase], options, note) for phase in phases)


def _grid(pictures: list[_Picture], note: Note) -> dict[tuple[str, float], _Picture]:
    grid: dict[tuple[str, float], _Picture] = {}
    for picture in pictures:
        row = picture.row
        place = (row.phase.lower(), float(row.slice))
        if place in grid:
            text = f"Phase {row.phase or '-'}, slice {row.slice} is there already ({grid[place].row.path})."
            _say(note, "set aside", "duplicate-slice", row.path, text)
        else:
            grid[place] = picture
    return grid


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False


def _phase_order(phase: str) -> tuple[float, str]:
    return (float(phase), "") if phase.isdecimal() else (-1.0, phase)


def _grid_stack(
    grid: dict[tuple[str, float], _Picture], phases: list[str], options: ImportOptions, note: Note
) -> LabelledStack:
    slices = sorted(number for phase, number in grid if phase == phases[0])
    pictures = {(t, z): grid[phase, number] for t, phase in enumerate(phases) for z, number in enumerate(slices)}
    affines = np.tile(np.eye(4), (len(slices), 1, 1))
    affines[:, 2, 3] = slices
    stack = Stack(
        pixels=np.stack([np.stack([grid[phase, number].pixels for number in slices]) for phase in phases]),
        affines=affines,
        spacing=None,
        phases={phase: t for t, phase in enumerate(phases) if phase and not phase.isdecimal()},
        base_first=True if options.short_axis or pictures[0, 0].row.from_base else None,
        facts={"slices": " ".join(f"{number:g}" for number in slices)},
    )
    return _found(stack, pictures, note)


def _single(picture: _Picture, note: Note) -> LabelledStack:
    return _found(single(picture.pixels), {(0, 0): picture}, note)


def _found(stack: Stack, pictures: dict[tuple[int, int], _Picture], note: Note) -> LabelledStack:
    first = pictures[0, 0].row
    labels = {place: picture.row.label for place, picture in pictures.items() if picture.row.label}
    masks = {place: picture.mask for place, picture in pictures.items()}
    columns = set.intersection(*(set(picture.row.contours) for picture in pictures.values()))
    return LabelledStack(
        stack=with_masks(stack, masks, columns, first.path, note),
        subject=first.subject,
        series_key=f"{first.series}/{first.path}",
        series=first.series,
        site=first.site or None,
        split=first.split or None,
        source=first.path,
        label=first.label or None if len(pictures) == 1 else None,
        labels=labels,
    )


def _say(note: Note, kind: NoteKind, code: str, where: str, text: str) -> None:
    note(ImportNote(kind=kind, code=code, where=where, text=text))


TABLE = Importer(
    name="table",
    expects=f"pictures and an index CSV with the columns {', '.join(COLUMNS)}[, {', '.join(OPTIONAL_COLUMNS)}]",
    recognises=_recognises,
    read=_read,
)
