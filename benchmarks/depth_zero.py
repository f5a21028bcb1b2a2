"""Depth 0, MobileNet V2 0.35: the whole grid from an empty cache against the plain loop, and whether they agree."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

import numpy as np

from benchmarks import targets
from benchmarks.child import KEEPING_MEMORY, Child
from benchmarks.ours import Ours, run_ours
from benchmarks.peers.plain import Ask, Turn, plain_peer
from benchmarks.place import Place
from benchmarks.result import Measured, Result, less_is_better, more_is_better
from benchmarks.slices import Source, acdc_or_random
from benchmarks.weights import kind_of, real_or_random
from medgraft.core.progress import Progress
from medgraft.study import StudyFile, parse_study

NETWORK = "mobilenetv2_035"

#: Epochs that the plain loop really does: each rate once, the first one for longer.
_TURNS = {
    4: ((1e-2, 0, 0), (1e-2, 0, 1), (1e-2, 0, 2), (1e-3, 1, 0), (1e-4, 2, 0)),
    50: ((1e-2, 0, 0), (1e-3, 1, 0), (1e-4, 2, 0)),
}


@dataclass(frozen=True, kw_only=True)
class DepthZero:
    """The piece for a number of recorded draws per slice."""

    draws: int

    def measure(self, place: Place) -> Measured:
        """Ours from an empty cache; the plain loop's epochs before and after it."""
        source = acdc_or_random(place)
        study = depth_zero_study(place, self.draws)
        asks = [Ask(rate=rate, fold=fold, epoch=epoch) for rate, fold, epoch in _TURNS[self.draws]]
        with Child(plain_peer, source, study, 0, "cpu") as plain:
            plain.ask(Ask(rate=asks[0].rate, fold=asks[0].fold, epoch=0, warm_up=True))
            turns: list[Turn] = [plain.ask(asks[0])]
            ours, clock = _timed(study, source, place, f"depth0-v{self.draws}")
            turns += [plain.ask(ask) for ask in asks[1:]]
        kept = _keeping_memory(source, study, asks[0])
        job = mean(turn.seconds for turn in turns) * trained_epochs(study)
        note = _Note(study=study, source=source, turns=turns, kept=kept, clock=clock)
        return Measured(
            results=(
                less_is_better(
                    f"depth 0, {NETWORK}, V = {self.draws}: whole grid with fill", clock.whole, job, "s", note.time(job)
                ),
                _agreement(ours, asks, turns, f"depth 0, {NETWORK}, V = {self.draws}: same argmax"),
            ),
            parts={"ours_s": clock.whole, "plain_job_s": job, "source": source.name},
        )


def depth_zero_study(place: Place, draws: int) -> StudyFile:
    """The paper's grid at depth 0."""
    entry: dict[str, object] = {"network": NETWORK, "weights": real_or_random(place, NETWORK)}
    return parse_study(
        {
            "networks": [entry | ({"size": 32} if place.toy else {})],
            "stages": [
                {"depth": 0, "rates": list(targets.RATES_DEPTH_ZERO), "epochs": 3 if place.toy else targets.EPOCHS}
            ],
            "folds": targets.FOLDS,
            "draws": min(draws, 2) if place.toy else draws,
            "batch_size": 8 if place.toy else targets.BATCH,
        }
    )


def trained_epochs(study: StudyFile) -> int:
    """Epochs of a grid of one stage: rates x folds x epochs."""
    stage = study.stages[0]
    return len(stage.rates) * study.folds * stage.epochs


class _Clock:
    """Seconds from the start to the end of the fill, of the grid, and of all."""

    def __init__(self, n_trials: int) -> None:
        self.n_trials = n_trials
        self.started = time.perf_counter()
        self.fill = self.grid = self.whole = 0.0

    def __call__(self, progress: Progress) -> None:
        now = time.perf_counter() - self.started
        if progress.stage == "frozen features":
            self.fill = now
        elif progress.stage == "study" and progress.done <= self.n_trials:
            self.grid = now

    def stop(self) -> None:
        self.whole = time.perf_counter() - self.started


def _timed(study: StudyFile, source: Source, place: Place, name: str) -> tuple[Ours, _Clock]:
    with source.open() as slices:
        folder = place.fresh(name)
        clock = _Clock(len(study.stages[0].rates) * study.folds)
        ours = run_ours(study, slices, folder, report=clock)
        clock.stop()
    return ours, clock


def _keeping_memory(source: Source, study: StudyFile, ask: Ask) -> Turn:
    """The same epoch where glibc keeps freed memory."""
    with Child(plain_peer, source, study, 0, "cpu", memory=KEEPING_MEMORY) as plain:
        plain.ask(Ask(rate=ask.rate, fold=ask.fold, epoch=0, warm_up=True))
        turn: Turn = plain.ask(ask)
    return turn


@dataclass(frozen=True, kw_only=True, eq=False)
class _Note:
    study: StudyFile
    source: Source
    turns: Sequence[Turn]
    kept: Turn
    clock: _Clock

    def time(self, job: float) -> str:
        """What was measured, and the other ways to count."""
        epochs, whole, draws = trained_epochs(self.study), self.clock.whole, self.study.draws
        rendering = sum(turn.rendering for turn in self.turns) / sum(turn.pictures for turn in self.turns)
        kept = self.kept.seconds * epochs / whole
        target = targets.DEPTH_ZERO.get(draws)
        return "; ".join(
            [
                target.verdict(job / whole) if target else "toy size, no target",
                f"{self.source.name}, {kind_of(self.study.networks[0].weights or '')}",  # type: ignore[union-attr]  # always an entry here
                f"plain: {epochs} epochs x the mean of {len(self.turns)} whole timed epochs with validation "
                f"({', '.join(f'{turn.seconds:.1f}' for turn in self.turns)} s), default memory",
                f"{kept:.4g}x against a plain loop whose glibc keeps freed memory ({self.kept.seconds:.1f} s an epoch)",
                f"ours: fill {self.clock.fill:.1f} s, grid done at {self.clock.grid:.1f} s "
                f"({job / self.clock.grid:.4g}x), then the fit on all data, which the plain loop is spared",
                f"pictures come to the plain loop for nothing, ours renders its own ({1e3 * rendering:.1f} ms each)",
            ]
        )


def _agreement(ours: Ours, asks: Sequence[Ask], turns: Sequence[Turn], name: str) -> Result:
    """Share of validation slices on which both sides answer the same after the same epoch."""
    same, mixed, apart = [], [], 0.0
    for ask, turn in zip(asks, turns, strict=True):
        mine = ours.scores(ask.rate, ask.fold)[ask.epoch]
        same.append(mine.argmax(1) == turn.scores.argmax(1))
        mixed.append(np.bincount(turn.scores.argmax(1), minlength=turn.scores.shape[1]))
        apart = max(apart, float(np.abs(mine - turn.scores).max()))
    slices = np.concatenate(same)
    note = (
        f"target {targets.AGREEMENT:.1%} of {len(slices)} (slice, epoch) pairs: both sides really trained "
        f"{len(asks)} epochs of {len({(ask.rate, ask.fold) for ask in asks})} trials on the same draws, order and "
        f"dropout; {int((~slices).sum())} differ, probabilities by at most {apart:.1e}; "
        f"plain answers per class {np.sum(mixed, axis=0).tolist()}; peer is the target"
    )
    return more_is_better(name, float(slices.mean()), targets.AGREEMENT, "share", note)
