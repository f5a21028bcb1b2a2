"""One trial is one function: train one graft at one rate on one fold, and keep what came out."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from medgraft.core.digest import digest
from medgraft.core.progress import Report, silent
from medgraft.study.graft import Graft, prepare_graft
from medgraft.study.grid import ModelPlan
from medgraft.study.runs import Run, RunStore
from medgraft.study.study_data import StudyData
from medgraft.study.study_file import CacheEntry, Depth
from medgraft.training import Checkpoint, History, Plan, fit, predict, trained_state
from medgraft.transfer import Weights

#: Changes when the numbers of a training change for the same settings; old runs are then done again.
_ENGINE = 1

#: The fold of a fit on all training samples.
ALL_DATA = -1


@dataclass(frozen=True, kw_only=True, eq=False)
class Trial:
    """One training: everything its numbers depend on.

    fold: its index, or `ALL_DATA`. train, validation: positions in `data.samples`; validation may be empty.
    parent: identity of the run whose trained tensors it starts from, "" for none.
    cache: how its frozen features are kept.
    keep: a fit rather than a try: the trained tensors are kept, and validation is scored once, at the end.
    """

    plan: ModelPlan
    depth: Depth
    weights: Weights
    data: StudyData
    fold: int
    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    training: Plan
    cache: CacheEntry
    parent: str = ""
    keep: bool = False

    @cached_property
    def identity(self) -> str:
        """Digest of everything the numbers depend on; its parent's included."""
        data = self.data
        # Features in full precision are the rule and go unnamed; how much disk they may take changes no number.
        rounded = {} if self.cache.dtype == "float32" else {"features": self.cache.dtype}
        return digest(
            rounded
            | {
                "engine": _ENGINE,
                "network": self.plan.spec,
                "size": self.plan.size or self.weights.contract.size,
                "weights": self.weights.digest,
                "contract": self.weights.contract,
                "depth": self.depth,
                "training": self.training,
                "recipe": data.recipe.as_dict(),
                "draws": data.draws,
                "copies": data.copies[self.train],
                "train": data.samples.take(self.train).digest,
                "validation": data.samples.take(self.validation).digest,
                "seed": data.seed,
                "fold": self.fold,
                "parent": self.parent,
                "keep": self.keep,
            }
        )

    @property
    def key(self) -> tuple[object, ...]:
        """Names its random numbers: equal for all rates and for a shorter training, so that they are comparable."""
        return (self.data.seed, self.plan.network, str(self.depth), self.fold)


class Desk:
    """Where trials are done. The last graft stays on it, since the trials of one grid share it.

    A training in progress is saved between epochs, at most once per `checkpoint_seconds`.
    """

    def __init__(
        self, store: RunStore, cache_root: Path, device: torch.device, *, checkpoint_seconds: float = 30.0
    ) -> None:
        self.store = store
        self.cache_root = cache_root
        self.device = device
        self.checkpoint_seconds = checkpoint_seconds
        self._graft: Graft | None = None
        self._serves: tuple[object, ...] = ()

    def run(self, trial: Trial, report: Report = silent) -> Run:
        """The run of a trial: read if it is finished, else trained now (from its checkpoint, if it has one)."""
        if self.store.has(trial.identity):
            return self.store.read(trial.identity)
        started = time.monotonic()
        state = self.store.state(trial.parent) if trial.parent else {}
        graft = self._graft_for(trial, state, report)
        graft.restart(state)
        checkpoint = Checkpoint(path=self.store.checkpoint(trial.identity), seconds=self.checkpoint_seconds)
        history = _train(trial, graft, checkpoint, report)
        kept = {**state, **trained_state(graft.model)} if trial.keep else None
        seconds = time.monotonic() - started
        return self.store.write(trial.identity, history, _facts(trial, graft), kept, seconds=seconds)

    def _graft_for(self, trial: Trial, state: Mapping[str, Tensor], report: Report) -> Graft:
        """The graft on the desk if it serves this trial, else a new one in its place."""
        data = trial.data
        wanted = (
            trial.plan,
            trial.depth,
            trial.weights.digest,
            data.rows_digest,
            data.samples.digest,
            trial.cache.dtype,
        )
        if self._graft is None or (*wanted, _frozen_parent(self._graft, trial, state)) != self._serves:
            self._graft = prepare_graft(
                trial.plan,
                trial.depth,
                trial.weights,
                trial.data,
                state=state,
                cache_root=self.cache_root,
                cache=trial.cache,
                device=self.device,
                report=report,
            )
            self._serves = (*wanted, _frozen_parent(self._graft, trial, state))
        return self._graft


def _frozen_parent(graft: Graft, trial: Trial, state: Mapping[str, Tensor]) -> str:
    """The parent, if some of what it trained is frozen now: then features differ from parent to parent."""
    return trial.parent if any(name not in graft.start for name in state) else ""


def _train(trial: Trial, graft: Graft, checkpoint: Checkpoint, report: Report) -> History:
    """Curves of a trial; for a kept fit, scores after the last epoch alone."""
    history = fit(
        graft.model,
        lambda epoch: graft.batches(trial.train, epoch, trial.training.batch_size, trial.key),
        trial.training,
        key=trial.key,
        forward=graft.split.suffix,
        validation=None if trial.keep else lambda: graft.plain(trial.validation),
        checkpoint=checkpoint,
        report=report,
    )
    if not trial.keep or not len(trial.validation):
        return history
    scores = predict(graft.model, graft.plain(trial.validation), graft.split.suffix)
    return History(train_loss=history.train_loss, scores=scores[None])


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
        "frontier": graft.split.reason or "cut",
    }
