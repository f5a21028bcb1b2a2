"""Samples: labelled units of a cohort, ready to be split and trained on."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgraft.core.task import UnitKey
from medgraft.samples.collected import Collected


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One labelled unit.

    phase: its name, such as "ed", or its number as text. slice counts from 0 at the base, even where the stack (`unit`)
    is stored from the apex; where no end is the base, as stored. n_slices of the whole stack.
    label: column of the class in the task. pixels_digest: of the whole stack's pixels. site, split: None where unknown.
    """

    unit: UnitKey
    subject: str
    site: str | None
    split: str | None
    phase: str
    slice: int
    n_slices: int
    label: int
    pixels_digest: str


@dataclass(frozen=True, kw_only=True)
class ClassCount:
    """Images and subjects of one class in one split (Tables S1 and S3 of the paper); split is "" where unknown."""

    split: str
    code: str
    images: int
    subjects: int


@dataclass(frozen=True, kw_only=True)
class Samples(Collected[Sample]):
    """Labelled units in canonical order (subject, stack, phase, slice), and what was left out and why."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """(N,) class columns."""
        return np.asarray([item.label for item in self.items], np.int64)

    def without_split(self, split: str) -> "Samples":
        """The samples of every other split, those without a split included."""
        return self.take(np.asarray([item.split != split for item in self.items], bool))

    def counts(self) -> tuple[ClassCount, ...]:
        """Images and subjects per split and class, classes in the task's order, none left out."""
        images = Counter((item.split or "", item.label) for item in self.items)
        people = Counter(
            (split, label) for split, label, _ in {(i.split or "", i.label, i.subject) for i in self.items}
        )
        return tuple(
            ClassCount(split=split, code=code, images=images[split, label], subjects=people[split, label])
            for split in sorted({split for split, _ in images})
            for label, code in enumerate(self.task.codes)
        )
