"""A finished study in a few words: one row per model and way of deciding, and which model it chose."""

from dataclasses import dataclass

import numpy as np

from medgraft.evaluation import Interval
from medgraft.study import Findings, StudyOutcome
from medgraft.study.findings import best_title

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

    best: chosen by validation loss alone. lost: models whose training diverged, and where. folder: its place in the
    project.
    """

    name: str
    subjects: int
    images: int
    best: str
    rows: tuple[StudyRow, ...]
    lost: tuple[str, ...]
    folder: str


def study_summary(outcome: StudyOutcome, findings: Findings) -> StudySummary:
    """The figures of a study in a few words, with how many subjects and images it was run on."""
    stage = outcome.stages[0]
    parts = [part for part in (stage.out_of_fold, stage.test) if part is not None]
    return StudySummary(
        name=outcome.study.name,
        subjects=sum(len(np.unique(part.subject)) for part in parts),
        images=sum(len(part) for part in parts),
        best=best_title(outcome),
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
