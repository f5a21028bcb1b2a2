"""What the newest model of a project thinks of its own stacks: of each, one that has not trained on its patient."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import yaml

from medgraft.core.predictions import Predictions
from medgraft.workspace.kept.study_list import STAGES, STUDY_FILE, study_states
from medgraft.workspace.kept.study_results import model_tables, study_results
from medgraft.workspace.project import Project


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelAnswers:
    """A finished study's best model, by the rule that chose it, and its answers out of fold and on the test set."""

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
    finished = [(_ended(project, name), name) for name in _finished(project, task)]
    return _answers(project, max(finished)[1], max(finished)[0]) if finished else None


def has_answers(project: Project, task: str) -> bool:
    """Whether `newest_answers` would give any; this reads no results."""
    return bool(_finished(project, task))


def opinion_on(project: Project, answers: ModelAnswers, *, stack: str, phase: int) -> Opinion | None:
    """The opinion on one phase of a stack, None where the model was not asked about it.

    Raises `NotFoundError` for an unknown stack.
    """
    with project.cohort() as cohort:
        entry = cohort.entry(stack)
    table = answers.predictions
    rows = np.flatnonzero((table.stack == stack) & (table.phase == entry.phase_name(phase)))
    stored = [entry.base_to_apex[at] for at in table.slice[rows].tolist()]
    scores = [dict(zip(table.classes, row, strict=True)) for row in table.y_score[rows].tolist()]
    probabilities = dict(sorted(zip(stored, scores, strict=True)))
    return Opinion(study=answers.study, model=answers.model, probabilities=probabilities) if probabilities else None


def _finished(project: Project, task: str) -> list[str]:
    names = [state.name for state in study_states(project) if state.finished]
    return [name for name in names if _task_of(project, name) == task]


def _task_of(project: Project, name: str) -> object:
    study = yaml.safe_load((project.studies / name / STUDY_FILE).read_text(encoding="utf-8"))
    return study.get("task") if isinstance(study, dict) else None


def _ended(project: Project, name: str) -> int:
    return (project.studies / name / STAGES).stat().st_mtime_ns


@lru_cache(maxsize=8)
def _answers(project: Project, name: str, _ended: int) -> ModelAnswers:
    results = study_results(project, name)
    best = results.model(results.best)
    parts = dict(model_tables(results, best))
    tables = [parts[on] for on in ("out of fold", "test") if on in parts]
    return ModelAnswers(study=name, model=best.title, predictions=Predictions.joined(tables))
