"""Two models of a project's studies beside each other, on the images that both answered for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.core.predictions import HEADLINE, Predictions
from medgraft.decoding import Rule, decode
from medgraft.evaluation import PairedDifference, paired_difference
from medgraft.workspace.kept.study_results import model_predictions, study_results
from medgraft.workspace.project import Project

#: Also what callers get back.
__all__ = ["ModelChoice", "PairedDifference", "StudyComparison", "compare_models"]

_RESAMPLES = 1000


@dataclass(frozen=True, kw_only=True)
class ModelChoice:
    """One model of one study."""

    study: str
    model: str


@dataclass(frozen=True, kw_only=True)
class StudyComparison:
    """`a` minus `b`, paired over patients, at the first seed of each.

    images, subjects: that both answered for. only_a, only_b: images that just one of them answered for.
    differences: by the name of the figure.
    """

    images: int
    subjects: int
    only_a: int
    only_b: int
    differences: tuple[PairedDifference, ...]


def compare_models(
    project: Project, a: ModelChoice, b: ModelChoice, *, on: str, decision: Rule = "argmax"
) -> StudyComparison:
    """How much better model `a` is than model `b`, on the images that both answered for with the same truth.

    Raises:
        ProjectError: no such study, model or set. InputError: other classes, or no image in common.
    """
    results = [study_results(project, choice.study) for choice in (a, b)]
    task = results[0].task
    if results[1].task.codes != task.codes:
        raise InputError(f"Expected studies of one question, got {task.name} and {results[1].task.name}.")
    tables = [model_predictions(found.model(choice.model), on) for found, choice in zip(results, (a, b), strict=True)]
    # Of whole stacks, as each model decides them; what both answered for may be part of a stack.
    answers = [decode(table, task, decision) for table in tables]
    in_a, in_b = _shared(*tables)
    if not in_a.any():
        raise InputError(f"Expected images that both models answered for ({on}), got none in common.")
    rows_a, rows_b = tables[0].rows(in_a), tables[1].rows(in_b)
    names = (HEADLINE, "accuracy", *(f"f1_{code}" for code in task.codes))
    return StudyComparison(
        images=len(rows_a),
        subjects=len(np.unique(rows_a.subject)),
        only_a=len(tables[0]) - len(rows_a),
        only_b=len(tables[1]) - len(rows_b),
        differences=tuple(
            paired_difference(rows_a, rows_b, name, y_pred_a=answers[0][in_a], y_pred_b=answers[1][in_b], n=_RESAMPLES)
            for name in names
        ),
    )


def _shared(a: Predictions, b: Predictions) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which rows of each table speak about an image of the other with the same truth."""
    keys_a, keys_b = _keys(a), _keys(b)
    both = set(keys_a) & set(keys_b)
    return _in(keys_a, both), _in(keys_b, both)


def _keys(rows: Predictions) -> list[tuple[str, str, int, int]]:
    columns = (rows.stack.tolist(), rows.phase.tolist(), rows.slice.tolist(), rows.y_true.tolist())
    return list(zip(*columns, strict=True))


def _in(keys: list[tuple[str, str, int, int]], wanted: set[tuple[str, str, int, int]]) -> NDArray[np.bool_]:
    return np.asarray([key in wanted for key in keys], bool)
