"""The Models page: a card per package: its lineage, input, annotation rules, data and figures; whether it is intact."""

from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from medgraft.core.errors import ProjectError
from medgraft.core.predictions import HEADLINE
from medgraft.web.charts import whisker
from medgraft.web.pages.rail import fragment
from medgraft.web.pages.studies import DECISIONS
from medgraft.web.place import Place
from medgraft.workspace import Project, list_cohort
from medgraft.workspace.kept.packages import PackageCard, package_cards
from medgraft.workspace.kept.study_results import Figure, StudyResults, study_results

#: The figures of a study's results, by metric, for people.
_METRICS = {HEADLINE: "macro F1", "balanced_accuracy": "balanced accuracy", "accuracy": "accuracy"}

#: The one figure of a card that stands for all, whether a study's results or the package itself say it.
_HEADLINES = {_METRICS[HEADLINE], "test Dice"}


@dataclass(frozen=True, kw_only=True)
class FigureRow:
    """One figure of a model with its interval, drawn on a scale from 0 to 1. decision: "" where it has none."""

    metric: str
    decision: str
    figure: Figure
    dots: Markup


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """One model.

    is_best: has the lowest validation loss of its study. figures: of its study's results; where there are none, those
    that the package says of itself. on: what they are of. subjects: that they speak about. error: why a study's results
    cannot be read.
    """

    package: PackageCard
    is_best: bool = False
    figures: tuple[FigureRow, ...]
    on: str
    subjects: int
    error: str = ""

    @property
    def headline(self) -> FigureRow | None:
        """Macro F1, of whole stacks where they were decided as such; mean Dice of a model that segments."""
        return next((row for row in reversed(self.figures) if row.metric in _HEADLINES), None)


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
    studies = {package.study for package in packages if package.kind == "study"}
    results = {("study", name): _results(project, name) for name in studies}
    ended = {origin: found.ended for origin, found in results.items() if isinstance(found, StudyResults)}
    cards = [_card(package, results.get(_origin(package), "")) for package in packages]
    return tuple(
        sorted(cards, key=lambda card: (-ended.get(_origin(card.package), 0), not card.is_best, card.package.model))
    )


def _origin(package: PackageCard) -> tuple[str, str]:
    return package.kind, package.study


def _results(project: Project, study: str) -> StudyResults | str:
    """A study's results, or why there are none: a package is shown all the same."""
    try:
        return study_results(project, study)
    except ProjectError as error:
        return str(error)


def _card(package: PackageCard, results: StudyResults | str) -> ModelCard:
    """results: of the package's study; why they cannot be read, "" for a package that is of none."""
    if isinstance(results, str):
        rows = [_row(name, "", figure) for name, figure in package.figures.items()]
        return ModelCard(
            package=package, figures=tuple(rows), on="as the package says", subjects=package.subjects, error=results
        )
    on = results.sets[0]
    lines = {decision: results.line(package.title, on, decision) for decision in results.decisions}
    rows = [
        _row(_METRICS[metric], DECISIONS[decision], line.figures[metric])
        for metric in _METRICS
        for decision, line in lines.items()
        if line is not None and metric in line.figures
    ]
    subjects = max((line.subjects for line in lines.values() if line is not None), default=0)
    is_best = results.best == package.model
    return ModelCard(package=package, is_best=is_best, figures=tuple(rows), on=on, subjects=subjects)


def _row(metric: str, decision: str, figure: Figure) -> FigureRow:
    dots = whisker(figure.value, figure.low, figure.high, scale=(0.0, 1.0))
    return FigureRow(metric=metric, decision=decision, figure=figure, dots=dots)
