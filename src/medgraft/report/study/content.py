"""StudyContent: everything a report says, as frozen values; the study fills them, the report only draws."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.core.lineage import Lineage
from medgraft.core.predictions import Predictions
from medgraft.core.task import Task
from medgraft.evaluation import Interval, PairedDifference


@dataclass(frozen=True, kw_only=True)
class SplitCounts:
    """Subjects and images of one split; `images` holds one number per class, in the task's order."""

    split: str
    n_subjects: int
    images: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class NetworkRow:
    """Facts about one network: parameters, penultimate features, published ImageNet accuracy (0..1) if any."""

    name: str
    title: str
    parameters: int
    features: int
    imagenet_accuracy: float | None
    input_size: int
    licence: str
    weights_origin: str


@dataclass(frozen=True, kw_only=True)
class MinutesRow:
    """How long the search over rates and folds of one network at one depth took."""

    network: str
    depth: int
    minutes: float
    trials: int


@dataclass(frozen=True, kw_only=True, eq=False)
class FoldCurves:
    """Training curves of R rates, F folds, E epochs; NaN where a trial ended early.

    rates: R numbers. epochs: E numbers. train_loss, val_loss, val_accuracy: (R, F, E).
    """

    rates: tuple[float, ...]
    epochs: tuple[int, ...]
    train_loss: NDArray[np.float64]
    val_loss: NDArray[np.float64]
    val_accuracy: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Raise `InputError` where the curves do not fit together."""
        shapes = {curve.shape for curve in (self.train_loss, self.val_loss, self.val_accuracy)}
        shape = next(iter(shapes))
        if len(shapes) != 1 or (*shape[:1], *shape[2:]) != (len(self.rates), len(self.epochs)):
            raise InputError(
                f"Expected curves of ({len(self.rates)} rates, folds, {len(self.epochs)} epochs), got {sorted(shapes)}."
            )


@dataclass(frozen=True, kw_only=True, eq=False)
class CamExample:
    """A handful of Grad-CAM maps from one cell of the confusion matrix.

    truth, predicted: class indices. images: (n, H, W), any grey range. maps: (n, H, W) in 0..1.
    captions: n short texts. count: how many images the cell holds altogether.
    """

    truth: int
    predicted: int
    images: NDArray[Any]
    maps: NDArray[Any]
    captions: tuple[str, ...]
    count: int


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelResult:
    """What one model, or one baseline, answered and how good that was.

    name: unique, safe in file names. network: title for people. depth: None for networks from scratch and baselines.
    weights: "" for baselines. chosen_rate, chosen_epoch, curves: None for baselines.
    predictions: only rows with a known truth. decoded: (N,) classes after joint stack decoding, None where the task
    has no order along the stack.
    metrics: figures with intervals by name for the plain decisions (argmax); decoded_metrics: for `decoded`.
    embedding: (N, 2), t-SNE of penultimate features. cams: Grad-CAM per (truth, prediction) cell.
    """

    name: str
    network: str
    depth: int | None
    weights: str
    predictions: Predictions
    metrics: Mapping[str, Interval]
    decoded: NDArray[np.int64] | None = None
    decoded_metrics: Mapping[str, Interval] = field(default_factory=dict)
    chosen_rate: float | None = None
    chosen_epoch: int | None = None
    curves: FoldCurves | None = None
    embedding: NDArray[np.float64] | None = None
    cams: tuple[CamExample, ...] = ()

    def __post_init__(self) -> None:
        """Raise `InputError` where rows have no truth, or the parts differ in length."""
        n_rows = len(self.predictions)
        if n_rows == 0 or self.predictions.y_true.min() < 0:
            raise InputError(
                f"Expected rows with a known truth for {self.name}, got {n_rows} rows. Leave out the others."
            )
        parts = {"decoded": self.decoded, "embedding": self.embedding}
        lengths = {name: len(part) for name, part in parts.items() if part is not None}
        if set(lengths.values()) - {n_rows}:
            raise InputError(f"Expected {n_rows} rows for {self.name}, got {lengths}.")

    @property
    def title(self) -> str:
        """The model in a few words, for axes and rows."""
        facts = (f"depth {self.depth}" if self.depth is not None else "", self.weights)
        known = ", ".join(fact for fact in facts if fact)
        return f"{self.network} ({known})" if known else self.network

    @property
    def evaluated_on(self) -> str:
        """Where the figures come from: a held-out test set, or validation folds pooled."""
        return "a held-out test set" if (self.predictions.fold == -1).all() else "validation folds, pooled"

    @property
    def answers(self) -> NDArray[np.int64]:
        """(N,) the classes the model answers with: jointly decoded where there are such, else the plain ones."""
        return self.predictions.y_pred if self.decoded is None else self.decoded

    @property
    def answer_metrics(self) -> Mapping[str, Interval]:
        """The figures that belong to `answers`."""
        return self.metrics if self.decoded is None else self.decoded_metrics


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """`model` minus `other` (names of results) on the same patients; the metric is named in the difference."""

    model: str
    other: str
    difference: PairedDifference


@dataclass(frozen=True, kw_only=True, eq=False)
class StudyContent:
    """Everything a study report says.

    created_note: one line under the title (date, version, who). settings: the resolved study file as YAML text.
    splits: images per class and split. chosen: name of the model that the study's rule chose without looking at the
    figures reported here, None if there was no such rule. chosen_by: that rule in one sentence.
    results, baselines: evaluated on the same rows. cross_validation: the same models, then baselines, pooled out of
    fold, where `results` are of a held-out test set. comparisons: the paired differences that were computed.
    rate: the one learning rate at which all networks' curves are compared. lineage: by name of result.
    digests: of data, labels and settings, by name.
    """

    title: str
    created_note: str
    task: Task
    settings: str
    splits: tuple[SplitCounts, ...]
    networks: tuple[NetworkRow, ...]
    results: tuple[ModelResult, ...]
    baselines: tuple[ModelResult, ...]
    cross_validation: tuple[ModelResult, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    chosen: str | None = None
    chosen_by: str = ""
    rate: float | None = None
    minutes: tuple[MinutesRow, ...] = ()
    warnings: tuple[str, ...] = ()
    lineage: Mapping[str, Lineage] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise `InputError` where there is nothing to report, or names are not unique or unknown."""
        names = [result.name for result in (*self.results, *self.baselines)]
        if not self.results or len(set(names)) != len(names):
            raise InputError(f"Expected at least one result and unique names, got {', '.join(names) or 'none'}.")
        if self.chosen is not None and self.chosen not in names:
            raise InputError(f"Expected the chosen model among {', '.join(names)}, got {self.chosen!r}.")
