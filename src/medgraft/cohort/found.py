"""What importers find: a stack with labels that came with it, and the entry it becomes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgraft.cohort.spacing import flat_affines
from medgraft.core.cohort import ImportNote, StackEntry
from medgraft.core.counted import counted
from medgraft.core.digest import array_digest, short_id
from medgraft.core.errors import InputError
from medgraft.core.stack import FoundStack


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelledStack(FoundStack):
    """A stack whose source labels single images: class code by (phase, slice), both indices into the pixels."""

    labels: Mapping[tuple[int, int], str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class FoundLabel:
    """A class code that a source gave to one image: entry id, phase and slice index, code as written there."""

    stack: str
    phase: int
    slice: int
    code: str


def stored_form(found: FoundStack) -> FoundStack:
    """The stack with pixels in little-endian C order, so that equal pixels have equal digests on every machine.

    Its mask is of one byte.
    """
    pixels = np.ascontiguousarray(found.stack.pixels)
    pixels = pixels.astype(pixels.dtype.newbyteorder("<"), copy=False)
    mask = None if found.stack.mask is None else np.asarray(found.stack.mask, np.uint8)
    return replace(found, stack=replace(found.stack, pixels=pixels, mask=mask))


def with_finite_pixels(found: FoundStack) -> tuple[FoundStack | None, ImportNote | None]:
    """The stack without pixels that are no finite number, and a note if there were any; None where all are so.

    They come from resampling and dividing, outside of what was imaged: NaN and -inf become the lowest of the others,
    inf the highest. A single one would make every mean and every loss a NaN.
    """
    pixels = found.stack.pixels
    if pixels.dtype.kind != "f" or (finite := np.isfinite(pixels)).all():
        return found, None
    if not finite.any():
        text = "No pixel is a finite number."
        return None, ImportNote(kind="refused", code="not-finite", where=found.source, text=text)
    low, high = pixels[finite].min(), pixels[finite].max()
    stack = replace(found.stack, pixels=np.nan_to_num(pixels, nan=low, posinf=high, neginf=low))
    n_lost = counted(int((~finite).sum()), "pixel")
    text = f"{n_lost} without a finite number: the lowest or the highest of the others stands there."
    return replace(found, stack=stack), ImportNote(kind="repaired", code="not-finite", where=found.source, text=text)


def entry_of(found: FoundStack) -> StackEntry:
    """The entry of a stack in its stored form; its id follows from subject, geometry and pixels alone.

    Raises `InputError` if the subject is empty: images without a subject could not be kept apart in folds.
    """
    if not found.subject.strip():
        raise InputError(
            f"Expected a subject for {found.source or found.series_key!r}, got none. Name it in the source."
        )
    stack = found.stack
    digest = array_digest(stack.pixels)
    return StackEntry(
        id=short_id([found.subject, stack.affines.round(4) + 0.0, _rounded(stack.spacing), digest]),
        subject=found.subject,
        study=found.study,
        series=found.series,
        modality=found.modality,
        site=found.site,
        split=found.split,
        shape=_shape(stack.pixels),
        spacing=stack.spacing,
        affines=flat_affines(stack.affines),
        directions_known=stack.directions_known and stack.spacing is not None,
        times=None if stack.times is None else tuple(stack.times.tolist()),
        phases=dict(stack.phases),
        base_first=stack.base_first,
        mask_phases=() if stack.mask is None else tuple(sorted(stack.mask_phases)),
        mask_classes=stack.mask_classes,
        pixels_digest=digest,
        mask_digest="" if stack.mask is None else array_digest(stack.mask),
        instance_uids=stack.instance_uids,
        instance_numbers=stack.instance_numbers,
        source=found.source,
        facts=dict(stack.facts),
    )


def labels_of(found: FoundStack, entry_id: str) -> tuple[FoundLabel, ...]:
    """The labels that came with a stack; `FoundStack.label` speaks about the first image of a stack of one."""
    codes = dict(found.labels) if isinstance(found, LabelledStack) else {}
    if found.label is not None:
        codes[0, 0] = found.label
    return tuple(FoundLabel(stack=entry_id, phase=t, slice=z, code=code) for (t, z), code in sorted(codes.items()))


def _rounded(spacing: tuple[float, float, float] | None) -> tuple[float, ...] | None:
    """To 0.1 micrometres: the last digits may differ between machines, the id must not."""
    return None if spacing is None else tuple(round(step, 4) for step in spacing)


def _shape(pixels: NDArray[Any]) -> tuple[int, int, int, int]:
    n_phases, n_slices, height, width = pixels.shape
    return n_phases, n_slices, height, width
