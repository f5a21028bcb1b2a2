"""One trial: one graft trained at one rate on one fold, and everything its numbers depend on."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from medgraft.core.digest import digest
from medgraft.networks import NetworkSpec
from medgraft.study.grid import ModelPlan
from medgraft.study.study_data import StudyData
from medgraft.study.study_file import CacheEntry, Depth, Precision
from medgraft.training import Plan
from medgraft.transfer import Weights

#: Changes when the numbers of a training change for the same settings; old runs are then done again.
_ENGINE = 2

#: The fold of a fit on all training samples.
ALL_DATA = -1


@dataclass(frozen=True, kw_only=True, eq=False)
class GraftTrial:
    """One training: everything its numbers depend on.

    fold: its index, or `ALL_DATA`. train, validation: positions in `data.samples`; validation may be empty.
    parent: identity of the run whose trained tensors it starts from, "" for none.
    cache: how its frozen features are kept. precision: of the arithmetic.
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
    precision: Precision = "float32"
    parent: str = ""
    keep: bool = False

    @cached_property
    def identity(self) -> str:
        """Digest of everything the numbers depend on; its parent's included."""
        data = self.data
        return digest(
            {
                "engine": _ENGINE,
                "features": self.cache.dtype,  # how much disk they may take changes no number
                "precision": self.precision,
                "network": structure(self.plan.spec),
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
    def group(self) -> str:
        """Heads that start from the same run are trained together; every other trial is a job of its own."""
        return f"heads from {self.parent}" if self.depth == 0 else self.identity

    @property
    def key(self) -> tuple[object, ...]:
        """Names its random numbers: equal for all rates and for a shorter training, so that they are comparable."""
        return (self.data.seed, self.plan.network, str(self.depth), self.fold)

    @property
    def title(self) -> str:
        """Which grid it belongs to, for people."""
        return f"{self.plan.name}, depth {self.depth}, seed {self.data.seed}"

    @property
    def place(self) -> str:
        """Its place in the grid, for people."""
        return f"rate {self.training.rate:g}, " + (f"fold {self.fold + 1}" if self.fold != ALL_DATA else "all data")


def structure(network: NetworkSpec) -> list[object]:
    """What a network computes: facts about it, such as who published it, may be corrected without training again."""
    return [network.builder, network.arguments, network.features, network.stages]
