"""The bench for slices: a graft on cached features, whose trials are done one by one or side by side."""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from medgraft.core.progress import Report, silent
from medgraft.networks.heads import Heads
from medgraft.study.graft import Graft, prepare_graft
from medgraft.study.graft_trial import GraftTrial
from medgraft.study.runs import checkpoint_of
from medgraft.study.trained import Trained
from medgraft.study.work import DeskSettings, Job, Trial
from medgraft.training import Checkpoint, Course, History, fit, fit_side_by_side, predict, trained_state


class GraftBench:
    """Jobs of one grid share its graft."""

    def __init__(
        self, job: Job[GraftTrial], settings: DeskSettings, device: torch.device, report: Report = silent
    ) -> None:
        """Prepare the graft that a job needs; what is not cached yet is computed."""
        trial = job.trials[0]
        self._settings = settings
        self._graft = prepare_graft(
            trial,
            state=job.state,
            cache_root=settings.cache,
            device=device,
            compute=settings.compute,
            report=report,
        )
        self._made_for = (_wants(trial), _frozen_parent(self._graft, job))

    def serves(self, job: Job[Trial]) -> bool:
        """Whether the graft is the one that a job needs."""
        trial = job.trials[0]
        return isinstance(trial, GraftTrial) and self._made_for == (_wants(trial), _frozen_parent(self._graft, job))

    def work(self, job: Job[GraftTrial], report: Report) -> list[Trained]:
        """Train what a job asks for, in its order; where a checkpoint was left, from there."""
        graft = self._graft
        if graft.heads is not None:
            return _side_by_side(job, graft, graft.heads, report)
        return [self._alone(trial, job.state, graft, report) for trial in job.trials]

    def _alone(self, trial: GraftTrial, state: Mapping[str, Tensor], graft: Graft, report: Report) -> Trained:
        started = time.monotonic()
        graft.restart(state)
        path = checkpoint_of(self._settings.unfinished, trial.identity)
        checkpoint = Checkpoint(path=path, seconds=self._settings.checkpoint_seconds)
        history = _train(trial, graft, checkpoint, report)
        kept = {**state, **trained_state(graft.model)} if trial.keep else None
        return _trained(trial, graft, history, kept, seconds=time.monotonic() - started)


def _wants(trial: GraftTrial) -> tuple[object, ...]:
    """What a graft is made from."""
    data = trial.data
    return (
        trial.plan,
        trial.depth,
        trial.weights.digest,
        data.rows_digest,
        data.samples.digest,
        trial.cache.dtype,
        trial.precision,
    )


def _side_by_side(job: Job[GraftTrial], graft: Graft, features: NDArray[Any], report: Report) -> list[Trained]:
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


def _course(trial: GraftTrial, graft: Graft) -> Course:
    return Course(
        plan=trial.training,
        key=trial.key,
        rows=lambda epoch: graft.epoch_rows(trial.train, epoch, trial.key),
        validation=graft.data.plain_rows(trial.validation),
    )


def _last_scores(history: History) -> History:
    return History(train_loss=history.train_loss, scores=history.scores[-1:])


def _frozen_parent(graft: Graft, job: Job[Trial]) -> str:
    """The parent, if some of what it trained is frozen now: then features differ from parent to parent."""
    return job.trials[0].parent if any(name not in graft.start for name in job.state) else ""


def _train(trial: GraftTrial, graft: Graft, checkpoint: Checkpoint, report: Report) -> History:
    """Curves of a trial; for a kept fit, scores after the last epoch alone."""
    history = fit(
        graft.model,
        lambda epoch: graft.batches(trial.train, epoch, trial.training.batch_size, trial.key),
        trial.training,
        key=trial.key,
        forward=graft.forward,
        evaluate=None if trial.keep else lambda: _scores(trial, graft),
        checkpoint=checkpoint,
        report=report,
    )
    if not trial.keep or not len(trial.validation):
        return history
    return History(train_loss=history.train_loss, scores=_scores(trial, graft)[None])


def _scores(trial: GraftTrial, graft: Graft) -> NDArray[np.float32]:
    """Probabilities of the plain validation pictures."""
    return predict(graft.model, graft.plain(trial.validation), graft.forward)


def _trained(
    trial: GraftTrial, graft: Graft, history: History, state: Mapping[str, Tensor] | None, *, seconds: float
) -> Trained:
    return Trained(
        identity=trial.identity,
        history=history,
        facts=_facts(trial, graft),
        state=None if state is None else {name: value.numpy() for name, value in state.items()},
        seconds=seconds,
    )


def _facts(trial: GraftTrial, graft: Graft) -> dict[str, object]:
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
