"""Contour files to masks: the layout of the Sunnybrook challenge, one text file of x y points per image and contour."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from matplotlib.path import Path as Polygon
from numpy.typing import NDArray

from medgraft.core.cohort import ImportNote, NoteKind
from medgraft.core.counted import counted
from medgraft.core.errors import InputError, LabelError
from medgraft.core.task import MASK_CODES

_NAME = re.compile(r"IM-\d+-(?P<number>\d+)-(?P<kind>[io])contour-(auto|manual)\.txt")

#: What inner and outer contours tell.
_CLASSES = ("pool", "myocardium")

_KINDS: dict[str, NoteKind] = {
    "bad-contour": "refused",
    "unknown-instance": "set aside",
    "ambiguous-instance": "set aside",
    "one-contour": "noticed",
    "inner-outside-outer": "noticed",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class ContourMasks:
    """What a folder of contours gave.

    mask: (T, Z, Y, X) uint8 in `core.task.MASK_CODES`. phases: those on T that carry any contour. classes: those that
    contours were drawn for, on images of the stack. notes: what was odd.
    """

    mask: NDArray[np.uint8]
    phases: tuple[int, ...]
    classes: tuple[str, ...]
    notes: tuple[ImportNote, ...]


def masks_from_contours(folder: Path, instance_numbers: NDArray[np.integer], shape: tuple[int, int]) -> ContourMasks:
    """Masks from files `IM-0001-NNNN-{i,o}contour-auto.txt`, NNNN being the InstanceNumber.

    The inner contour (i) bounds the blood pool, the outer (o) the myocardium around it.

    Args:
        folder: where the files are; other files in it are left alone.
        instance_numbers: (T, Z) InstanceNumber of each image of the stack.
        shape: (Y, X) of the images.

    Raises:
        InputError: the folder holds no contour files.
    """
    mask = np.zeros((*instance_numbers.shape, *shape), np.uint8)
    notes: list[ImportNote] = []
    for number, files in _by_instance(folder).items():
        phases, slices = np.nonzero(instance_numbers == number)
        first = next(iter(files.values()))
        if not len(slices):
            notes.append(_note("unknown-instance", first, f"no image has InstanceNumber {number}"))
        elif len(set(slices)) > 1:
            notes.append(_note("ambiguous-instance", first, f"images of several slices have InstanceNumber {number}"))
        else:
            notes += _paint(mask[phases[0], slices[0]], files)
            # An image may stand in for a missing phase of its slice (`images`): it is drawn there, too.
            mask[phases[1:], slices[0]] = mask[phases[0], slices[0]]
    drawn = tuple(int(phase) for phase in np.flatnonzero(mask.any(axis=(1, 2, 3))))
    classes = tuple(name for name in _CLASSES if (mask == MASK_CODES[name]).any())
    return ContourMasks(mask=mask, phases=drawn, classes=classes, notes=_gather(notes))


def read_contour_file(path: Path) -> NDArray[np.float64]:
    """The points of one contour, (N, 2) as x (column), y (row) in pixels, N at least 3.

    Raises `LabelError` if the file is not two finite numbers per line.
    """
    try:
        rows = [[float(word) for word in line.split()] for line in path.read_text().splitlines() if line.strip()]
        points = np.asarray(rows, np.float64)
    except (ValueError, OSError) as error:
        raise LabelError(f"Expected lines of x and y in {path.name}, got something else: {error}.") from error
    if len(points) < 3 or points.shape[1:] != (2,) or not np.isfinite(points).all():
        raise LabelError(f"Expected at least 3 lines of finite x and y in {path.name}, got numbers {points.shape}.")
    return points


def fill_contour(points: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """The pixels (Y, X) whose centre lies within a closed contour, by the even-odd rule.

    Args:
        points: (N, 2) x, y in pixels; (0, 0) is the centre of the first pixel.
        shape: (Y, X).

    >>> fill_contour(np.array([[0.5, 0.5], [2.5, 0.5], [2.5, 2.5], [0.5, 2.5]]), (4, 4)).sum()
    np.int64(4)
    """
    inside = np.zeros(shape, bool)
    limits = (shape[1], shape[0])
    left, top = np.clip(np.ceil(points.min(axis=0)), 0, limits).astype(int)
    right, bottom = np.clip(np.floor(points.max(axis=0)) + 1, (left, top), limits).astype(int)
    ys, xs = np.mgrid[top:bottom, left:right]
    if xs.size:
        centres = np.column_stack([xs.ravel(), ys.ravel()])
        inside[top:bottom, left:right] = Polygon(points).contains_points(centres).reshape(xs.shape)
    return inside


def _by_instance(folder: Path) -> dict[int, dict[str, Path]]:
    found: dict[int, dict[str, Path]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if match := _NAME.fullmatch(path.name):
            found.setdefault(int(match["number"]), {})[match["kind"]] = path
    if not found:
        raise InputError(f"Expected files named IM-0001-0001-icontour-auto.txt in {folder.name}, got none.")
    return dict(sorted(found.items()))


def _paint(mask: NDArray[np.uint8], files: dict[str, Path]) -> Iterator[ImportNote]:
    """Fill one slice's mask (Y, X) in place; give what was odd about it."""
    filled = {}
    for kind, path in files.items():
        try:
            filled[kind] = fill_contour(read_contour_file(path), (mask.shape[0], mask.shape[1]))
        except LabelError as error:
            yield _note("bad-contour", path, str(error))
    empty = np.zeros(mask.shape, bool)
    inner, outer = filled.get("i", empty), filled.get("o", empty)
    mask[outer] = MASK_CODES["myocardium"]
    mask[inner] = MASK_CODES["pool"]
    if len(filled) == 1:
        kind = next(iter(filled))
        yield _note("one-contour", files[kind], f"only the {'inner' if kind == 'i' else 'outer'} contour was usable")
    elif (inner & ~outer).any():
        yield _note(
            "inner-outside-outer",
            files["i"],
            f"outside the wall: {counted(int((inner & ~outer).sum()), 'pixel')} of the pool",
        )


def _note(code: str, path: Path, text: str) -> ImportNote:
    return ImportNote(kind=_KINDS[code], code=code, where=path.name, text=text)


def _gather(notes: list[ImportNote]) -> tuple[ImportNote, ...]:
    """One note per code, with the first file as the example and how many files it speaks about."""
    first: dict[str, ImportNote] = {}
    counts = Counter(note.code for note in notes)
    for note in notes:
        first.setdefault(note.code, replace(note, count=counts[note.code]))
    return tuple(first.values())
