"""Figures of a study's outcome: every model and depth over its seeds, beside the baselines that see no pixels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgraft.core.predictions import HEADLINE, Predictions
from medgraft.core.task import Task
from medgraft.decoding import Rule, decode
from medgraft.evaluation import (
    BASELINES,
    Candidate,
    PairedDifference,
    ResultRow,
    baseline_predictions,
    paired_difference,
    result_table,
)
from medgraft.study.outcome import StageOutcome, StudyOutcome


@dataclass(frozen=True, kw_only=True, eq=False)
class Answered:
    """Predictions of one model (or baseline) over the seeds of a study, on the same rows.

    on: "out of fold" or "test". network, weights: "" for baselines.
    """

    title: str
    on: str
    runs: tuple[Predictions, ...]
    network: str = ""
    weights: str = ""
    depth: str = ""

    @property
    def is_baseline(self) -> bool:
        """Whether it saw no pixels."""
        return not self.network


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """`model` minus `other` in one metric, decided by one rule, paired over patients."""

    model: str
    other: str
    on: str
    decision: Rule
    difference: PairedDifference


@dataclass(frozen=True, kw_only=True, eq=False)
class Findings:
    """Everything answered, the table of figures with intervals, and the paired comparisons that matter."""

    answered: tuple[Answered, ...]
    table: tuple[ResultRow, ...]
    contrasts: tuple[Contrast, ...]


def find(outcome: StudyOutcome, *, n_resamples: int = 2000) -> Findings:
    """Evaluate a study: on held-out subjects where there are any, and pooled out of fold."""
    answered = tuple(item for on in _evaluated_on(outcome) for item in answers(outcome, on))
    rules = decision_rules(outcome.task)
    candidates = [
        Candidate(
            model=f"{item.title} [{item.on}]",
            decision=rule,
            arm=item.runs,
            y_pred=[decode(run, outcome.task, rule) for run in item.runs],
        )
        for item in answered
        for rule in rules
    ]
    table = result_table(candidates, n=n_resamples)
    contrasts = [
        _contrast(model, other, outcome.task, rule, n_resamples) for model, other in _pairs(answered) for rule in rules
    ]
    return Findings(answered=answered, table=table, contrasts=tuple(contrasts))


def decision_rules(task: Task) -> tuple[Rule, ...]:
    """How a task's scores become classes: alone, and jointly where the classes follow each other along a stack."""
    return ("argmax", "stack") if task.along_stack else ("argmax",)


def answers(outcome: StudyOutcome, on: str) -> list[Answered]:
    """Models and baselines evaluated on the same rows, models first."""
    models = [
        Answered(
            title=title,
            on=on,
            runs=tuple(_predictions(stage, on) for stage in stages),
            network=stages[0].network,
            weights=stages[0].weights,
            depth=str(stages[0].depth),
        )
        for title, stages in outcome.by_title().items()
    ]
    stages = next(iter(outcome.by_title().values()))
    baselines = [
        Answered(title=f"baseline: {kind}", on=on, runs=tuple(_baseline(stage, on, kind) for stage in stages))
        for kind in BASELINES
    ]
    return [*models, *baselines]


def best_title(outcome: StudyOutcome) -> str:
    """The model with the lowest validation loss at its choice, mean over seeds: chosen without the figures reported."""
    losses = {title: np.mean([stage.choice.value for stage in stages]) for title, stages in outcome.by_title().items()}
    return min(losses, key=lambda title: losses[title])


def _evaluated_on(outcome: StudyOutcome) -> tuple[str, ...]:
    return ("test", "out of fold") if outcome.stages[0].test is not None else ("out of fold",)


def _predictions(stage: StageOutcome, on: str) -> Predictions:
    return stage.test if on == "test" and stage.test is not None else stage.out_of_fold


def _baseline(stage: StageOutcome, on: str, kind: str) -> Predictions:
    """Fitted in the same folds, or on all training samples for the test set."""
    if on == "test" and stage.test is not None:
        table = Predictions.joined([stage.out_of_fold, stage.test])
        n_training = len(stage.out_of_fold)
        folds = [(np.arange(n_training), np.arange(n_training, len(table)))]
    else:
        table = stage.out_of_fold
        folds = _folds(table.fold)
    return baseline_predictions(table, folds, kind)  # type: ignore[arg-type]  # kinds come from the table of baselines


def _folds(fold: NDArray[np.int64]) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    return [(np.flatnonzero(fold != index), np.flatnonzero(fold == index)) for index in np.unique(fold)]


def _pairs(answered: Sequence[Answered]) -> list[tuple[Answered, Answered]]:
    """Each model against the position baseline, and pretrained against random weights of the same network and depth."""
    pairs = []
    for item in answered:
        peers = [other for other in answered if other.on == item.on]
        if not item.is_baseline:
            pairs += [(item, other) for other in peers if other.title == "baseline: position"]
        if item.network and item.weights != "random":
            same = (item.network, item.depth)
            pairs += [(item, o) for o in peers if o.weights == "random" and (o.network, o.depth) == same]
    return pairs


def _contrast(model: Answered, other: Answered, task: Task, rule: Rule, n_resamples: int) -> Contrast:
    difference = paired_difference(
        model.runs,
        other.runs,
        HEADLINE,
        y_pred_a=[decode(run, task, rule) for run in model.runs],
        y_pred_b=[decode(run, task, rule) for run in other.runs],
        n=n_resamples,
    )
    return Contrast(model=model.title, other=other.title, on=model.on, decision=rule, difference=difference)
