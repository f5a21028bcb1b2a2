"""Depth 1, the nine networks: an epoch from the cache against an epoch of the plain frozen loop, and the whole job."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from statistics import geometric_mean, median
from typing import Any

from benchmarks import targets
from benchmarks.child import KEEPING_MEMORY, Child
from benchmarks.machine import Peak, measured_peak
from benchmarks.ours import run_ours
from benchmarks.peers.plain import Ask, plain_peer
from benchmarks.place import Place
from benchmarks.result import Measured, Result, less_is_better, not_run
from benchmarks.slices import RandomSlices
from benchmarks.turns import TurnClock
from benchmarks.weights import steady_random
from benchmarks.work_counted import STEP, Work, count_work
from medgraft.networks import spec
from medgraft.study import StudyFile, parse_study

_RATE = targets.RATES_DEPTH_ONE[-1]  # time does not depend on it, and random weights do not diverge at the lowest
_SUBJECTS = 5
#: Recorded draws of the whole job, and of the measurement, which needs rows enough to time the fill.
_JOB_DRAWS, _DRAWS = 4, 2
#: An epoch is as many updates as make about this many GFLOP of plain work, at most `_MOST_UPDATES`.
_EPOCH_GFLOP, _MOST_UPDATES = 400.0, 8


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What was measured for one network; times in seconds.

    updates, slices: of an epoch: `updates` batches are trained on, and the fifth of `slices` left out is scored.
    epoch_s: ours. plain_epoch_s, plain_kept_epoch_s: of the plain loop, by default and where glibc keeps freed memory.
    row_s: of one row of our fill. turns: epochs of the plain loop. shares: where an epoch of ours goes.
    """

    network: str
    updates: int
    slices: int
    epoch_s: float
    plain_epoch_s: float
    plain_kept_epoch_s: float
    row_s: float
    work: Work
    peak: Peak
    turns: int
    shares: Mapping[str, float]

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> "Parts":
        """From plain data."""
        return cls(**{**plain, "work": Work(**plain["work"]), "peak": Peak(**plain["peak"])})

    @property
    def job_s(self) -> float:
        """Of one slice in the whole job: its rows filled once, then every epoch of every trial."""
        return (1 + _JOB_DRAWS) * self.row_s + _EPOCHS_OF_ALL * self.epoch_s / self.slices

    @property
    def plain_job_s(self) -> float:
        """The same of the plain loop."""
        return _EPOCHS_OF_ALL * self.plain_epoch_s / self.slices

    @property
    def trained(self) -> int:
        """Slices that an epoch trains on; the others are scored."""
        return self.slices * (_SUBJECTS - 1) // _SUBJECTS

    @property
    def epoch_gflop(self) -> float:
        """Work of one of our epochs: training steps on the suffix, and scoring."""
        return self.work.suffix_gflop * (STEP * self.trained + self.slices - self.trained)

    @property
    def plain_epoch_gflop(self) -> float:
        """Work of one plain epoch: every slice through the frozen part besides."""
        return self.work.prefix_gflop * self.slices + self.epoch_gflop


_EPOCHS_OF_ALL = len(targets.RATES_DEPTH_ONE) * targets.FOLDS * targets.EPOCHS


@dataclass(frozen=True, kw_only=True)
class DepthOne:
    """The piece of one network."""

    network: str

    def measure(self, place: Place) -> Measured:
        """Epochs of ours and of the plain loop in turns; the fill; where the time goes."""
        parts = _parts(self.network, place)
        ratio = parts.plain_epoch_s / parts.epoch_s
        name = f"depth 1, {self.network}"
        return Measured(
            results=(
                less_is_better(f"{name}: epoch", parts.epoch_s, parts.plain_epoch_s, "s", _epoch_note(parts, ratio)),
                less_is_better(
                    f"{name}: whole job with fill", parts.job_s, parts.plain_job_s, "s per slice", _job_note(parts)
                ),
            ),
            parts=asdict(parts),
        )


@dataclass(frozen=True, kw_only=True)
class DepthOneMeans:
    """The piece that joins the nine networks."""

    def measure(self, place: Place) -> Measured:
        """Geometric means over the networks that were measured."""
        parts = measured_parts(place)
        if not parts:
            return Measured(results=(not_run("depth 1: geometric means", "", "no network was measured"),))
        epoch = geometric_mean(part.plain_epoch_s / part.epoch_s for part in parts)
        job = geometric_mean(part.plain_job_s / part.job_s for part in parts)
        limit = geometric_mean(part.work.limit for part in parts)
        over = f"over {len(parts)} networks of {len(targets.NINE)}"
        return Measured(
            results=(
                _mean(
                    "depth 1: epoch, geometric mean",
                    epoch,
                    f"{targets.DEPTH_ONE_EPOCH.verdict(epoch)}; {over}; the FLOP limits' mean is {limit:.3g}",
                ),
                _mean("depth 1: whole job, geometric mean", job, f"{targets.DEPTH_ONE_JOB.verdict(job)}; {over}"),
            )
        )


