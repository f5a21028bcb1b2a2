"""Attributes: one frame's view of a dataset, so that single- and multi-frame files are read by the same code.

A multi-frame object keeps what varies in functional groups, one item per frame, and what does not in a shared item
(PS3.3 C.7.6.16); everything else stands at the top level.
"""

import math
from typing import Any

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from medgraft.images.problem import FOREIGN

#: Attribute -> functional group macro sequences that may hold it (PS3.3 C.7.6.16.2, C.8.13.5, C.8.15.3).
FUNCTIONAL_GROUPS: dict[str, tuple[str, ...]] = {
    "ImagePositionPatient": ("PlanePositionSequence",),
    "ImageOrientationPatient": ("PlaneOrientationSequence",),
    "PixelSpacing": ("PixelMeasuresSequence",),
    "SliceThickness": ("PixelMeasuresSequence",),
    "SpacingBetweenSlices": ("PixelMeasuresSequence",),
    "TemporalPositionIndex": ("FrameContentSequence",),
    "FrameAcquisitionDateTime": ("FrameContentSequence",),
    "NominalCardiacTriggerDelayTime": ("CardiacSynchronizationSequence",),
    "NominalPercentageOfCardiacPhase": ("CardiacSynchronizationSequence",),
    "EffectiveEchoTime": ("MREchoSequence",),
    "DiffusionBValue": ("MRDiffusionSequence",),
    "FrameType": ("MRImageFrameTypeSequence", "CTImageFrameTypeSequence", "PETFrameTypeSequence"),
    "RescaleSlope": ("PixelValueTransformationSequence",),
    "RescaleIntercept": ("PixelValueTransformationSequence",),
}


class Attributes:
    """Attributes of frame `index` of `dataset`. A value that cannot be read counts as missing."""

    def __init__(self, dataset: Dataset, index: int = 0) -> None:
        self._dataset = dataset
        self._groups = [
            *items(dataset, "PerFrameFunctionalGroupsSequence", slice(index, index + 1)),
            *items(dataset, "SharedFunctionalGroupsSequence", slice(1)),
        ]

    def get(self, keyword: str) -> Any:
        """The value of an attribute: this frame's, else the shared one, else the top level's; None if missing."""
        for group in self._groups:
            for sequence in FUNCTIONAL_GROUPS.get(keyword, ()):
                for item in items(group, sequence, slice(1)):
                    value = _value(item, keyword)
                    if value is not None:
                        return value
        return _value(self._dataset, keyword)

    def text(self, keyword: str) -> str:
        """The value as text, several values joined with a backslash; "" if missing."""
        value = self.get(keyword)
        if value is None:
            return ""
        many = not isinstance(value, str | bytes) and hasattr(value, "__iter__")
        return ("\\".join(str(part) for part in value) if many else str(value)).replace("\x00", "").strip()

    def number(self, keyword: str) -> float | None:
        """The (first) value as a finite number, or None."""
        found = self.numbers(keyword)
        return found[0] if found else None

    def whole(self, keyword: str, missing: int) -> int:
        """The value as an integer, or `missing`."""
        found = self.number(keyword)
        return missing if found is None else int(found)

    def numbers(self, keyword: str, count: int | None = None) -> tuple[float, ...] | None:
        """The values as finite numbers, `count` of them if given, or None."""
        return _numbers(self.get(keyword), count)

    def private(self, group: int, creator: str, element: int) -> float | None:
        """The first value of a private element as a finite number, or None."""
        try:
            value = self._dataset.private_block(group, creator)[element].value
        except FOREIGN:
            return None
        found = _numbers(value.decode("ascii", "ignore") if isinstance(value, bytes) else value, None)
        return found[0] if found else None


def items(dataset: Dataset, keyword: str, which: slice = slice(None)) -> list[Dataset]:
    """The items of a sequence, or which of them; none if it is missing or no sequence."""
    value = _value(dataset, keyword)
    return [item for item in value[which] if isinstance(item, Dataset)] if isinstance(value, Sequence) else []


def _value(dataset: Dataset, keyword: str) -> Any:
    try:
        value = dataset[Tag(keyword)].value
    except FOREIGN:
        return None
    return None if value in ("", b"") else value


def _numbers(value: Any, count: int | None) -> tuple[float, ...] | None:
    if value is None:
        return None
    try:
        many = not isinstance(value, str | bytes) and hasattr(value, "__iter__")
        found = tuple(float(part) for part in (value if many else [value]))
    except FOREIGN:
        return None
    fits = all(math.isfinite(part) for part in found) and (count is None or len(found) == count)
    return found if fits else None
