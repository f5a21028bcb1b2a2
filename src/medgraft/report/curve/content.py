"""CurveContent: everything the report of a learning curve says, as frozen values; the report only draws."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from medgraft.core.counted import counted
from medgraft.core.errors import InputError
from medgraft.core.lineage import Lineage
from medgraft.core.task import Task
from medgraft.evaluation import Interval, PairedDifference
from medgraft.report.agreement import Agreement
from medgraft.report.wall import BullsEye, Surface

Group = Literal["test", "home"]


@dataclass(frozen=True, kw_only=True, order=True)
class ModelKey:
    """A model on the curve. size: subjects it learned from; 0 for the travelling model as it is."""

    arm: str
    size: int

    @property
    def title(self) -> str:
        """The model in a few words, for axes and rows."""
        return f"{self.arm}, {counted(self.size, 'subject')}" if self.size else self.arm


@dataclass(frozen=True, kw_only=True)
class CurveFigure:
    """One figure of one model over all its draws.

    value: mean over subjects, draws averaged within each; median: over the same. best: the best of any
    subject in any draw. draws: mean over subjects of each draw.
    subjects: how many were measured. masks: their labelled phases in all draws; unmatched: those of which the model
    missed or invented a structure.
    """

    model: ModelKey
    on: Group
    figure: str
    value: Interval
    median: float
    best: float
    draws: tuple[float, ...]
    subjects: int
    masks: int
    unmatched: int


@dataclass(frozen=True, kw_only=True)
class CurveDifference:
    """`model` minus `other` in mean Dice on the same subjects.

    draws: the same in each draw alone. adjusted: p after Holm over all ways.
    """

    model: ModelKey
    other: ModelKey
    on: Group
    difference: PairedDifference
    draws: tuple[float, ...]
    adjusted: float


@dataclass(frozen=True, kw_only=True, eq=False)
class WallAgreement(Agreement):
    """The wall of S subjects as a model sees it, beside the reference, in mm; the same subjects for all models.

    figure: what is said of a subject's wall, such as "median".
    """

    model: ModelKey
    phase: str
    figure: str


@dataclass(frozen=True, kw_only=True, eq=False)
class VolumeAgreement(Agreement):
    """EDV, ESV or EF of S subjects as a model sees them, beside the reference; the same subjects for all models."""

    model: ModelKey
    figure: str
    unit: str


@dataclass(frozen=True, kw_only=True)
class SubjectFigure:
    """One test subject with one model: means over structures, phases, images and draws. distance: 95 % Hausdorff."""

    subject: str
    model: ModelKey
    dice: float
    distance: float


@dataclass(frozen=True, kw_only=True)
class WallDifference:
    """Pearson's correlation of `model` minus that of `other`, over the same subjects."""

    model: ModelKey
    other: ModelKey
    phase: str
    figure: str
    difference: PairedDifference


@dataclass(frozen=True, kw_only=True, eq=False)
class Plane:
    """A cut through a volume with its masks.

    image: (H, W), any grey range. reference, seen: (H, W) uint8 classes of the task; seen by title of the model.
    aspect: height of a pixel over its width.
    """

    title: str
    image: NDArray[Any]
    reference: NDArray[np.uint8]
    seen: Mapping[str, NDArray[np.uint8]]
    aspect: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Overlay:
    """One held-out subject at one phase. rank: "worst", "median" or "best" of those of the model `ranked_by`.

    dice: its mean Dice by model's title.
    """

    subject: str
    phase: str
    rank: str
    ranked_by: str
    dice: Mapping[str, float]
    planes: tuple[Plane, ...]


@dataclass(frozen=True, kw_only=True)
class TrainingCurve:
    """Validation Dice after each epoch of one training, None where it had diverged.

    before: that of the package it started from, None for random weights. epoch: the one that was kept, 0 for the start.
    """

    model: ModelKey
    draw: int
    rate: float
    epoch: int
    before: float | None = None
    dice: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class RuleAnswer:
    """One annotation rule as two sites answer it, "" where unknown. compared: whether a difference matters."""

    question: str
    home: str
    here: str
    compared: bool = True


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How models were trained, in words a colleague would use.

    n_subjects: by role: train (all there are), validation, test, home, others. grid: what the network reads.
    rates: learning rates tried, by arm. starts: what each arm begins with. epochs, decay: of the schedule.
    updates: of one epoch, None for once through the training set.
    """

    network: str
    n_subjects: Mapping[str, int]
    grid: str
    starts: Mapping[str, str]
    rates: Mapping[str, tuple[float, ...]]
    epochs: int
    updates: int | None
    batch_size: int
    decay: str
    n_draws: int
    seed: int
    augmented: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class CurveContent:
    """Everything the report of a learning curve says.

    verdict: what to do, in one plain sentence. advice: "use as is", "fine-tune" or "train anew".
    figures: of every model on test subjects, and at home where there are any; `distance_unit` is that of distances.
    walls, overlays, bulls_eyes, surfaces: of the travelling model, of each arm's first draw at its largest size, and of
    the advised one. volumes: of the same models. subjects: every test subject with them, all draws averaged.
    cautions: what was found with the verdict and must be read with it.
    warnings: what the reader should know besides what the numbers show.
    """

    title: str
    created_note: str
    task: Task
    verdict: str
    advice: str
    arms: tuple[str, ...]
    sizes: tuple[int, ...]
    figures: tuple[CurveFigure, ...]
    differences: tuple[CurveDifference, ...]
    recipe: Recipe
    settings: str
    distance_unit: str = "mm"
    walls: tuple[WallAgreement, ...] = ()
    wall_differences: tuple[WallDifference, ...] = ()
    volumes: tuple[VolumeAgreement, ...] = ()
    subjects: tuple[SubjectFigure, ...] = ()
    overlays: tuple[Overlay, ...] = ()
    bulls_eyes: tuple[BullsEye, ...] = ()
    surfaces: tuple[Surface, ...] = ()
    trainings: tuple[TrainingCurve, ...] = ()
    rules: tuple[RuleAnswer, ...] = ()
    cautions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    lineage: Mapping[str, Lineage] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise `InputError` where there is nothing to report."""
        if not self.arms or not self.sizes or not self.figures:
            raise InputError("Expected at least one arm, one size and one figure, got none.")

    @property
    def models(self) -> tuple[ModelKey, ...]:
        """All models that have figures, the travelling one first, each arm by size."""
        return tuple(dict.fromkeys(item.model for item in self.figures))

    @property
    def shown(self) -> tuple[ModelKey, ...]:
        """The travelling model, and each arm at its largest size."""
        return tuple(model for model in self.models if model.size in (0, self.sizes[-1]))

    @property
    def has_home(self) -> bool:
        """Whether subjects of the home site were measured."""
        return any(item.on == "home" for item in self.figures)

    def figure(self, model: ModelKey, on: Group, figure: str) -> CurveFigure | None:
        """One figure, None where it could not be measured."""
        found = (item for item in self.figures if (item.model, item.on, item.figure) == (model, on, figure))
        return next(found, None)

    def figure_names(self, on: Group) -> tuple[str, ...]:
        """Figures that were measured, in the order they came in."""
        return tuple(dict.fromkeys(item.figure for item in self.figures if item.on == on))
