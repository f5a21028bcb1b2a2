"""Masks that come as pictures beside images: each is not zero inside one contour."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from medgraft.cohort.source import Note, Source, attempt
from medgraft.core.cohort import ImportNote
from medgraft.core.counted import counted
from medgraft.core.stack import Stack
from medgraft.core.task import MASK_CLASSES, MASK_CODES
from medgraft.images import read_picture

#: The column that names the picture, and the class inside its contour; painted in this order.
CONTOUR_COLUMNS = {"epicardium": "myocardium", "endocardium": "pool"}

Place = tuple[int, int]


def read_picture_mask(
    contours: Mapping[str, str], shape: tuple[int, ...], source: Source, note: Note
) -> NDArray[np.uint8] | None:
    """The mask (Y, X) in `core.task.MASK_CODES` of one picture; None, and a note, where a contour cannot be used.

    contours: column of `CONTOUR_COLUMNS` -> path of the picture, relative to the source; may be empty.
    """
    mask = np.zeros(shape, np.uint8)
    for column in (column for column in CONTOUR_COLUMNS if column in contours):
        inside = _inside(contours[column], shape, source, note)
        if inside is None:
            return None
        mask[inside] = MASK_CODES[CONTOUR_COLUMNS[column]]
    return mask if contours else None


def with_masks(
    stack: Stack, masks: Mapping[Place, NDArray[np.uint8] | None], columns: set[str], where: str, note: Note
) -> Stack:
    """The stack with its mask from masks of single images by (phase, slice).

    A phase counts as labelled if all its slices have a mask; the mask labels the classes of `columns` only.
    """
    found = {place: mask for place, mask in masks.items() if mask is not None}
    phases = tuple(t for t in range(len(stack.pixels)) if all((t, z) in found for z in range(len(stack.affines))))
    left_out = {t for t, _ in found} - set(phases)
    if left_out:
        text = f"Some slices have no mask in {counted(len(left_out), 'phase')}: not labelled there."
        note(ImportNote(kind="noticed", code="unlabelled-phases", where=where, text=text))
    if not phases:
        return stack
    mask = np.zeros(stack.pixels.shape, np.uint8)
    for (t, z), drawn in found.items():
        if t in phases:
            mask[t, z] = drawn
    inside = {CONTOUR_COLUMNS[column] for column in columns}
    classes = tuple(name for name in MASK_CLASSES if name in inside)
    return replace(stack, mask=mask, mask_phases=phases, mask_classes=classes)


def _inside(path: str, shape: tuple[int, ...], source: Source, note: Note) -> NDArray[np.bool_] | None:
    # Only files of the source are read: a path in a table may point anywhere.
    if path not in source.places:
        note(ImportNote(kind="refused", code="missing-file", where=path, text="No such mask below the source."))
        return None
    picture = attempt(partial(read_picture, source.root / path), path, note)
    if picture is None:
        return None
    if picture.shape != shape:
        text = f"Expected a mask of the image's size {shape}, got {picture.shape}."
        note(ImportNote(kind="refused", code="mask-size", where=path, text=text))
        return None
    return np.asarray(picture > 0, bool)
