"""Fingerprint: what the images that a model was trained on are like, in ranges and counts; no image is in it."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError
from medgraft.core.stack import grey_levels

PixelsOf = Callable[[StackEntry], NDArray[Any]]

#: What is compared without looking at pixels: name, unit, and value, None where a stack does not know it.
SHAPES: Mapping[str, tuple[str, Callable[[StackEntry], float | None]]] = {
    "pixel": ("mm", lambda entry: entry.spacing[2] if entry.spacing else None),
    "between slices": ("mm", lambda entry: entry.spacing[0] if entry.spacing else None),
    "field of view": ("mm", lambda entry: entry.spacing[2] * entry.shape[3] if entry.spacing else None),
    "columns": ("pixels", lambda entry: float(entry.shape[3])),
    "rows": ("pixels", lambda entry: float(entry.shape[2])),
    "slices": ("", lambda entry: float(entry.shape[1])),
    "phases": ("", lambda entry: float(entry.shape[0])),
}

#: Percentiles of a stack's pixels, in their stored scale (HU for CT).
INTENSITIES = {"dark (1 %)": 1.0, "middle (50 %)": 50.0, "bright (99 %)": 99.0}

#: Pixels of a stack that its percentiles are computed from, at most.
_LOOKED_AT = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Range:
    """The values of one property over stacks; None where no stack knows it."""

    name: str
    unit: str
    low: float | None
    median: float | None
    high: float | None

    def __post_init__(self) -> None:
        """Raise `InputError` for a property that stacks do not have."""
        if self.name not in (*SHAPES, *INTENSITIES) or self.unit != _unit(self.name):
            raise InputError(f"Expected a property of stacks, got {self.name[:40]!r} in {self.unit[:10]!r}.")


@dataclass(frozen=True, kw_only=True)
class Fingerprint:
    """A set of stacks in ranges and counts.

    vendors, modalities: stacks by Manufacturer and Modality, "" where unknown. named_phases: stacks in which a phase
    is known by name.
    """

    stacks: int
    subjects: int
    ranges: tuple[Range, ...]
    vendors: Mapping[str, int]
    modalities: Mapping[str, int]
    named_phases: Mapping[str, int]


def fingerprint(entries: Sequence[StackEntry], pixels: PixelsOf | None = None) -> Fingerprint:
    """The fingerprint of some stacks.

    Args:
        entries: the stacks.
        pixels: (T, Z, Y, X) of a stack; intensities are left out if None.
    """
    values = [stack_values(entry, pixels(entry) if pixels else None) for entry in entries]
    names = [*SHAPES, *(INTENSITIES if pixels else ())]
    return Fingerprint(
        stacks=len(entries),
        subjects=len({entry.subject for entry in entries}),
        ranges=tuple(_range(name, [value[name] for value in values]) for name in names),
        vendors=_counted(entry.facts.get("Manufacturer", "") for entry in entries),
        modalities=_counted(entry.modality for entry in entries),
        named_phases=_counted(name for entry in entries for name in entry.phases),
    )


def stack_values(entry: StackEntry, pixels: NDArray[Any] | None = None) -> dict[str, float | None]:
    """The properties of one stack by name; intensities where its pixels (T, Z, Y, X) are given."""
    values = {name: value(entry) for name, (_, value) in SHAPES.items()}
    return values if pixels is None else values | _intensities(pixels)


def _intensities(pixels: NDArray[Any]) -> dict[str, float | None]:
    found = grey_levels(pixels, list(INTENSITIES.values()), most=_LOOKED_AT)
    return {name: None if math.isnan(level) else level for name, level in zip(INTENSITIES, found, strict=True)}


def _range(name: str, values: Sequence[float | None]) -> Range:
    known = [value for value in values if value is not None]
    low, median, high = np.quantile(known, [0, 0.5, 1]).tolist() if known else (None, None, None)
    return Range(name=name, unit=_unit(name), low=low, median=median, high=high)


def _unit(name: str) -> str:
    return SHAPES[name][0] if name in SHAPES else ""


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))
