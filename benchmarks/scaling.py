"""Scaling: a study on n and on 2n slices, each in a process of its own: how much longer, how much more memory."""

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import targets
from benchmarks.child import Child
from benchmarks.machine import PeakMemory
from benchmarks.ours import run_ours
from benchmarks.place import Place
from benchmarks.result import Measured, less_is_better
from benchmarks.slices import RandomSlices
from benchmarks.weights import real_or_random
from medgraft.study import StudyFile, parse_study

_NETWORK = "mobilenetv2_035"


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What a study took. anonymous, resident: peak memory in MB without and with memory-mapped pages."""

    seconds: float
    anonymous: float
    resident: float


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """The piece."""

    def measure(self, place: Place) -> Measured:
        """Two sizes, both depths."""
        study = _study(place)
        small = RandomSlices(
            subjects=10 if place.toy else 20, slices=4 if place.toy else 12, side=48 if place.toy else 192
        )
        large = RandomSlices(subjects=2 * small.subjects, slices=small.slices, side=small.side)
        one, two = (_spent(study, source, place) for source in (small, large))
        setting = f"{_NETWORK}, depths 0 and 1, {small.name} and twice as many, each in a fresh process"
        times = two.seconds / one.seconds
        memory = two.anonymous / one.anonymous if one.anonymous else two.resident / one.resident
        return Measured(
            results=(
                less_is_better(
                    "twice the images: time",
                    times,
                    targets.TWICE_THE_IMAGES,
                    "times longer",
                    f"at most {targets.TWICE_THE_IMAGES} times (peer); {setting}: "
                    f"{one.seconds:.1f} s and {two.seconds:.1f} s",
                ),
                less_is_better(
                    "twice the images: memory",
                    memory,
                    targets.FLAT_MEMORY,
                    "times more",
                    f"at most {targets.FLAT_MEMORY} times (peer); peaks without memory-mapped pages "
                    f"{one.anonymous:.0f} and {two.anonymous:.0f} MB, with them {one.resident:.0f} and "
                    f"{two.resident:.0f} MB; the source pictures are in memory, {small.side}x{small.side} bytes each",
                ),
            )
        )


def _study(place: Place) -> StudyFile:
    entry: dict[str, object] = {"network": _NETWORK, "weights": real_or_random(place, _NETWORK)}
    return parse_study(
        {
            "networks": [entry | ({"size": 32} if place.toy else {})],
            "stages": [
                {"depth": 0, "rates": list(targets.RATES_DEPTH_ZERO), "epochs": 4},
                {"depth": 1, "rates": list(targets.RATES_DEPTH_ONE[:1]), "epochs": 2},
            ],
            "folds": targets.FOLDS,
        }
    )


def _spent(study: StudyFile, source: RandomSlices, place: Place) -> Spent:
    with Child(measured_study, study, source, place.fresh("scaling")) as child:
        spent: Spent = child.ask("go")
    place.fresh("scaling")
    return spent


@contextmanager
def measured_study(study: StudyFile, source: RandomSlices, folder: Path) -> Iterator[Callable[[object], Spent]]:
    """The target of a `Child`: runs the study once and says what it took."""

    def answer(_: object) -> Spent:
        with source.open() as slices, PeakMemory() as memory:
            started = time.perf_counter()
            run_ours(study, slices, folder)
            seconds = time.perf_counter() - started
        resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return Spent(seconds=seconds, anonymous=memory.megabytes, resident=resident)

    yield answer
