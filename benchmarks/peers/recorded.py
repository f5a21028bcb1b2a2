"""What both sides share: which picture comes when. The study's own folds, draws, order and keys, as pictures in memory.

The pictures of an epoch are made before the clock starts: the plain loop gets them for nothing, ours renders its own.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.slices import Slices
from medgraft.samples import epoch_order
from medgraft.study import ModelPlan, StudyData, StudyFile, model_plans
from medgraft.study.study_data import study_data
from medgraft.transfer import Weights, parse_source

LAST = torch.channels_last


@dataclass(frozen=True, kw_only=True, eq=False)
class Recorded:
    """The data of a study's first network at its first seed."""

    study: StudyFile
    slices: Slices

    @cached_property
    def data(self) -> StudyData:
        """Folds, copies, draws."""
        return study_data(self.study, self.slices.samples, self.slices.read, self.study.seeds[0])

    @cached_property
    def plan(self) -> ModelPlan:
        """The network with its settings."""
        return model_plans(self.study)[0]

    @cached_property
    def weights(self) -> Weights:
        """What it starts with."""
        return parse_source(self.plan.weights, key=(self.data.seed, self.plan.network)).load(self.plan.spec)

    @property
    def size(self) -> int:
        """Side of the pictures in pixels."""
        return self.plan.size or self.weights.contract.size

    def key(self, depth: object, fold: int) -> tuple[object, ...]:
        """What names a trial's random numbers (`study.graft_trial.GraftTrial.key`)."""
        return (self.data.seed, self.plan.network, str(depth), fold)

    def epoch(self, depth: object, fold: int, epoch: int) -> tuple[Tensor, Tensor]:
        """Pictures (n, 1, S, S) and labels (n,) of one epoch, in the order they are trained on."""
        train = self.data.folds[fold].train
        positions, draws = epoch_order(train, self.data.copies[train], epoch, self.data.draws, *self.key(depth, fold))
        pictures = [self._drawn(position, draw) for position, draw in zip(positions, draws, strict=True)]
        return torch.cat(pictures).contiguous(memory_format=LAST), torch.from_numpy(self.data.labels[positions])

    def validation(self, fold: int) -> Tensor:
        """Plain pictures (n, 1, S, S) of a fold's validation slices."""
        pictures = [self.data.recipe.render(self._image(at), self.size) for at in self.data.folds[fold].validation]
        return torch.cat(pictures).contiguous(memory_format=LAST)

    def _drawn(self, position: int, draw: int) -> Tensor:
        return self.data.recipe.render(self._image(position), self.size, self.data.choices(position)[draw : draw + 1])

    def _image(self, position: int) -> NDArray[np.generic]:
        return self.data.read(self.data.samples.items[position].unit)
