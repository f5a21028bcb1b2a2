"""The tables of a study, built from its content."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from medgraft.evaluation import CLASS_METRICS, METRICS, Interval, holm
from medgraft.report.study.content import ModelResult, StudyContent
from medgraft.report.tables import Cell, Column, Table


class MetricColumn(NamedTuple):
    """A metric's key in `ModelResult.metrics` and the head of its column."""

    key: str
    title: str


#: Table 2 of the paper, with the class-balanced figure first after the classes'.
OVERALL = (
    MetricColumn("macro_f1", "Macro F1"),
    MetricColumn("auc_micro", "AUC, micro"),
    MetricColumn("auc_weighted", "AUC, by class size"),
    MetricColumn("accuracy", "Accuracy"),
    MetricColumn("soft_accuracy", "Soft accuracy"),
)
PER_CLASS = (
    MetricColumn("precision", "Precision"),
    MetricColumn("recall", "Recall"),
    MetricColumn("f1", "F1"),
    MetricColumn("auc", "AUC"),
)
_INTERVALS = "Small figures: 95 % intervals over patients. Bold: highest of the column as shown."


def study_tables(content: StudyContent) -> tuple[Table, ...]:
    """All tables of the report that have rows, in the order of the report."""
    tables = (build(content) for build in _BUILDERS)
    return tuple(table for table in tables if table.rows)


def metric_title(name: str) -> str:
    """A metric's name as people read it.

    >>> metric_title("macro_f1"), metric_title("f1_OAP")
    ('Macro F1', 'F1 OAP')
    """
    if name in METRICS:
        return METRICS[name].title
    kind, _, code = name.partition("_")
    return " ".join(part for part in (CLASS_METRICS[kind].title if kind in CLASS_METRICS else kind, code) if part)


def _results(content: StudyContent) -> Table:
    everyone = (*content.results, *content.baselines)
    return _scores(content, everyone, "results", f"All models and baselines on {content.results[0].evaluated_on}")


def _cross_validation(content: StudyContent) -> Table:
    return _scores(content, content.cross_validation, "cross-validation", "The same models, pooled out of fold")


def _scores(content: StudyContent, results: Sequence[ModelResult], name: str, title: str) -> Table:
    f1 = [MetricColumn(f"f1_{code}", f"F1 {code}") for code in content.task.codes]
    answers = list(_answers(results))
    used = [metric for metric in (*f1, *OVERALL) if any(metric.key in metrics for _, _, metrics in answers)]
    head = (
        Column(key="model", title="Model"),
        Column(key="depth", title="Depth"),
        Column(key="weights", title="Weights"),
        Column(key="answer", title="Answer"),
    )
    rows = [
        (model.network, model.depth, model.weights or None, how, *(metrics.get(metric.key) for metric in used))
        for model, how, metrics in answers
    ]
    return Table(
        name=name,
        title=title,
        columns=(*head, *(Column(key=m.key, title=m.title, best=True) for m in used)),
        rows=tuple(rows),
        muted=frozenset(row for row, (model, _, _) in enumerate(answers) if not model.weights),
        note=f"{_INTERVALS} Tinted rows: baselines that see no pixels.",
    )


def _comparisons(content: StudyContent) -> Table:
    titles = {result.name: result.title for result in (*content.results, *content.baselines)}
    columns = (
        Column(key="model", title="Model"),
        Column(key="other", title="minus"),
        Column(key="metric", title="Metric"),
        Column(key="difference", title="Difference", digits=3),
        Column(key="p_value", title="p", digits=4),
        Column(key="p_holm", title="p, corrected (Holm)", digits=4),
    )
    differences = [comparison.difference for comparison in content.comparisons]
    corrected = holm(np.array([difference.p_value for difference in differences]))
    rows = tuple(
        (titles.get(c.model, c.model), titles.get(c.other, c.other), metric_title(d.metric), d, d.p_value, float(p))
        for c, d, p in zip(content.comparisons, differences, corrected, strict=True)
    )
    note = "Paired over patients: the same patients were drawn for both. Small figures: 95 % intervals; p is two-sided."
    return Table(name="comparisons", title="Paired differences", columns=columns, rows=rows, note=note)


def _per_class(content: StudyContent) -> Table:
    answers = [*_answers(content.results), *_answers(content.baselines)]
    columns = (
        Column(key="model", title="Model"),
        Column(key="answer", title="Answer"),
        Column(key="class", title="Class"),
        *(Column(key=m.key, title=m.title) for m in PER_CLASS),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (model.title, how, code, *(metrics.get(f"{metric.key}_{code}") for metric in PER_CLASS))
        for model, how, metrics in answers
        for code in content.task.codes
    )
    n_muted = sum(1 for _ in _answers(content.baselines)) * len(content.task.codes)
    muted = frozenset(range(len(rows) - n_muted, len(rows)))
    return Table(
        name="per-class",
        title="Figures of each class",
        columns=columns,
        rows=rows,
        muted=muted,
        note="Each class against the others.",
    )


def _cohort(content: StudyContent) -> Table:
    codes = content.task.codes
    columns = (
        Column(key="split", title="Split"),
        Column(key="subjects", title="Patients"),
        *(Column(key=f"images_{code}", title=code) for code in codes),
        Column(key="images", title="Images"),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (s.split, s.n_subjects, *s.images, sum(s.images)) for s in content.splits
    )
    return Table(name="cohort", title="Images per class and split", columns=columns, rows=rows)


def _networks(content: StudyContent) -> Table:
    columns = (
        Column(key="network", title="Network"),
        Column(key="parameters", title="Parameters"),
        Column(key="features", title="Features"),
        Column(key="imagenet_accuracy", title="ImageNet accuracy", digits=3),
        Column(key="input_size", title="Input, px"),
        Column(key="weights_origin", title="Weights from"),
        Column(key="licence", title="Licence"),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (n.title, n.parameters, n.features, n.imagenet_accuracy, n.input_size, n.weights_origin, n.licence)
        for n in content.networks
    )
    return Table(name="networks", title="Networks", columns=columns, rows=rows)


def _choices(content: StudyContent) -> Table:
    columns = (
        Column(key="model", title="Model"),
        Column(key="rate", title="Chosen rate", digits=6),
        Column(key="epoch", title="Chosen epoch"),
    )
    rows = tuple((r.title, f"{r.chosen_rate:g}", r.chosen_epoch) for r in content.results if r.chosen_rate is not None)
    return Table(name="choices", title="Learning rate and epoch chosen for each model", columns=columns, rows=rows)


def _minutes(content: StudyContent) -> Table:
    columns = (
        Column(key="network", title="Network"),
        Column(key="depth", title="Depth"),
        Column(key="trials", title="Trials"),
        Column(key="minutes", title="Minutes", digits=1),
    )
    rows = tuple((m.network, m.depth, m.trials, float(m.minutes)) for m in content.minutes)
    return Table(
        name="minutes",
        title="Computing time",
        columns=columns,
        rows=rows,
        note="Wall-clock time of all rates and folds on the machine of this study.",
    )


_BUILDERS: tuple[Callable[[StudyContent], Table], ...] = (
    _results,
    _comparisons,
    _per_class,
    _cross_validation,
    _cohort,
    _networks,
    _choices,
    _minutes,
)


def _answers(results: Sequence[ModelResult]) -> Iterator[tuple[ModelResult, str, Mapping[str, Interval]]]:
    for result in results:
        yield result, "highest score", result.metrics
        if result.decoded is not None:
            yield result, "decoded jointly", result.decoded_metrics
