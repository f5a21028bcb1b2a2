"""What the Studies page shows of each study: how far it is, and one row per network and depth."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from markupsafe import Markup

from medgraft.core.errors import ProjectError
from medgraft.core.predictions import HEADLINE
from medgraft.web.charts import sparkline, whisker
from medgraft.workspace import Project, study_states
from medgraft.workspace.kept.progress import StudyProgress, study_progress
from medgraft.workspace.kept.study_results import Figure, StudyModel, StudyResults, study_results


@dataclass(frozen=True, kw_only=True)
class ModelRow:
    """One network at one depth. curve, dots: drawn; figure: macro F1 with its interval."""

    model: StudyModel
    is_best: bool
    curve: Markup
    figure: Figure
    dots: Markup


@dataclass(frozen=True, kw_only=True)
class StudyCard:
    """One study. results: None where it has not ended, or they cannot be read: error then says why.

    on, decision: what the figures of the rows are of. baseline: the figure of a rule that sees no pixels.
    scale: of all that is drawn.
    """

    name: str
    progress: StudyProgress
    results: StudyResults | None
    error: str = ""
    ended: str = ""
    subjects: int = 0
    images: int = 0
    on: str = ""
    decision: str = ""
    rows: tuple[ModelRow, ...] = ()
    baseline: Figure | None = None
    baseline_dots: Markup | None = None
    scale: tuple[float, float] = (0.0, 1.0)


def study_cards(project: Project) -> tuple[StudyCard, ...]:
    """All studies, those in progress first, then the newest."""
    cards = [_card(project, state.name) for state in study_states(project)]
    return tuple(sorted(cards, key=_order))


def headline_of(results: StudyResults) -> tuple[str, str]:
    """What models are compared on, and how their scores are decided: the test set and whole stacks where there are."""
    decision = "stack" if "stack" in results.decisions else "argmax"
    return results.sets[0], decision


def common_scale(figures: list[Figure]) -> tuple[float, float]:
    """From a round number under the lowest interval up to 1."""
    lows = [figure.low if figure.low is not None else figure.value for figure in figures]
    known = [low for low in lows if low is not None]
    return (max(np.floor(min(known) * 10) / 10, 0.0) if known else 0.0), 1.0


def _card(project: Project, name: str) -> StudyCard:
    progress = study_progress(project, name)
    try:
        results = study_results(project, name)
    except ProjectError as error:
        shown = str(error) if progress.state == "finished" else ""
        return StudyCard(name=name, progress=progress, results=None, error=shown)
    on, decision = headline_of(results)
    rows, baseline, scale = _rows(results, on, decision)
    line = results.line(results.models[0].title, on, decision)
    return StudyCard(
        name=name,
        progress=progress,
        results=results,
        ended=f"{datetime.fromtimestamp(results.ended, UTC):%d %B %Y}",
        subjects=line.subjects if line else 0,
        images=line.images if line else 0,
        on=on,
        decision=decision,
        rows=rows,
        baseline=baseline,
        baseline_dots=whisker(baseline.value, baseline.low, baseline.high, scale=scale) if baseline else None,
        scale=scale,
    )


def _rows(
    results: StudyResults, on: str, decision: str
) -> tuple[tuple[ModelRow, ...], Figure | None, tuple[float, float]]:
    nothing = Figure(value=None, low=None, high=None)
    lines = [results.line(model.title, on, decision) for model in results.models]
    figures = [line.figures[HEADLINE] if line else nothing for line in lines]
    position = results.line("baseline: position", on, "argmax")
    baseline = position.figures[HEADLINE] if position else None
    scale = common_scale([*figures, *([baseline] if baseline else [])])
    rows = tuple(
        ModelRow(
            model=model,
            is_best=model.id == results.best,
            curve=_curve(model),
            figure=figure,
            dots=whisker(figure.value, figure.low, figure.high, scale=scale),
        )
        for model, figure in zip(results.models, figures, strict=True)
    )
    return rows, baseline, scale


def _curve(model: StudyModel) -> Markup:
    mean = model.validation_loss[model.rates.index(model.rate)].mean(axis=0)
    words = f"Mean validation loss at rate {model.rate:g}, {mean[model.epoch - 1]:.2f} at epoch {model.epoch}"
    return sparkline(mean.tolist(), model.epoch, label=words)


def _order(card: StudyCard) -> tuple[bool, float, str]:
    active = card.progress.state in ("running", "starting")
    return not active, -(card.results.ended if card.results else float("inf")), card.name
