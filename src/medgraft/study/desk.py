"""The desk of one worker: a graft lies on it, and trials are done on it, one by one or side by side."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from torch import Tensor

from medgraft.core.progress import Report, silent
from medgraft.networks.heads import Heads
from medgraft.study.compute import Compute
from medgraft.study.graft import Graft, prepare_graft
from medgraft.study.runs import checkpoint_of
from medgraft.study.trained import Trained
from medgraft.study.trial import Trial
from medgraft.training import Checkpoint, Course, History, fit, fit_side_by_side, predict, trained_state


@dataclass(frozen=True, kw_only=True, eq=False)
class Job:
    """What a worker does at once: trials that share a graft and start from the same tensors.

    state: trained tensors of the run they all start from; empty for the weights as loaded.
    """

    trials: tuple[Trial, ...]
    state: Mapping[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class DeskSettings:
    """How a desk is set up; none of it changes a number beyond rounding.

    cache: folder of frozen features; may be shared by processes and machines.
    unfinished: folder of checkpoints of trainings in progress.
    compute: how to compute.
    checkpoint_seconds: a training in progress is saved between epochs, at most this often.
    """

    cache: Path
    unfinished: Path
    compute: Compute = field(default_factory=Compute)
    checkpoint_seconds: float = 30.0


class Desk:
    """Does jobs. The last graft stays on it, since the jobs of one grid share it."""

    def __init__(self, settings: DeskSettings) -> None:
        """Set this process up."""
        self.settings = settings
        self._device = settings.compute.prepare()
        self._graft: Graft | None = None
        self._serves: tuple[object, ...] = ()

    def work(self, job: Job, report: Report = silent) -> list[Trained]:
        """Train what a job asks for, in its order; where a checkpoint was left, from there."""
        graft = self._graft_for(job, report)
        if graft.heads is not None:
            return _side_by_side(job, graft, graft.heads, report)
        return [self._alone(trial, job.state, graft, report) for trial in job.trials]

    def _graft_for(self, job: Job, report: Report) -> Graft:
        """The graft on the desk if it serves this job, else a new one in its place."""
        trial = job.trials[0]
        data = trial.data
        wanted = (
            trial.plan,
            trial.depth,
            trial.weights.digest,
            data.rows_digest,
            data.samples.digest,
            trial.cache.dtype,
            trial.precision,
        )
        if self._graft is None or (*wanted, _frozen_parent(self._graft, job)) != self._serves:
            self._graft = None  # room for the next before it is made
            self._graft = prepare_graft(
                trial,
                state=job.state,
                cache_root=self.settings.cache,
                device=self._device,
                compute=self.settings.compute,
                report=report,
            )
            self._serves = (*wanted, _frozen_parent(self._graft, job))
        return self._graft

    def _alone(self, trial: Trial, state: Mapping[str, Tensor], graft: Graft, report: Report) -> Trained:
        started = time.monotonic()
        graft.restart(state)
        path = checkpoint_of(self.settings.unfinished, trial.identity)
        checkpoint = Checkpoint(path=path, seconds=self.settings.checkpoint_seconds)
        history = _train(trial, graft, checkpoint, report)
        kept = {**state, **trained_state(graft.model)} if trial.keep else None
        return _trained(trial, graft, history, kept, seconds=time.monotonic() - started)


def _side_by_side(job: Job, graft: Graft, features: NDArray[Any], report: Report) -> list[Trained]:
    """All heads of a job in one batched product; a killed job begins again, so it has no checkpoint."""
    started = time.monotonic()
    start = {**graft.start, **job.state}
    heads = Heads([start] * len(job.trials), dropout=graft.model.head.dropout.p, device=graft.device)
    courses = [_course(trial, graft) for trial in job.trials]
    histories = fit_side_by_side(heads, features, graft.data.row_labels, courses, report=report)
    seconds = (time.monotonic() - started) / len(job.trials)
    return [
        _trained(
            trial,
            graft,
            _last_scores(history) if trial.keep else history,
            {**start, **heads.state(index)} if trial.keep else None,
            seconds=seconds,
        )
        for index, (trial, history) in enumerate(zip(job.trials, histories, strict=True))
    ]


def _course(trial: Trial, graft: Graft) -> Course:
    return Course(
        plan=trial.training,
        key=trial.key,
        rows=lambda epoch: graft.epoch_rows(trial.train, epoch, trial.key),
        validation=graft.data.plain_rows(trial.validation),
    )


def _last_scores(history: History) -> History:
    return History(train_loss=history.train_loss, scores=history.scores[-1:])


def _frozen_parent(graft: Graft, job: Job) -> str:
    """The parent, if some of what it trained is frozen now: then features differ from parent to parent."""
    return job.trials[0].parent if any(name not in graft.start for name in job.state) else ""


def _train(trial: Trial, graft: Graft, checkpoint: Checkpoint, report: Report) -> History:
    """Curves of a trial; for a kept fit, scores after the last epoch alone."""
    history = fit(
        graft.model,
        lambda epoch: graft.batches(trial.train, epoch, trial.training.batch_size, trial.key),
        trial.training,
        key=trial.key,
        forward=graft.forward,
        validation=None if trial.keep else lambda: graft.plain(trial.validation),
        checkpoint=checkpoint,
        report=report,
    )
    if not trial.keep or not len(trial.validation):
        return history
    scores = predict(graft.model, graft.plain(trial.validation), graft.forward)
    return History(train_loss=history.train_loss, scores=scores[None])


def _trained(
    trial: Trial, graft: Graft, history: History, state: Mapping[str, Tensor] | None, *, seconds: float
) -> Trained:
    return Trained(
        identity=trial.identity,
        history=history,
        facts=_facts(trial, graft),
        state=None if state is None else {name: value.numpy() for name, value in state.items()},
        seconds=seconds,
    )


def _facts(trial: Trial, graft: Graft) -> dict[str, object]:
    return {
        "model": trial.plan.name,
        "network": trial.plan.network,
        "depth": trial.depth,
        "rate": trial.training.rate,
        "epochs": trial.training.epochs,
        "fold": trial.fold,
        "seed": trial.data.seed,
        "parent": trial.parent,
        "frontier": graft.cut,
    }
