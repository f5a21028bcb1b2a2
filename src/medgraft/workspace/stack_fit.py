"""Whether stacks look like those that a model was trained on: size, spacing, phases, side by side."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from medgraft.core.errors import ProjectError
from medgraft.workspace.cohort_list import StackRow, list_cohort
from medgraft.workspace.project import Project
from medgraft.workspace.study_results import SETS, StudyModel, model_predictions, study_results

#: What is compared: its name, unit, and value, None where a stack does not know it.
_FACTS: Mapping[str, tuple[str, Callable[[StackRow], float | None]]] = {
    "pixel": ("mm", lambda row: row.spacing[2] if row.spacing else None),
    "between slices": ("mm", lambda row: row.spacing[0] if row.spacing else None),
    "field of view": ("mm", lambda row: row.spacing[2] * row.columns if row.spacing else None),
    "columns": ("pixels", lambda row: float(row.columns)),
    "rows": ("pixels", lambda row: float(row.rows)),
    "slices": ("", lambda row: float(row.slices)),
    "phases": ("", lambda row: float(row.phases)),
}

#: A value this far outside of the range trained on, as a share of its end, still counts as within.
_SLACK = 0.02


@dataclass(frozen=True, kw_only=True)
class FitRange:
    """One property. low, high: trained on; None where no stack knew it. new_low, new_high: of the others.

    outside: of how many of the other stacks it lies outside or is unknown.
    """

    name: str
    unit: str
    low: float | None
    high: float | None
    new_low: float | None
    new_high: float | None
    outside: int


@dataclass(frozen=True, kw_only=True)
class StackDoubt:
    """A stack on which a model may fail. reasons: in words."""

    stack: str
    subject: str
    site: str | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class StackFit:
    """How the stacks that a model has not trained on compare with those it has.

    trained, others: how many. doubts: those that differ, the most different first.
    """

    trained: int
    others: int
    ranges: tuple[FitRange, ...]
    doubts: tuple[StackDoubt, ...]


def stack_fit(project: Project, study: str, model: str, *, site: str | None = None) -> StackFit:
    """Compare stacks of a project with those that a study's model was trained on.

    Args:
        project: where they are; a new folder is imported first.
        study: a finished study.
        model: a model of it, by its id.
        site: compare stacks of this site only; all that were not trained on if None.

    Raises:
        ProjectError: no such study or model, one that has not ended, or one whose training stacks are gone.
    """
    results = study_results(project, study)
    trained_on = _trained_on(results.model(model), results.sets)
    rows = list_cohort(project).stacks
    trained = [row for row in rows if row.id in trained_on]
    if not trained:
        raise ProjectError(f"Expected the stacks that {study} was trained on in this project, found none of them.")
    others = [row for row in rows if row.id not in trained_on and site in (None, row.site)]
    phases = results.task.phases
    ranges = tuple(_range(name, trained, others) for name in _FACTS)
    doubts = [doubt for row in others if (doubt := _doubt(row, ranges, phases)).reasons]
    return StackFit(
        trained=len(trained),
        others=len(others),
        ranges=ranges,
        doubts=tuple(sorted(doubts, key=lambda doubt: -len(doubt.reasons))),
    )


def _trained_on(model: StudyModel, sets: Sequence[str]) -> set[str]:
    """Stacks that were answered out of fold were trained on in the other folds."""
    answered = [model_predictions(model, on) for on in sets if on in SETS and on != "test"]
    return {str(stack) for table in answered for stack in np.unique(table.stack)}


def _range(name: str, trained: Sequence[StackRow], others: Sequence[StackRow]) -> FitRange:
    unit, value = _FACTS[name]
    (low, high), (new_low, new_high) = _ends([value(row) for row in trained]), _ends([value(row) for row in others])
    outside = sum(not _within(value(row), low, high) for row in others) if low is not None else 0
    return FitRange(name=name, unit=unit, low=low, high=high, new_low=new_low, new_high=new_high, outside=outside)


def _ends(values: Sequence[float | None]) -> tuple[float | None, float | None]:
    known = [value for value in values if value is not None]
    return (min(known), max(known)) if known else (None, None)


def _within(value: float | None, low: float | None, high: float | None) -> bool:
    if value is None or low is None or high is None:
        return False
    return low * (1 - _SLACK) <= value <= high * (1 + _SLACK)


def _doubt(row: StackRow, ranges: Sequence[FitRange], phases: Sequence[str]) -> StackDoubt:
    reasons = [text for one in ranges if (text := _reason(one, _FACTS[one.name][1](row)))]
    if missing := [name.upper() for name in phases if name not in row.named_phases]:
        reasons.append(f"{' and '.join(missing)} not named")
    return StackDoubt(stack=row.id, subject=row.subject, site=row.site, reasons=tuple(reasons))


def _reason(one: FitRange, value: float | None) -> str:
    if one.low is None or _within(value, one.low, one.high):
        return ""
    unit = f" {one.unit}" if one.unit else ""
    return f"{one.name} unknown" if value is None else f"{one.name} {value:.3g}{unit}"
