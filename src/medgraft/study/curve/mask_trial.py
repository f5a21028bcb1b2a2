"""Trials on masks: one training from one start on some subjects, and one assessment of what a training left."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from medgraft.core.digest import digest
from medgraft.networks import Depth, NetworkSpec
from medgraft.networks.segmenter import Initial
from medgraft.samples import Aside
from medgraft.study.curve.mask_data import MaskData
from medgraft.study.graft_trial import structure
from medgraft.training import Plan

#: Change when the numbers of a training from random weights, from a package's, or of an assessment change for the same
#: settings.
_TRAINING, _FINE_TUNING, _ASSESSMENT = 3, 4, 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Start:
    """The weights before the first update.

    origin: for people. digest: of the weights, or of what random ones come from. state: every tensor of the model;
    None for random weights as `initial` says, drawn from `key`. trained_on: stacks of subjects that it knows, those
    on whom it was chosen among them.
    """

    origin: str
    digest: str
    state: Mapping[str, Tensor] | None = None
    initial: Initial = "default"
    key: tuple[object, ...] = ()
    trained_on: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, eq=False)
class MaskTraining:
    """One training on some subjects; the weights of its best epoch are kept, those of a package it starts from as 0th.

    arm: the way it begins, by name. train, validation: positions in `data.samples`.
    draw: which random choice of subjects. updates: of one epoch; None for once through the set in full batches.
    """

    network: NetworkSpec
    depth: Depth
    start: Start
    data: MaskData
    arm: str
    draw: int
    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    training: Plan
    updates: int | None
    parent: str = field(default="", init=False)

    @cached_property
    def identity(self) -> str:
        """Digest of everything the numbers depend on."""
        return digest(
            {
                "engine": _TRAINING if self.start.state is None else _FINE_TUNING,
                "network": structure(self.network),
                "depth": self.depth,
                "start": [self.start.digest, self.start.initial],
                "data": self.data.digest_of(self.train),
                "validation": self.data.digest_of(self.validation),
                "training": self.training,
                "updates": self.updates,
                "key": self.key,
            }
        )

    @property
    def group(self) -> str:
        """A training of masks is a job of its own."""
        return self.identity

    @property
    def key(self) -> tuple[object, ...]:
        """Names its random numbers: equal for all starts and rates, so that they see the same pictures."""
        return (self.data.seed, self.network.name, self.draw, len(self.train))

    @cached_property
    def n_subjects(self) -> int:
        """Subjects that it learns from."""
        return len(set(self.data.samples.subjects[self.train].tolist()))

    @property
    def title(self) -> str:
        """Which point of the curve it belongs to, for people."""
        return f"{self.arm}, {self.n_subjects} subjects"

    @property
    def place(self) -> str:
        """Its place on the curve, for people."""
        return f"rate {self.training.rate:g}, draw {self.draw + 1}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Assessment:
    """What a model makes of subjects that it was never trained on, measured on their native grids.

    parent: the training whose weights are assessed, "" for the start itself. groups: positions in `data.samples` by
    name, such as "test" and "home". thickness: measure the wall of those of "test" too.
    """

    network: NetworkSpec
    start: Start
    data: MaskData
    arm: str
    groups: Mapping[str, NDArray[np.int64]]
    thickness: bool
    parent: str = ""

    @cached_property
    def identity(self) -> str:
        """Digest of everything the numbers depend on; its parent's included."""
        return digest(
            {
                "engine": _ASSESSMENT,
                "network": structure(self.network),
                "start": "" if self.parent else [self.start.digest, self.start.initial],
                "groups": {name: self.data.digest_of(positions) for name, positions in self.groups.items()},
                "thickness": self.thickness,
                "in_mm": self.in_mm,
                "parent": self.parent,
                **({"aside": self._aside} if self._aside else {}),
            }
        )

    @property
    def in_mm(self) -> bool:
        """Whether distances are in mm: in voxels for all if one has no spacing, since they are averaged."""
        items = self.data.samples.items
        return all(items[position].spacing for group in self.groups.values() for position in group.tolist())

    @property
    def _aside(self) -> dict[str, Aside]:
        """Of the stacks that are measured, those whose slices do not lie over each other."""
        samples = self.data.samples.take(np.concatenate(list(self.groups.values())))
        return {item.stack: samples.aside[item.stack] for item in samples.items if item.stack in samples.aside}

    @property
    def group(self) -> str:
        """An assessment is a job of its own."""
        return self.identity

    @property
    def title(self) -> str:
        """Whose it is, for people."""
        return f"{self.arm}, assessed"

    @property
    def place(self) -> str:
        """Whom it measures, for people."""
        return " and ".join(f"{len(positions)} of {name}" for name, positions in self.groups.items())


def structure_dice(scores: NDArray[np.float32]) -> float:
    """Mean over subjects (n, K) of the mean Dice of their labelled structures, the background left out; NaN if none."""
    structures = np.ma.masked_invalid(np.asarray(scores[:, 1:], float))
    return float(np.ma.filled(structures.mean(axis=1).mean(), np.nan))
