"""The Models page: a card per package: where it comes from, what goes in, how well it did, whether it is intact."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from medgraft.core.errors import ProjectError
from medgraft.web.charts import whisker
from medgraft.web.pages.rail import fragment
from medgraft.web.pages.studies import DECISIONS
from medgraft.web.place import Place
from medgraft.workspace import Project, list_cohort
from medgraft.workspace.kept.packages import PackageCard, package_cards
from medgraft.workspace.kept.study_results import HEADLINE, Figure, StudyResults, study_results

#: The figures of a card, by metric, for people.
_METRICS = {HEADLINE: "macro F1", "balanced_accuracy": "balanced accuracy", "accuracy": "accuracy"}


@dataclass(frozen=True, kw_only=True)
class FigureRow:
    """One figure of a model with its interval, drawn on a scale from 0 to 1."""

    metric: str
    on: str
    decision: str
    figure: Figure
    dots: Markup


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """One model.

    is_best: has the lowest validation loss of its study. figures: headline is the one that stands for all, if there are
    any. subjects: that they speak about.
    """

    package: PackageCard
    is_best: bool
    figures: tuple[FigureRow, ...]
    subjects: int
    error: str = ""

    @property
    def headline(self) -> FigureRow | None:
        """Macro F1, of whole stacks where they were decided as such."""
        return next((row for row in reversed(self.figures) if row.metric == _METRICS[HEADLINE]), None)


def add_page(app: FastAPI, place: Place) -> None:
    """Add the page."""

    @app.get("/models", include_in_schema=False)
    def models_page() -> HTMLResponse:
        cards = model_cards(place.project)
        sites = sorted({row.site for row in list_cohort(place.project).stacks if row.site})
        return HTMLResponse(fragment("models.html", here="/models", title="Models", cards=cards, sites=sites))


def model_cards(project: Project) -> tuple[ModelCard, ...]:
    """A card per package: newest study first, in it the best model first."""
    packages = package_cards(project)
    results = {(kind, name): _results(project, kind, name) for kind, name in {_origin(package) for package in packages}}
    ended = {origin: found.ended if isinstance(found, StudyResults) else 0.0 for origin, found in results.items()}
    cards = [_card(package, results[_origin(package)]) for package in packages]
    return tuple(sorted(cards, key=lambda card: (-ended[_origin(card.package)], not card.is_best, card.package.model)))


def _origin(package: PackageCard) -> tuple[str, str]:
    return package.kind, package.study


def _results(project: Project, kind: str, study: str) -> StudyResults | str:
    """A study's results, or why there are none: a package is shown all the same."""
    if kind == "curve":
        return "Its figures are those of its learning curve, on the Sites page."
    try:
        return study_results(project, study)
    except ProjectError as error:
        return str(error)


def _card(package: PackageCard, results: StudyResults | str) -> ModelCard:
    if isinstance(results, str):
        return ModelCard(package=package, is_best=False, figures=(), subjects=0, error=results)
    on = results.sets[0]
    lines = {decision: results.line(package.title, on, decision) for decision in results.decisions}
    rows = [
        _row(metric, on, decision, line.figures)
        for metric in _METRICS
        for decision, line in lines.items()
        if line is not None and metric in line.figures
    ]
    subjects = max((line.subjects for line in lines.values() if line is not None), default=0)
    return ModelCard(package=package, is_best=results.best == package.model, figures=tuple(rows), subjects=subjects)


def _row(metric: str, on: str, decision: str, figures: Mapping[str, Figure]) -> FigureRow:
    figure = figures[metric]
    return FigureRow(
        metric=_METRICS[metric],
        on=on,
        decision=DECISIONS[decision],
        figure=figure,
        dots=whisker(figure.value, figure.low, figure.high, scale=(0.0, 1.0)),
    )
