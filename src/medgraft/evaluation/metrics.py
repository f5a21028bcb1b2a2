"""The table of figures: each computed from a `Tally` under any weighting of its units."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.core.predictions import Predictions
from medgraft.evaluation.confusion import accuracy, f1, macro, precision, ratio, recall
from medgraft.evaluation.tally import Tally, tally

Floats = NDArray[np.float64]
Weighted = Callable[[Tally, Floats], Floats]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One figure.

    needs: "pred" if it judges answers, "score" if it judges scores; the latter do not change with decoding alone.
    higher_is_better: perfect is 1, else perfect is 0.
    fn: tally and weights (B, U) to figures (B,), or (B, K) in `CLASS_METRICS`; NaN where undefined.
    """

    name: str
    title: str
    needs: Literal["pred", "score"]
    higher_is_better: bool = True
    fn: Weighted


def evaluate(
    predictions: Predictions, y_pred: NDArray[Any] | None = None, metrics: Sequence[str] | None = None
) -> dict[str, float]:
    """Figures by name, in the order asked for (all of `metrics_for` if None).

    Rows of unknown truth are left out. A class that does not occur has NaN and is left out of means over classes.
    `y_pred` (N,) stands for the argmax where it is given. Raises `InputError` as `tally` and `chosen` do.
    """
    counted = tally(predictions, y_pred)
    once = np.ones((1, counted.n_units))
    return {name: float(metric.fn(counted, once)[0]) for name, metric in chosen(predictions.classes, metrics).items()}


def metrics_for(classes: Sequence[str]) -> dict[str, Metric]:
    """Every figure of a task: those of each class (`f1_OAP`) first, then those of the whole.

    >>> [name for name in metrics_for(["a", "b"]) if name.startswith("f1")]
    ['f1_a', 'f1_b']
    """
    of_classes = [
        _of_class(metric, column, code) for metric in CLASS_METRICS.values() for column, code in enumerate(classes)
    ]
    return {metric.name: metric for metric in (*of_classes, *METRICS.values())}


def chosen(classes: Sequence[str], names: Sequence[str] | None) -> dict[str, Metric]:
    """The named figures of a task, all if None. Raises `InputError` for an unknown name."""
    available = metrics_for(classes)
    unknown = [name for name in names or () if name not in available]
    if unknown:
        raise InputError(f"Expected names of metrics, got {', '.join(unknown)}. Available: {', '.join(available)}.")
    return available if names is None else {name: available[name] for name in names}


def _of_class(metric: Metric, column: int, code: str) -> Metric:
    return Metric(
        name=f"{metric.name}_{code}",
        title=f"{metric.title} {code}",
        needs=metric.needs,
        higher_is_better=metric.higher_is_better,
        fn=lambda counted, weights: metric.fn(counted, weights)[:, column],
    )


def _counted(fn: Callable[[Floats], Floats]) -> Weighted:
    """A figure of the weighted confusion matrix."""
    return lambda counted, weights: fn(np.tensordot(weights, counted.confusion, 1))


def _per_row(total: Callable[[Tally], Floats]) -> Weighted:
    """A mean over rows."""
    return lambda counted, weights: ratio(weights @ total(counted), weights @ counted.count)


def _class_aucs(counted: Tally, weights: Floats) -> Floats:
    return np.stack([ranking.auc(weights) for ranking in counted.rankings], axis=1)


def _size_weighted_auc(counted: Tally, weights: Floats) -> Floats:
    aucs = _class_aucs(counted, weights)
    sizes = np.where(np.isfinite(aucs), weights @ counted.confusion.sum(axis=2), 0)
    return ratio((np.nan_to_num(aucs) * sizes).sum(axis=1), sizes.sum(axis=1))


def _balanced_log_loss(counted: Tally, weights: Floats) -> Floats:
    return macro(ratio(weights @ counted.log_loss, weights @ counted.confusion.sum(axis=2)))


def _calibration_error(counted: Tally, weights: Floats) -> Floats:
    return ratio(np.abs(weights @ counted.overconfidence).sum(axis=1), weights @ counted.count)


def _table(*metrics: Metric) -> Mapping[str, Metric]:
    return MappingProxyType({metric.name: metric for metric in metrics})


#: Figures of one class against the rest; `fn` gives (B, K).
CLASS_METRICS = _table(
    Metric(name="precision", title="Precision", needs="pred", fn=_counted(precision)),
    Metric(name="recall", title="Recall", needs="pred", fn=_counted(recall)),
    Metric(name="f1", title="F1", needs="pred", fn=_counted(f1)),
    Metric(name="auc", title="AUC", needs="score", fn=_class_aucs),
)

#: Figures of the whole. The paper's text defines its "micro AUC" as `auc_weighted`, its code computes `auc_micro`.
METRICS = _table(
    Metric(name="macro_f1", title="Macro F1", needs="pred", fn=_counted(lambda counts: macro(f1(counts)))),
    Metric(
        name="balanced_accuracy",
        title="Balanced accuracy",
        needs="pred",
        fn=_counted(lambda counts: macro(recall(counts))),
    ),
    Metric(name="accuracy", title="Accuracy", needs="pred", fn=_counted(accuracy)),
    Metric(
        name="soft_accuracy",
        title="Soft accuracy (slice or neighbour)",
        needs="pred",
        fn=_per_row(lambda counted: counted.soft_hits),
    ),
    Metric(
        name="auc_micro",
        title="AUC, micro average of all one-vs-rest decisions",
        needs="score",
        fn=lambda counted, weights: counted.micro_ranking.auc(weights),
    ),
    Metric(
        name="auc_weighted",
        title="AUC, class-size-weighted mean of one-vs-rest",
        needs="score",
        fn=_size_weighted_auc,
    ),
    Metric(
        name="balanced_log_loss",
        title="Class-balanced cross-entropy",
        needs="score",
        higher_is_better=False,
        fn=_balanced_log_loss,
    ),
    Metric(
        name="brier",
        title="Brier score (0 to 2)",
        needs="score",
        higher_is_better=False,
        fn=_per_row(lambda counted: counted.squared_error),
    ),
    Metric(
        name="calibration_error",
        title="Expected calibration error, ten bins",
        needs="score",
        higher_is_better=False,
        fn=_calibration_error,
    ),
)
