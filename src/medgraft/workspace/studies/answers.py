"""What a model of a study answered, image by image, as a table for looking at errors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgraft.core.cohort import StackEntry
from medgraft.core.predictions import Predictions
from medgraft.core.task import Task
from medgraft.decoding import decode
from medgraft.workspace.kept.study_results import model_predictions, study_results
from medgraft.workspace.project import Project


@dataclass(frozen=True, kw_only=True, eq=False)
class AnswerTable:
    """Answers of one model, N rows of K classes.

    rows: with truth and scores; slices count from the base. plain: (N,) the class of the highest score. joint: (N,) the
    class when each stack is decided as one, None where the task has no order along the stack.
    stored: (N,) the slice as it is stored; phase_at: (N,) the phase on T; both -1 where the stack is gone.
    """

    study: str
    model: str
    on: str
    task: Task
    rows: Predictions
    plain: NDArray[np.int64]
    joint: NDArray[np.int64] | None
    stored: NDArray[np.int64]
    phase_at: NDArray[np.int64]


def answer_table(project: Project, study: str, model: str, on: str) -> AnswerTable:
    """The answers of a model of a finished study on one of its sets.

    Raises `ProjectError` if there is no such study, model or set.
    """
    results = study_results(project, study)
    rows = model_predictions(results.model(model), on)
    stored, phase_at = stored_places(project, rows)
    return AnswerTable(
        study=study,
        model=model,
        on=on,
        task=results.task,
        rows=rows,
        plain=rows.y_pred,
        joint=decode(rows, results.task, "stack") if results.task.along_stack else None,
        stored=stored,
        phase_at=phase_at,
    )


def stored_places(project: Project, rows: Predictions) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the image of each row is stored: its slice on Z and its phase on T, -1 where the stack is gone."""
    with project.cohort() as cohort:
        entries = {entry.id: entry for entry in cohort.entries()}
    asked = zip(rows.stack.tolist(), rows.phase.tolist(), rows.slice.tolist(), strict=True)
    places = [_place(entries.get(stack), phase, at) for stack, phase, at in asked]
    both = np.asarray(places, np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _place(entry: StackEntry | None, phase: str, at: int) -> tuple[int, int]:
    if entry is None:
        return -1, -1
    try:
        return entry.base_to_apex[at], entry.phase_index(phase)
    except (IndexError, KeyError):  # the stack has changed since
        return -1, -1
