"""Grid: the frames of one stack as slices x phases, in the order of the body and of time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from medgraft.core.counted import counted
from medgraft.core.geometry import normal_of
from medgraft.images.frame import Frame
from medgraft.images.grouping import PROJECTIONS, positions
from medgraft.images.ledger import Remark
from medgraft.images.phases import NO_KEY, PhaseKey, choose_key

#: A slice that lacks more of its phases than this is set aside; up to it, the nearest phase is repeated.
MOST_MISSING = 0.2


@dataclass(frozen=True, kw_only=True)
class Grid:
    """slices: Z lists of T frames, along the normal. key: what ordered the phases. times: (T,) values of that key."""

    slices: list[list[Frame]]
    key: PhaseKey
    times: NDArray[np.float64] | None
    remarks: list[Remark]

    @property
    def frames(self) -> list[Frame]:
        """All frames, each once."""
        return list({id(frame): frame for frames in self.slices for frame in frames}.values())


def arrange(frames: Sequence[Frame]) -> Grid:
    """The grid of a group. T is the number of images most positions have; `slices` is empty if no stack can be made.

    A position with more images keeps those nearest in time to the other positions; with fewer, the nearest phase
    stands in for a missing one, and every image that was left out or repeated is in the remarks.
    """
    places = _along_normal(frames)
    key = choose_key(places)
    n_phases = _usual_count(places)
    reference = _reference(places, key, n_phases)
    slices, remarks = [], _order_remarks(places, key, n_phases)
    for place in places:
        row, more = _fit(place, key, reference)
        slices += [row] if row else []
        remarks += more
    if n_phases * len(slices) == 1 and frames[0].modality not in PROJECTIONS:
        slices = []
        text = f"A single image makes no stack: {frames[0].description or frames[0].modality or 'no description'}."
        remarks = [Remark(kind="set aside", code="single-slice", text=text, frames=frames)]
    times = reference if key is not NO_KEY and n_phases > 1 else None
    return Grid(slices=slices, key=key, times=times, remarks=remarks)


def _along_normal(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Slice positions along the mean normal. Frames without geometry are one position."""
    if frames[0].affine is None:
        return [list(frames)]
    normal = mean_normal(frames)
    places = positions(frames)
    return sorted(places, key=lambda place: float(_origin(place[0]) @ normal))


def mean_normal(frames: Sequence[Frame]) -> NDArray[np.float64]:
    """The unit normal (3,) of a group of nearly parallel slices."""
    total = np.sum([normal_of(frame.affine) for frame in frames if frame.affine is not None], axis=0)
    return np.asarray(total / np.linalg.norm(total), float)


def _origin(frame: Frame) -> NDArray[np.float64]:
    return np.zeros(3) if frame.affine is None else frame.affine[:3, 3]


def _usual_count(places: list[list[Frame]]) -> int:
    counts = Counter(len(place) for place in places)
    return max(counts, key=lambda count: (counts[count], count))


def _reference(places: list[list[Frame]], key: PhaseKey, n_phases: int) -> NDArray[np.float64]:
    """The phases' values of the key, (T,): median over the positions that have all of them."""
    whole = [np.sort(_values(place, key)) for place in places if len(place) == n_phases]
    return np.asarray(np.median(whole, axis=0), float)


def _values(place: Sequence[Frame], key: PhaseKey) -> NDArray[np.float64]:
    """Values of the key (n,); those of a clock count from the position's first image."""
    values = np.array([frame.keys.get(key.name, 0.0) for frame in place])
    return values - values.min() if key.clock else values


def _fit(place: list[Frame], key: PhaseKey, reference: NDArray[np.float64]) -> tuple[list[Frame], list[Remark]]:
    """The T frames of one position, or none, and what was done to get them."""
    n_phases = len(reference)
    place = sorted(place, key=lambda frame: (frame.keys.get(key.name, 0.0), frame.sort_key))
    if len(place) == n_phases:
        return place, []
    kept, repeats = _latest(place, key)
    which, phases = linear_sum_assignment(np.abs(_values(kept, key)[:, None] - reference[None, :]))
    row: dict[int, Frame] = {int(phase): kept[i] for i, phase in zip(which, phases, strict=True)}
    surplus = repeats + [kept[i] for i in sorted(set(range(len(kept))) - {int(i) for i in which})]
    missing = [phase for phase in range(n_phases) if phase not in row]
    if len(missing) > MOST_MISSING * n_phases:
        text = f"{len(missing)} of {n_phases} phases are missing at this slice position: the slice is left out."
        return [], [Remark(kind="set aside", code="incomplete-slice", text=text, frames=place)]
    nearest = {phase: min(row, key=lambda have: (abs(reference[have] - reference[phase]), have)) for phase in missing}
    remarks = [_surplus_remark(surplus)] if surplus else []
    remarks += [_missing_remark(nearest, row)] if nearest else []
    return [row[nearest.get(phase, phase)] for phase in range(n_phases)], remarks


def _latest(place: list[Frame], key: PhaseKey) -> tuple[list[Frame], list[Frame]]:
    """Of images with one value of the key, the latest taken (a slice is repeated because the first was poor).

    Without a key nothing tells a repeat.
    """
    latest: dict[object, Frame] = {}
    for frame in sorted(place, key=_taken):
        latest[frame.keys.get(key.name, frame.sort_key)] = frame
    chosen = {id(frame) for frame in latest.values()}
    return [frame for frame in place if id(frame) in chosen], [frame for frame in place if id(frame) not in chosen]


def _taken(frame: Frame) -> tuple[object, ...]:
    names = ("AcquisitionNumber", "AcquisitionTime", "ContentTime")
    return (*(frame.keys.get(name, -1.0) for name in names), frame.sort_key)


def _surplus_remark(surplus: list[Frame]) -> Remark:
    more = f"{counted(len(surplus), 'image')} more than other slices have"
    text = f"{more}: the nearest in time (of repeats, the latest) are used."
    return Remark(kind="set aside", code="surplus-image", text=text, frames=surplus)


def _missing_remark(nearest: dict[int, int], row: dict[int, Frame]) -> Remark:
    pairs = ", ".join(f"{phase} by {have}" for phase, have in nearest.items())
    text = f"Phases are missing at one slice position; the nearest in time stands in (phases from 0): {pairs}."
    return Remark(kind="repaired", code="missing-phase", text=text, frames=[row[have] for have in nearest.values()])


def _order_remarks(places: list[list[Frame]], key: PhaseKey, n_phases: int) -> list[Remark]:
    frames = [frame for place in places for frame in place]
    without = [frame for frame in frames if frame.number < 0]
    numbers = Counter(frame.number for frame in frames if frame.number >= 0)
    twice = [frame for frame in frames if frame.n_frames == 1 and numbers[frame.number] > 1]
    found = [
        ("no-instance-number", "Images have no InstanceNumber; geometry and time order them.", without),
        ("duplicate-instance", "Images share an InstanceNumber; geometry and time order them.", twice),
    ]
    if n_phases > 1 and key.axis == "unknown":
        found.append(("phase-order", f"No time orders the images of one position: {key.name} does.", frames))
    return [Remark(kind="noticed", code=code, text=text, frames=about) for code, text, about in found if about]
