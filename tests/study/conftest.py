"""Small studies: nine synthetic hearts to train on, three held out, networks at 32 pixels."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest

from medgraft.core.cohort import StackEntry
from medgraft.core.digest import array_digest
from medgraft.core.progress import Report, silent
from medgraft.core.seeds import rng
from medgraft.core.task import SAX_RANGE, UnitKey
from medgraft.phantoms import short_axis_heart
from medgraft.samples import Samples, join
from medgraft.study import (
    Compute,
    Desk,
    DeskSettings,
    LocalExecutor,
    Run,
    RunStore,
    StudyFile,
    StudyOutcome,
    parse_study,
    run_study,
)
from medgraft.study.graft import Graft
from medgraft.study.graft_trial import GraftTrial
from medgraft.study.study_data import ReadImage, StudyData
from medgraft.study.trained import Trained
from medgraft.study.work import Job
from medgraft.training import History

TINY: dict[str, Any] = {
    "name": "tiny",
    "networks": [{"network": "mobilenetv1_025", "weights": "random", "size": 32}],
    "stages": [
        {"depth": 0, "rates": [0.1, 0.01], "epochs": 3},
        {"depth": 1, "rates": [0.02, 0.002], "epochs": 2},
    ],
    "folds": 3,
    "draws": 2,
    "balance": {"OAP": 3, "OBS": 2},
    "test": {"split": "test"},
}


@dataclass(frozen=True, kw_only=True)
class Hearts:
    """Entries and labels of twelve subjects of five slices at two phases, and their pixels."""

    entries: tuple[StackEntry, ...]
    labels: dict[UnitKey, str]
    read: ReadImage

    @property
    def samples(self) -> Samples:
        return join(self.entries, self.labels, SAX_RANGE)


@pytest.fixture(scope="session")
def hearts() -> Hearts:
    stacks = {}
    entries, labels = [], {}
    for number in range(1, 13):
        heart = short_axis_heart(subject=number, size=32, n_phases=2, n_slices=5)
        name = array_digest(heart.stack.pixels)[:16]
        stacks[name] = heart.stack.pixels
        entries.append(
            StackEntry(
                id=name,
                subject=heart.subject,
                split="test" if number > 9 else "train",
                shape=heart.stack.pixels.shape,
                spacing=heart.stack.spacing,
                affines=(),
                phases=heart.stack.phases,
                base_first=True,
                pixels_digest=array_digest(heart.stack.pixels),
            )
        )
        labels |= {UnitKey(name, phase, z): str(code) for (phase, z), code in np.ndenumerate(heart.slice_classes)}
    return Hearts(entries=tuple(entries), labels=labels, read=lambda unit: stacks[unit.stack][unit.phase, unit.slice])


@pytest.fixture(scope="session")
def tiny() -> Callable[..., StudyFile]:
    """The tiny study, with some keys changed."""
    return lambda **changes: parse_study({**TINY, **changes})


@dataclass(kw_only=True)
class Dreamt:
    """An executor that trains nothing: curves come from a trial's identity, or from `curve` where it is given."""

    folder: Path
    curve: Callable[[GraftTrial], np.ndarray | None] = lambda trial: None
    trials: list[GraftTrial] = field(default_factory=list)
    workers: int = 1

    def study(self, study: StudyFile, samples: Samples, read: ReadImage, *, report: Report = silent) -> StudyOutcome:
        with TemporaryDirectory(dir=self.folder) as runs:
            return run_study(study, samples, read, self, RunStore(root=Path(runs)), report=report)

    def submit(self, job: Job, report: Report = silent) -> Future[list[Trained]]:
        done: Future[list[Trained]] = Future()
        done.set_result([self.dream(trial) for trial in job.trials])
        return done

    def dream(self, trial: GraftTrial) -> Trained:
        self.trials.append(trial)
        shape = (1 if trial.keep else trial.training.epochs, len(trial.validation))
        scores = rng(trial.identity).dirichlet(np.ones(3), shape).astype(np.float32)
        train_loss = np.linspace(1, 0.5, trial.training.epochs)
        given = self.curve(trial)
        if given is not None:
            train_loss, scores = train_loss * given, scores * given
        history = History(train_loss=train_loss, scores=scores)
        state = {} if trial.keep else None
        return Trained(identity=trial.identity, history=history, facts={}, state=state, seconds=0.0)


@pytest.fixture(scope="session")
def dreamt(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Dreamt]:
    return partial(Dreamt, folder=tmp_path_factory.mktemp("dreamt"))


@dataclass(kw_only=True)
class Bench:
    """A place where studies really run; every trial that was done is written down.

    now: those that are being done. drawn, plain: rows that each trial was trained and scored on, by its identity.
    """

    folder: Path
    hearts: Hearts
    workers: int = 1
    trials: list[GraftTrial] = field(default_factory=list)
    now: tuple[GraftTrial, ...] = ()
    drawn: dict[str, list[int]] = field(default_factory=dict)
    plain: dict[str, list[int]] = field(default_factory=dict)

    @property
    def store(self) -> RunStore:
        return RunStore(root=self.folder / "runs")

    @property
    def settings(self) -> DeskSettings:
        return DeskSettings(
            cache=self.folder / "cache",
            unfinished=self.store.unfinished,
            compute=Compute(device="cpu"),
            checkpoint_seconds=0,
        )

    def study(self, study: StudyFile, samples: Samples | None = None, desk: Desk | None = None) -> StudyOutcome:
        self._local = LocalExecutor(desk or Desk(self.settings))
        return run_study(study, samples or self.hearts.samples, self.hearts.read, self, self.store)

    def run(self, trial: GraftTrial, report: Report = silent, desk: Desk | None = None) -> Run:
        """One trial, read or done."""
        if self.store.has(trial.identity):
            return self.store.read(trial.identity)
        job = Job(trials=(trial,), state=self.store.state(trial.parent) if trial.parent else {})
        (trained,) = (desk or Desk(self.settings)).work(job, report)
        return self.store.write(trained)

    def submit(self, job: Job, report: Report = silent) -> Future[list[Trained]]:
        self.trials.extend(job.trials)
        self.now = job.trials
        return self._local.submit(job, report)

    def saw(self, positions: np.ndarray, rows: np.ndarray, *, to_train: bool) -> None:
        for trial in self.now:
            if positions is (trial.train if to_train else trial.validation):
                (self.drawn if to_train else self.plain).setdefault(trial.identity, []).extend(rows.tolist())


@pytest.fixture(scope="module")
def make_bench(hearts: Hearts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Bench]]:
    benches: list[Bench] = []
    epoch_rows, plain_rows = Graft.epoch_rows, StudyData.plain_rows

    def watched_epoch_rows(graft: Graft, positions: np.ndarray, *args: Any, **kwargs: Any) -> np.ndarray:
        rows = epoch_rows(graft, positions, *args, **kwargs)
        benches[-1].saw(positions, rows, to_train=True)
        return rows

    def watched_plain_rows(data: StudyData, positions: np.ndarray) -> np.ndarray:
        rows = plain_rows(data, positions)
        benches[-1].saw(positions, rows, to_train=False)
        return rows

    def make() -> Bench:
        benches.append(Bench(folder=tmp_path_factory.mktemp("bench"), hearts=hearts))
        return benches[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Graft, "epoch_rows", watched_epoch_rows)
        patch.setattr(StudyData, "plain_rows", watched_plain_rows)
        yield make