def measured_parts(place: Place) -> list[Parts]:
    """Parts of the networks whose pieces are done."""
    kept = (place.kept.parts(f"depth1-{network}") for network in targets.NINE)
    return [Parts.read(parts) for parts in kept if parts]


def _mean(name: str, ratio: float, note: str) -> Result:
    return Result(name=name, ours=None, peer=None, ratio=ratio, unit="times", note=note)


def _parts(network: str, place: Place) -> Parts:
    size = spec(network).min_size if place.toy else spec(network).size
    size = max(size, 32)
    work = count_work(network, 1, size)
    batch = 8 if place.toy else targets.BATCH
    updates = 1 if place.toy else max(1, min(_MOST_UPDATES, int(_EPOCH_GFLOP / (batch * work.plain_gflop))))
    source = RandomSlices(subjects=_SUBJECTS, slices=updates * batch // (2 * (_SUBJECTS - 1)))
    study = _study(network, steady_random(place, network, size), size, batch)
    clock = _run(study, source, place)
    return Parts(
        network=network,
        updates=updates,
        slices=_SUBJECTS * 2 * source.slices,
        epoch_s=median(clock.epochs),
        plain_epoch_s=median(clock.turns),
        plain_kept_epoch_s=_plain_epoch_keeping_memory(study, source),
        row_s=clock.row_s,
        work=work,
        peak=measured_peak(),
        turns=len(clock.turns),
        shares=clock.profiled.shares,
    )


def _study(network: str, weights: str, size: int, batch: int) -> StudyFile:
    return parse_study(
        {
            "networks": [{"network": network, "weights": weights, "size": size}],
            "stages": [{"depth": 1, "rates": [_RATE], "epochs": 2}],
            "folds": _SUBJECTS,
            "draws": _DRAWS,
            "balance": {},
            "batch_size": batch,
        }
    )


def _run(study: StudyFile, source: RandomSlices, place: Place) -> TurnClock:
    """Our study with the plain loop's turns in between."""
    with Child(plain_peer, source, study, 1, "cpu") as plain, source.open() as slices:
        plain.ask(Ask(rate=_RATE, fold=0, epoch=0, warm_up=True))
        clock = TurnClock(n_trials=study.folds, peer=lambda: plain.ask(Ask(rate=_RATE, fold=0, epoch=0)).seconds)
        run_ours(study, slices, place.fresh("depth1"), report=clock)
        place.fresh("depth1")  # caches of large networks take gigabytes
    return clock


def _plain_epoch_keeping_memory(study: StudyFile, source: RandomSlices) -> float:
    with Child(plain_peer, source, study, 1, "cpu", memory=KEEPING_MEMORY) as plain:
        plain.ask(Ask(rate=_RATE, fold=0, epoch=0, warm_up=True))
        seconds: float = plain.ask(Ask(rate=_RATE, fold=0, epoch=0)).seconds
    return seconds


def _epoch_note(parts: Parts, ratio: float) -> str:
    work, peak = parts.work, parts.peak
    shares = ", ".join(f"{name} {share:.0%}" for name, share in parts.shares.items())
    return (
        f"{ratio / work.limit:.2f} of the FLOP limit {work.limit:.3g} (above 1 where the plain loop gets fewer FLOP "
        f"a second out of its frozen part than ours out of the trained one); "
        f"prefix {work.prefix_gflop:.3g}, suffix {work.suffix_gflop:.3g} GFLOP a picture; "
        f"ours: {shares}; {parts.epoch_gflop / parts.epoch_s:.3g} GFLOP/s in the epoch, "
        f"{work.prefix_gflop / parts.row_s:.3g} in the fill, "
        f"{parts.plain_epoch_gflop / parts.plain_epoch_s:.3g} in the plain epoch, peak {peak.gflops:.3g}; "
        f"{parts.plain_kept_epoch_s / parts.epoch_s:.3g}x against a plain loop whose glibc keeps freed memory; "
        f"medians, {parts.turns} plain epochs of {parts.updates} updates in turns with ours"
    )


def _job_note(parts: Parts) -> str:
    epochs = _EPOCHS_OF_ALL
    limit = (
        epochs
        * parts.work.plain_gflop
        / ((1 + _JOB_DRAWS) * parts.work.prefix_gflop + epochs * STEP * parts.work.suffix_gflop)
    )
    return (
        f"from measured parts: {1 + _JOB_DRAWS} rows a slice at {1e3 * parts.row_s:.3g} ms with rendering and writing, "
        f"{epochs} epochs (3 rates x 5 folds x 50), V = {_JOB_DRAWS}; about {limit:.3g}x by FLOPs; "
        "pictures come to the plain loop for nothing"
    )
