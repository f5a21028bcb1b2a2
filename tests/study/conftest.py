"""Small studies: nine synthetic hearts to train on, three held out, networks at 32 pixels."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from medgraft.core.cohort import StackEntry
from medgraft.core.digest import array_digest
from medgraft.core.progress import Report, silent
from medgraft.core.seeds import rng
from medgraft.core.task import SAX_RANGE, UnitKey
from medgraft.phantoms import short_axis_heart
from medgraft.samples import Samples, join
from medgraft.study import LocalExecutor, Run, RunStore, StudyFile, StudyOutcome, parse_study, run_study
from medgraft.study.study_data import ReadImage
from medgraft.study.trial import Desk, Trial
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

    curve: Callable[[Trial], np.ndarray | None] = lambda trial: None
    trials: list[Trial] = field(default_factory=list)

    def run(self, trials: Sequence[Trial], report: Report = silent) -> Iterator[Run]:
        for trial in trials:
            self.trials.append(trial)
            shape = (1 if trial.keep else trial.training.epochs, len(trial.validation))
            scores = rng(trial.identity).dirichlet(np.ones(3), shape).astype(np.float32)
            train_loss = np.linspace(1, 0.5, trial.training.epochs)
            given = self.curve(trial)
            if given is not None:
                train_loss, scores = train_loss * given, scores * given
            yield Run(identity=trial.identity, history=History(train_loss=train_loss, scores=scores), facts={})


@pytest.fixture
def dreamt() -> type[Dreamt]:
    return Dreamt


@dataclass(kw_only=True)
class Bench:
    """A place where studies really run; every trial, and every training that was done, is written down.

    drawn, plain: rows that each trial read to train on and to be scored on.
    """

    folder: Path
    hearts: Hearts
    trials: list[Trial] = field(default_factory=list)
    fits: list[tuple[object, ...]] = field(default_factory=list)
    drawn: dict[str, list[int]] = field(default_factory=dict)
    plain: dict[str, list[int]] = field(default_factory=dict)

    @property
    def desk(self) -> Desk:
        store = RunStore(root=self.folder / "runs")
        return Desk(store, self.folder / "cache", torch.device("cpu"), checkpoint_seconds=0)

    def study(self, study: StudyFile, samples: Samples | None = None, desk: Desk | None = None) -> StudyOutcome:
        self._local = LocalExecutor(desk or self.desk)
        return run_study(study, samples or self.hearts.samples, self.hearts.read, self)

    def run(self, trials: Sequence[Trial], report: Report = silent) -> Iterator[Run]:
        for trial in trials:
            self.trials.append(trial)
            yield from self._local.run([trial], report)

    def saw(self, rows: np.ndarray) -> None:
        """Predicting reads in inference mode, training does not."""
        seen = self.plain if torch.is_inference_mode_enabled() else self.drawn
        seen.setdefault(self.trials[-1].identity if self.trials else "", []).extend(rows.tolist())


@pytest.fixture(scope="module")
def make_bench(hearts: Hearts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Bench]]:
    import medgraft.study.trial as trial_module
    from medgraft.transfer import FrontierCache

    benches: list[Bench] = []
    fit, read = trial_module.fit, FrontierCache.read

    def counting_fit(*args: Any, **kwargs: Any) -> History:
        benches[-1].fits.append(kwargs["key"])
        return fit(*args, **kwargs)

    def watching_read(cache: FrontierCache, rows: np.ndarray, device: torch.device) -> tuple[torch.Tensor, ...]:
        benches[-1].saw(rows)
        return read(cache, rows, device)

    def make() -> Bench:
        benches.append(Bench(folder=tmp_path_factory.mktemp("bench"), hearts=hearts))
        return benches[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trial_module, "fit", counting_fit)
        patch.setattr(FrontierCache, "read", watching_read)
        yield make
