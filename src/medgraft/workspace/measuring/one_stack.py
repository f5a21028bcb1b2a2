"""What one mask of one stack comes to: figures of every phase, and of the heartbeat."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medgraft.core.cohort import StackEntry
from medgraft.core.task import MASK_CODES
from medgraft.measurement import (
    MYOCARDIUM_G_PER_ML,
    ejection_fraction,
    structure_volume,
    thickness_of,
    wall_thickness,
)
from medgraft.workspace.measuring.measured import PhaseMeasures, Source, StackMeasures
from medgraft.workspace.measuring.slice_places import SlicePlaces
from medgraft.workspace.measuring.slices_that_count import Judged, n_unjudged, slices_inside, with_muscle_beside
from medgraft.workspace.measuring.wall_segments import wall_segments

#: What a wall lies between, and itself.
_WALL = ("pool", "myocardium")
_CODES = tuple(MASK_CODES[name] for name in _WALL)


@dataclass(frozen=True, kw_only=True, eq=False)
class DrawnMask:
    """One mask of a stack. mask: (T, Z, Y, X) in `core.task.MASK_CODES`; classes: that it tells at `phases`."""

    source: Source
    mask: NDArray[np.uint8]
    phases: tuple[int, ...]
    classes: tuple[str, ...]


def measured_phases(
    entry: StackEntry,
    drawn: DrawnMask,
    judged: Judged | None,
    septum: Mapping[int, float],
    n_segments: Literal[16, 17] = 17,
    *,
    walls: bool = True,
) -> tuple[PhaseMeasures, ...]:
    """Every phase of a mask.

    Args:
        entry: the stack.
        drawn: its mask.
        judged: which slices are IN and count, with muscle beside them; all slices if None.
        septum: the angle of the septum's middle at phases where it is known, degrees (`measurement.septum_angle`);
            elsewhere the first of them, as it hardly turns.
        n_segments: with (17) or without (16) the tip.
        walls: measure their thickness too, which takes longer than all else.
    """
    places, usual = SlicePlaces.of(entry), next(iter(septum.values()), None)
    return tuple(
        _measures(
            _Phase(
                entry=entry,
                places=places,
                source=drawn.source,
                classes=drawn.classes,
                phase=phase,
                mask=np.asarray(drawn.mask[phase]),
                judged=judged,
                septum=septum.get(phase, usual),
                n_segments=n_segments,
                walls=walls,
            )
        )
        for phase in drawn.phases
    )


def beat_phases(entry: StackEntry, available: Collection[int]) -> tuple[int, ...]:
    """ED and ES of the phases that are available; all of them of a stack that does not name both."""
    named = entry.phases_named(("ed", "es"))
    return tuple(phase for phase in sorted(available) if len(named) < 2 or phase in named)


def measured_heartbeat(entry: StackEntry, phases: Sequence[PhaseMeasures]) -> StackMeasures:
    """End diastole and end systole of the phases of one mask.

    They are the phases of these names. One without a name is that of the largest or of the smallest cavity, if every
    phase was measured.
    """
    ed, es = _ed_and_es(entry, phases)
    edv, esv = (one.cavity_ml if one else None for one in (ed, es))
    ejection, of_all_slices = (_ejection_percent(*pair) for pair in zip(_cavity(ed), _cavity(es), strict=True))
    return StackMeasures(
        subject=entry.subject,
        stack=entry.id,
        source=phases[0].source,
        ed=ed.phase if ed else None,
        es=es.phase if es else None,
        edv_ml=edv,
        esv_ml=esv,
        stroke_ml=_less(edv, esv),
        ejection_percent=ejection,
        mass_g=ed.mass_g if ed else None,
        left_out=sum(one.left_out for one in (ed, es) if one),
        edv_change_ml=ed.change_ml if ed else None,
        esv_change_ml=es.change_ml if es else None,
        ejection_change_percent=_less(ejection, of_all_slices),
        mass_change_g=ed.mass_change_g if ed else None,
        reasons=tuple(_what_to_know(entry, ed, es, phases)),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Phase:
    """One phase of a mask, (Z, Y, X), and what is known about its stack."""

    entry: StackEntry
    places: SlicePlaces
    source: Source
    classes: tuple[str, ...]
    phase: int
    mask: NDArray[np.uint8]
    judged: Judged | None
    septum: float | None
    n_segments: Literal[16, 17]
    walls: bool

    @cached_property
    def counted(self) -> NDArray[np.bool_]:
        """(Z,) whether a slice counts."""
        if self.judged is None:
            return np.ones(len(self.mask), bool)
        inside = slices_inside(self.entry, self.phase, self.judged)
        return with_muscle_beside(inside, self.mask) if set(_WALL) <= set(self.classes) else inside

    @cached_property
    def thickness(self) -> NDArray[np.float32] | None:
        """Thickness (Z, Y, X) in mm, NaN in slices that do not count, though the wall goes on there."""
        spacing, uneven = self.places.spacing, self.places.positions is not None
        if not self.walls or spacing is None or uneven or not set(_WALL) <= set(self.classes):
            return None
        everywhere = wall_thickness(self.mask, spacing, aside=self.places.aside)
        return np.where(self.counted[:, None, None], everywhere, np.float32(np.nan))

    @cached_property
    def walled(self) -> bool:
        """Whether thickness is known anywhere."""
        return self.thickness is not None and bool(np.isfinite(self.thickness).any())

    def volume(self, structure: str) -> tuple[float | None, float | None]:
        """The volume in ml over the slices that count, and what leaving the others out adds to it."""
        spacing, positions = self.places.spacing, self.places.positions
        if spacing is None or structure not in self.classes:
            return None, None
        counted, whole = (
            structure_volume(self.mask, spacing, structure, included=included, positions=positions)
            for included in (self.counted, None)
        )
        return counted, counted - whole

    def voxels(self, of: NDArray[np.bool_]) -> int | None:
        """Voxels of the pool in some slices, where without a spacing there is no volume."""
        if self.entry.spacing is not None or "pool" not in self.classes:
            return None
        return int(np.count_nonzero(self.mask[of] == MASK_CODES["pool"]))

    @cached_property
    def segments(self) -> tuple[float | None, ...]:
        """Median thickness of each segment; empty where they cannot be told."""
        mask, spacing = np.where(self.counted[:, None, None], self.mask, np.uint8(0)), self.places.spacing
        told = self.walled and self.entry.directions_known
        if spacing is None or not told or not set(_CODES) <= set(np.unique(mask).tolist()):
            return ()
        found = wall_segments(
            mask,
            spacing,
            self.entry.affine_stack,
            base_first=self.entry.base_first,
            septum=self.septum,
            thickness=self.thickness,
            n_segments=self.n_segments,
        )
        return tuple(_known(found[number].median) for number in range(1, self.n_segments + 1)) if found else ()

    @cached_property
    def without(self) -> tuple[int, ...]:
        """The segments that have no thickness."""
        return tuple(number for number, mm in enumerate(self.segments, start=1) if mm is None)

    def reasons(self) -> Iterator[str]:
        """Why figures are missing, and what to know of those that are not."""
        entry, places, n_slices = self.entry, self.places, len(self.mask)
        unjudged = 0 if self.judged is None else n_unjudged(entry, self.phase, self.judged)
        beside = "no right ventricle in the masks" if entry.base_first is not None else "no end known as the base"
        holds = {
            "unknown spacing: no ml, no mm": entry.spacing is None,
            "slices out of order along their normal: no ml, no mm": bool(entry.spacing) and places.spacing is None,
            "slices not equally far apart: no thickness": bool(places.spacing) and places.positions is not None,
            "the pool is not labelled: no volume, no thickness": "pool" not in self.classes,
            "the myocardium is not labelled: no mass, no thickness": "myocardium" not in self.classes,
            "no wall that joins two surfaces, or Laplace's equation is not solved in it: no thickness": (
                self.thickness is not None and not self.walled
            ),
            "where the patient's front is cannot be told: no segments": self.walled and not entry.directions_known,
            "base and apex cannot be told: no segments": (self.walled and entry.directions_known and not self.segments),
            f"no wall measured in {_listed(self.without)}": bool(self.segments) and bool(self.without),
            f"{beside}: the septum is where it usually is": bool(self.segments) and self.septum is None,
            f"{unjudged} of {n_slices} slices were not judged: they count": unjudged > 0,
        }
        return (reason for reason, one in holds.items() if one)


def _measures(phase: _Phase) -> PhaseMeasures:
    (cavity, cavity_change), muscle = phase.volume("pool"), phase.volume("myocardium")
    mass, mass_change = (None if ml is None else MYOCARDIUM_G_PER_ML * ml for ml in muscle)
    beyond = phase.voxels(~phase.counted)
    wall = thickness_of(np.empty(0) if phase.thickness is None else phase.thickness)
    return PhaseMeasures(
        subject=phase.entry.subject,
        stack=phase.entry.id,
        source=phase.source,
        phase=phase.entry.phase_name(phase.phase),
        left_out=int((~phase.counted).sum()),
        cavity_ml=cavity,
        change_ml=cavity_change,
        cavity_voxels=phase.voxels(phase.counted),
        change_voxels=None if beyond is None else -beyond,
        mass_g=mass,
        mass_change_g=mass_change,
        thickness_median_mm=_known(wall.median),
        thickness_p95_mm=_known(wall.p95),
        thickness_maximum_mm=_known(wall.maximum),
        segments_mm=phase.segments,
        reasons=tuple(phase.reasons()),
    )


def _listed(segments: Sequence[int]) -> str:
    return f"segment{'s' * (len(segments) > 1)} {', '.join(map(str, segments))}"


def _ed_and_es(entry: StackEntry, phases: Sequence[PhaseMeasures]) -> tuple[PhaseMeasures | None, PhaseMeasures | None]:
    found = {one.phase: one for one in phases}
    sizes = np.array([_cavity(one)[0] for one in phases], float)  # NaN for None
    if 1 < len(phases) == entry.shape[0] and np.isfinite(sizes).all():
        found = {"ed": phases[int(sizes.argmax())], "es": phases[int(sizes.argmin())], **found}
    return found.get("ed"), found.get("es")


def _cavity(phase: PhaseMeasures | None) -> tuple[float | None, float | None]:
    """The cavity over the slices that count, and over all: in ml, without a spacing in voxels."""
    if phase is None:
        return None, None
    if phase.cavity_voxels is None:
        return phase.cavity_ml, _less(phase.cavity_ml, phase.change_ml)
    return phase.cavity_voxels, _less(phase.cavity_voxels, phase.change_voxels)


def _what_to_know(
    entry: StackEntry, ed: PhaseMeasures | None, es: PhaseMeasures | None, phases: Sequence[PhaseMeasures]
) -> Iterator[str]:
    if ed is None or es is None:
        yield "end diastole and end systole are not both known and measured: no ejection fraction"
    else:
        edv, esv = _cavity(ed)[0], _cavity(es)[0]
        if edv == 0:
            yield "no cavity at end diastole: no ejection fraction"
        elif edv is not None and esv is not None and esv > edv:
            yield "the cavity is larger at end systole than at end diastole: are the phases named the other way round?"
        if ed.cavity_voxels:
            yield "the ejection fraction takes slices to be equally far apart"
        for name, which in (("ed", "largest"), ("es", "smallest")):
            if name not in entry.phases:
                yield f"no phase is named {name}: it is that of the {which} cavity"
    yield from dict.fromkeys(reason for one in phases for reason in one.reasons)


def _ejection_percent(edv: float | None, esv: float | None) -> float | None:
    return 100 * ejection_fraction(edv, esv) if edv and esv is not None else None


def _less(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
