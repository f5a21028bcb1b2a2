"""Two studies side by side: their models' figures on one scale, and two models paired over patients."""

import math
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from medgraft.core.errors import InputError, MedgraftError
from medgraft.core.predictions import HEADLINE
from medgraft.web.charts import difference_whisker, reach_of, whisker
from medgraft.web.pages.rail import fragment
from medgraft.web.pages.studies import DECISIONS
from medgraft.web.pages.study_cards import common_scale, headline_of
from medgraft.web.pages.trouble import trouble
from medgraft.web.place import Place
from medgraft.workspace import Project, study_states
from medgraft.workspace.kept.study_results import Figure, StudyResults, study_results
from medgraft.workspace.studies.comparison import ModelChoice, PairedDifference, StudyComparison, compare_models


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two studies: its models with their figure, drawn on a scale, and the one that is compared."""

    study: StudyResults
    scale: tuple[float, float]
    rows: tuple[tuple[str, str, Figure, Markup], ...]
    chosen: str


@dataclass(frozen=True, kw_only=True)
class Paired:
    """One figure of both models, and their difference."""

    title: str
    difference: PairedDifference
    drawn: Markup


def add_page(app: FastAPI, place: Place) -> None:
    """Add the page."""

    @app.get("/compare", include_in_schema=False)
    def compare_page(a: str = "", b: str = "", model_a: str = "", model_b: str = "", decision: str = "") -> Response:
        names = _finished(place.project)
        try:
            found = [study_results(place.project, name) for name in _two(names, a, b)]
        except MedgraftError as error:
            return trouble("/studies", "The comparison", error)
        on = next((on for on in found[0].sets if on in found[1].sets), found[0].sets[0])
        decided = decision if decision in found[0].decisions else headline_of(found[0])[1]
        sides = _sides(found, (model_a, model_b), on, decided)
        comparison, problem = _paired(place.project, sides, on, decided)
        return HTMLResponse(
            fragment(
                "compare.html",
                here="/studies",
                title="Compare",
                names=names,
                sides=sides,
                on=on,
                decision=decided,
                decisions=DECISIONS,
                comparison=comparison,
                differences=_drawn(comparison),
                problem=problem,
            )
        )


def _finished(project: Project) -> tuple[str, ...]:
    return tuple(state.name for state in study_states(project) if state.finished)


def _two(names: tuple[str, ...], a: str, b: str) -> tuple[str, str]:
    """The two that were asked for, or the first two."""
    if not names:
        raise InputError("Expected a finished study to compare, got none. Do: run one.")
    first = a or names[0]
    return first, b or next((name for name in names if name != first), first)


def _sides(found: list[StudyResults], models: tuple[str, str], on: str, decision: str) -> tuple[Side, ...]:
    figures = [[_figure(study, model.title, on, decision) for model in study.models] for study in found]
    scale = common_scale([figure for part in figures for figure in part])
    return tuple(
        Side(
            study=study,
            scale=scale,
            chosen=wanted if wanted in [model.id for model in study.models] else study.best,
            rows=tuple(
                (model.id, model.title, figure, whisker(figure.value, figure.low, figure.high, scale=scale))
                for model, figure in zip(study.models, part, strict=True)
            ),
        )
        for study, part, wanted in zip(found, figures, models, strict=True)
    )


def _figure(study: StudyResults, title: str, on: str, decision: str) -> Figure:
    line = study.line(title, on, decision)
    return line.figures[HEADLINE] if line else Figure(value=None, low=None, high=None)


def _paired(project: Project, sides: tuple[Side, ...], on: str, decision: str) -> tuple[StudyComparison | None, str]:
    """The comparison, or why there is none."""
    a, b = (ModelChoice(study=side.study.name, model=side.chosen) for side in sides)
    try:
        return compare_models(project, a, b, on=on, decision="stack" if decision == "stack" else "argmax"), ""
    except MedgraftError as error:
        return None, str(error)


def _drawn(comparison: StudyComparison | None) -> tuple[Paired, ...]:
    if comparison is None:
        return ()
    reach = reach_of(end for item in comparison.differences for end in (item.low, item.high, item.value))
    return tuple(
        Paired(
            title=_title(item.metric),
            difference=item,
            drawn=difference_whisker(item.value, _defined(item.low), _defined(item.high), reach=reach),
        )
        for item in comparison.differences
    )


def _defined(end: float) -> float | None:
    return end if math.isfinite(end) else None


def _title(metric: str) -> str:
    """A figure's name as people read it.

    >>> _title("macro_f1"), _title("f1_OAP"), _title("accuracy")
    ('Macro F1', 'F1 OAP', 'Accuracy')
    """
    if metric == HEADLINE:
        return "Macro F1"
    return f"F1 {metric.removeprefix('f1_')}" if metric.startswith("f1_") else metric.capitalize()
