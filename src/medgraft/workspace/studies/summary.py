"""A finished study in a few words: one row per model and way of deciding, and which model it chose."""

from dataclasses import dataclass

import numpy as np

from medgraft.core.task import Task
from medgraft.evaluation import Interval
from medgraft.report import against_baseline
from medgraft.study import Findings, StudyOutcome
from medgraft.study.findings import best_title, decision_rules

#: Also the figures that callers get back.
__all__ = ["Interval", "StudyRow", "StudySummary", "study_summary"]


@dataclass(frozen=True, kw_only=True)
class StudyRow:
    """One model of a finished study, decided in one way, in a few words."""

    model: str
    decision: str
    macro_f1: Interval
    accuracy: Interval


@dataclass(frozen=True, kw_only=True)
class StudySummary:
    """A finished study.

    best: chosen by validation loss alone. verdict: whether it beats a rule that sees no pixels. unlabelled: classes
    that no image shows. lost: models whose training diverged, and where. folder: its place in the project.
    """

    name: str
    subjects: int
    images: int
    best: str
    verdict: str
    unlabelled: tuple[str, ...]
    rows: tuple[StudyRow, ...]
    lost: tuple[str, ...]
    folder: str


def study_summary(outcome: StudyOutcome, findings: Findings) -> StudySummary:
    """The figures of a study in a few words, with how many subjects and images it was run on."""
    stage = outcome.stages[0]
    parts = [part for part in (stage.out_of_fold, stage.test) if part is not None]
    best = best_title(outcome)
    seen = np.unique(np.concatenate([part.y_true for part in parts]))
    return StudySummary(
        name=outcome.study.name,
        subjects=sum(len(np.unique(part.subject)) for part in parts),
        images=sum(len(part) for part in parts),
        best=best,
        verdict=_verdict(findings, best, outcome.task),
        unlabelled=tuple(code for label, code in enumerate(outcome.task.codes) if label not in seen),
        rows=tuple(
            StudyRow(
                model=row.model,
                decision=row.decision,
                macro_f1=row.figures["macro_f1"],
                accuracy=row.figures["accuracy"],
            )
            for row in findings.table
        ),
        lost=tuple(item.text for item in outcome.lost),
        folder=f"studies/{outcome.study.name}",
    )


def _verdict(findings: Findings, best: str, task: Task) -> str:
    """As in the report: on held-out subjects where there are any, stacks as a whole where classes follow along them."""
    on, rule = findings.answered[0].on, decision_rules(task)[-1]
    baselines = [item.title for item in findings.answered if item.is_baseline]
    return next(
        against_baseline(item.other, item.difference).text
        for item in findings.contrasts
        if (item.model, item.on, item.decision) == (best, on, rule) and item.other in baselines
    )
