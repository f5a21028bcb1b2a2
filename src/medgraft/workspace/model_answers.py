"""What the newest model of a project thinks of its own stacks, out of fold: it has not trained on their patients."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from medgraft.core.predictions import Predictions
from medgraft.workspace.project import Project
from medgraft.workspace.study_list import study_states


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelAnswers:
    """The best model of a finished study, by the rule that chose it, and its out-of-fold answers."""

    study: str
    model: str
    predictions: Predictions


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """What a model thinks of one phase of a stack: probabilities by slice as stored, then by class code."""

    study: str
    model: str
    probabilities: Mapping[int, Mapping[str, float]]


def newest_answers(project: Project, task: str) -> ModelAnswers | None:
    """The answers of the study on a task that ended last, None if there is none.

    Raises `ProjectError` where a study's results are damaged.
    """
    finished = [(_ended(project, state.name), state.name) for state in study_states(project) if state.finished]
    answers = (_answers(project, name, ended) for ended, name in sorted(finished, reverse=True))
    return next((found for task_of, found in answers if task_of == task), None)


def opinion_on(project: Project, answers: ModelAnswers, *, stack: str, phase: int) -> Opinion | None:
    """The opinion on one phase of a stack, None where the model was not asked about it.

    Raises `InputError` for an unknown stack.
    """
    with project.cohort() as cohort:
        entry = cohort.entry(stack)
    table = answers.predictions
    rows = np.flatnonzero((table.stack == stack) & (table.phase == entry.phase_name(phase)))
    # Predictions count slices from the base; stacks keep them as stored.
    last = entry.shape[1] - 1
    stored = [last - at if entry.base_first is False else at for at in table.slice[rows].tolist()]
    scores = [dict(zip(table.classes, row, strict=True)) for row in table.y_score[rows].tolist()]
    probabilities = dict(sorted(zip(stored, scores, strict=True)))
    return Opinion(study=answers.study, model=answers.model, probabilities=probabilities) if probabilities else None


def _ended(project: Project, name: str) -> int:
    return (project.studies / name / "results" / "stages.json").stat().st_mtime_ns


@lru_cache(maxsize=8)
def _answers(project: Project, name: str, _ended: int) -> tuple[str, ModelAnswers]:
    # A study's results load torch, so only where a study has ended.
    from medgraft.study.findings import best_title  # noqa: PLC0415 - see above
    from medgraft.workspace.studying import study_outcome  # noqa: PLC0415 - see above

    outcome = study_outcome(project, name)
    title = best_title(outcome)
    stage = outcome.by_title()[title][0]
    return outcome.task.name, ModelAnswers(study=name, model=title, predictions=stage.out_of_fold)
