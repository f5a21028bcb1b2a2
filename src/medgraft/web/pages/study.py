"""One study on one set, decided in one way: its table, and of a model the curves, the confusion and every stack."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode

import numpy as np
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup
from numpy.typing import NDArray

from medgraft.core.duration import duration
from medgraft.core.errors import ProjectError
from medgraft.web.charts import (
    StripRow,
    class_colours,
    confusion_table,
    difference_whisker,
    rate_curves,
    reach_of,
    strip,
)
from medgraft.web.pages.rail import fragment
from medgraft.web.pages.result_table import result_table
from medgraft.web.pages.studies import BASELINES, DECISIONS
from medgraft.web.pages.study_cards import headline_of
from medgraft.web.pages.trouble import trouble
from medgraft.web.place import Place
from medgraft.workspace import Project
from medgraft.workspace.kept.study_results import ContrastLine, StudyModel, StudyResults, study_results
from medgraft.workspace.studies.answers import AnswerTable, answer_table


@dataclass(frozen=True, kw_only=True)
class RatePanel:
    """Curves of one learning rate."""

    rate: float
    chosen: bool
    curves: Markup


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """A paired difference to another model or a baseline, drawn. other: which one, for people."""

    line: ContrastLine
    other: str
    drawn: Markup


@dataclass(frozen=True, kw_only=True)
class ModelPanel:
    """What the page shows of one model on one set, decided in one way.

    contrasts: to other models. wrong, right: stacks with and without an error, as rows; n_wrong, n_right: how many
    there are.
    """

    model: StudyModel
    on: str
    decision: str
    rates: tuple[RatePanel, ...]
    confusion: Markup
    contrasts: tuple[Contrast, ...]
    wrong: Markup
    right: Markup
    n_wrong: int
    n_right: int
    n_images: int
    n_errors: int


def add_page(app: FastAPI, place: Place) -> None:
    """Add the page, and the colours of its classes."""

    @app.get("/studies/{name}", include_in_schema=False)
    def study_page(name: str, model: str | None = None, on: str | None = None, decision: str | None = None) -> Response:
        try:
            results = study_results(place.project, name)
            panel = model_panel(place.project, results, model or results.best, on=on, decision=decision)
        except ProjectError as error:
            return trouble("/studies", "The study", error)
        return HTMLResponse(
            fragment(
                "study.html",
                here="/studies",
                title=name,
                study=results,
                table=result_table(results, panel.on, panel.decision),
                panel=panel,
                decisions=DECISIONS,
                duration=duration,
            )
        )

    @app.get("/studies/{name}/classes.css", include_in_schema=False)
    def classes(name: str) -> Response:
        colours = [item.colour for item in study_results(place.project, name).task.classes]
        return Response(class_colours(colours), media_type="text/css")

    @app.get("/studies/{name}/", include_in_schema=False)
    def study_slash(name: str) -> Response:
        return RedirectResponse(f"/studies/{quote(name)}", 303)


def model_panel(
    project: Project, results: StudyResults, model: str, *, on: str | None, decision: str | None
) -> ModelPanel:
    """What is shown of a model. Raises `ProjectError` for an unknown model or set."""
    found = results.model(model)
    usual_set, usual_decision = headline_of(results)
    table = answer_table(project, results.name, found.id, on or usual_set)
    chosen = decision if decision in results.decisions else usual_decision
    answers = table.joint if chosen == "stack" and table.joint is not None else table.plain
    rows = sorted(_strip_rows(table, answers, chosen), key=lambda row: (-row.errors, row.subject, row.phase))
    wrong, right = [row for row in rows if row.errors], [row for row in rows if not row.errors]
    codes = results.task.codes
    return ModelPanel(
        model=found,
        on=table.on,
        decision=chosen,
        rates=_rate_panels(found),
        confusion=confusion_table(
            _counts(table, answers), codes, link=lambda truth, answer: _cell_link(table, chosen, truth, answer)
        ),
        contrasts=_contrasts(results, found.title, table.on, chosen),
        wrong=strip(wrong, codes),
        right=strip(right, codes),
        n_wrong=len(wrong),
        n_right=len(right),
        n_images=len(table.rows),
        n_errors=int((answers != table.rows.y_true).sum()),
    )


def predictions_link(study: str, model: str, **filters: object) -> str:
    """Where a model's answers are looked at, with filters set."""
    query = urlencode({"model": model, **{name: value for name, value in filters.items() if value is not None}})
    return f"/studies/{quote(study)}/predictions?{query}"


def _rate_panels(model: StudyModel) -> tuple[RatePanel, ...]:
    losses = np.concatenate([model.train_loss.ravel(), model.validation_loss.ravel()])
    finite = losses[np.isfinite(losses)]
    # One fold that diverges must not flatten all other curves.
    top = 1.05 * float(np.percentile(finite, 99)) if finite.any() else 1.0
    return tuple(
        RatePanel(
            rate=rate,
            chosen=rate == model.rate,
            curves=rate_curves(
                model.train_loss[at],
                model.validation_loss[at],
                model.validation_accuracy[at],
                top=top,
                chosen=model.epoch if rate == model.rate else None,
            ),
        )
        for at, rate in enumerate(model.rates)
    )


def _contrasts(results: StudyResults, model: str, on: str, decision: str) -> tuple[Contrast, ...]:
    wanted = (model, on, decision)
    lines = [line for line in results.contrasts if (line.model, line.on, line.decision) == wanted]
    reach = reach_of([end for line in lines for end in (line.value, line.low, line.high)])
    return tuple(
        Contrast(
            line=line,
            other=BASELINES.get(line.other, line.other),
            drawn=difference_whisker(line.value, line.low, line.high, reach=reach),
        )
        for line in lines
    )


def _counts(table: AnswerTable, answers: NDArray[np.int64]) -> NDArray[np.int64]:
    n_classes = len(table.task.codes)
    cells = np.bincount(table.rows.y_true * n_classes + answers, minlength=n_classes**2)
    return np.asarray(cells.reshape(n_classes, n_classes), np.int64)


def _cell_link(table: AnswerTable, decision: str, truth: int, answer: int) -> str:
    codes = table.task.codes
    return predictions_link(
        table.study,
        table.model,
        on=table.on,
        decision=decision,
        truth=codes[truth],
        answer=codes[answer],
        view="images",
    )


def _strip_rows(table: AnswerTable, answers: NDArray[np.int64], decision: str) -> list[StripRow]:
    rows = table.rows
    return [
        StripRow(
            subject=str(rows.subject[at[0]]),
            phase=str(rows.phase[at[0]]).upper(),
            truth=tuple(rows.y_true[at].tolist()),
            answer=tuple(answers[at].tolist()),
            link=predictions_link(
                table.study,
                table.model,
                on=table.on,
                decision=decision,
                stack=str(rows.stack[at[0]]),
                phase=str(rows.phase[at[0]]),
            ),
        )
        for at in rows.stacks()
    ]
