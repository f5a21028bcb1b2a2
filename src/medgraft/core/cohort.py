"""What an import leaves behind: stacks of subjects, and an account of everything that was repaired or set aside."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medgraft.core.geometry import even_spacing, slices_aside
from medgraft.core.task import MASK_CLASSES


@dataclass(frozen=True, kw_only=True)
class StackEntry:
    """One imported stack, without its pixels.

    id: 16 hexadecimal digits from subject, series identity and content; independent of file names and order.
    shape: (T, Z, Y, X). spacing: (z, y, x) in mm or None where unknown.
    affines: Z affines, each 16 numbers row by row (`core.geometry`). directions_known: whether they say which way the
    patient's axes run; else they tell distances and nothing else, and without a spacing not even these.
    phases: known phases and their index on T, for example {"ed": 0, "es": 11}.
    base_first: True if slice 0 is the base of the heart, None where that has no meaning.
    mask_phases: phases that carry a mask; empty if there is none. mask_classes: classes the mask labels at all.
    pixels_digest, mask_digest: of the whole stack (`core.digest.array_digest`); "" for no mask.
    instance_uids, instance_numbers: of each image, (T, Z), or None.
    facts: what else the source said (Manufacturer, MagneticFieldStrength, PatientSex, group ...), never a name.
    """

    id: str
    subject: str
    study: str = ""
    series: str = ""
    modality: str = ""
    site: str | None = None
    split: str | None = None
    shape: tuple[int, int, int, int]
    spacing: tuple[float, float, float] | None
    affines: tuple[tuple[float, ...], ...]
    directions_known: bool = True
    times: tuple[float, ...] | None = None
    phases: Mapping[str, int] = field(default_factory=dict)
    base_first: bool | None = None
    mask_phases: tuple[int, ...] = ()
    mask_classes: tuple[str, ...] = MASK_CLASSES
    pixels_digest: str
    mask_digest: str = ""
    instance_uids: tuple[tuple[str, ...], ...] | None = None
    instance_numbers: tuple[tuple[int, ...], ...] | None = None
    source: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def affine_stack(self) -> NDArray[np.float64]:
        """(Z, 4, 4) pixel index to LPS mm."""
        return np.asarray(self.affines, float).reshape(-1, 4, 4)

    @property
    def even_spacing(self) -> tuple[float, float, float] | None:
        """`spacing` where slices are equally far apart, so that a distance across them is known, else None."""
        return even_spacing(self.affine_stack, self.spacing)

    @property
    def aside(self) -> NDArray[np.float64] | None:
        """How far slices lie aside of each other (`slices_aside`); None, too, where `even_spacing` is."""
        return slices_aside(self.affine_stack) if self.even_spacing else None

    @property
    def base_to_apex(self) -> range:
        """Stored slices from the base on: `base_to_apex[k]` is the k-th, and the place of stored slice k as well.

        Where no end is known as the base, slices count as they are stored.
        """
        slices = range(self.shape[1])
        return slices[::-1] if self.base_first is False else slices

    def phase_name(self, index: int) -> str:
        """The name of a phase ("ed", "es"), or its number as text where it has none."""
        return next((name for name, phase in self.phases.items() if phase == index), str(index))

    def phase_index(self, name: str) -> int:
        """The phase that `phase_name` calls so. Raises `KeyError` for what is the name of none."""
        index = self.phases.get(name, int(name) if name.isdigit() else -1)
        if not 0 <= index < self.shape[0]:
            raise KeyError(name)
        return index

    def phases_named(self, names: Iterable[str]) -> tuple[int, ...]:
        """The phases that have one of some names, in the order of time."""
        return tuple(sorted({self.phases[name] for name in names if name in self.phases}))


NoteKind = Literal["repaired", "set aside", "refused", "noticed"]


@dataclass(frozen=True, kw_only=True)
class ImportNote:
    """One line of the repair log.

    kind: "repaired" (used, after a change), "set aside" (readable, but no part of a stack), "refused" (unreadable),
    "noticed" (used as it is, but the user should know).
    code: stable, for filters: for example "gap", "duplicate-instance", "no-instance-number", "localiser",
    "not-an-image", "truncated", "spacing-differs".
    where: the file or the stack, relative to the source. count: how many files it speaks about.
    """

    kind: NoteKind
    code: str
    where: str
    text: str
    count: int = 1


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What one import did: stacks added, stacks that were there already, and the notes."""

    source: str
    added: tuple[StackEntry, ...]
    known: tuple[StackEntry, ...]
    notes: tuple[ImportNote, ...]
    n_files: int
