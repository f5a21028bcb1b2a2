"""Studies: which there are, what they found, how far they are; start, stop, resume."""

import math
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from medgraft.web.api.stacks import PlaceOf
from medgraft.web.api.study_views import (
    BarView,
    ComparisonView,
    ContrastView,
    DifferenceView,
    LineView,
    ModelView,
    NewStudy,
    StudyProgressView,
    StudyView,
)
from medgraft.web.side_process import answer_of, resolve_study_beside
from medgraft.workspace import study_states
from medgraft.workspace.study_comparison import ModelChoice, PairedDifference, compare_models
from medgraft.workspace.study_process import begin_study, resume_study, stop_study
from medgraft.workspace.study_progress import StudyProgress, study_progress
from medgraft.workspace.study_results import StudyResults, study_results

routes = APIRouter(tags=["studies"])


@routes.get("/studies")
def studies(place: PlaceOf) -> tuple[StudyProgressView, ...]:
    """All studies by name, and how far each is."""
    return tuple(progress_view(study_progress(place.project, state.name)) for state in study_states(place.project))


@routes.post("/studies")
async def begin(body: NewStudy, place: PlaceOf) -> StudyProgressView:
    """Start a new study, in a process of its own that needs no page to stay open."""
    text = await answer_of(resolve_study_beside(place.project, body.text))
    return progress_view(await run_in_threadpool(begin_study, place.project, text))


@routes.get("/studies/{name}")
def study(name: str, place: PlaceOf) -> StudyView:
    """What a finished study found."""
    return _study_view(study_results(place.project, name))


@routes.get("/studies/{name}/progress")
def progress(name: str, place: PlaceOf) -> StudyProgressView:
    """How far a study is, whoever runs it."""
    return progress_view(study_progress(place.project, name))


@routes.post("/studies/{name}/start")
def resume(name: str, place: PlaceOf) -> StudyProgressView:
    """Go on with a study where it was."""
    return progress_view(resume_study(place.project, name))


@routes.post("/studies/{name}/stop")
def stop(name: str, place: PlaceOf) -> StudyProgressView:
    """Stop a study; what is finished is kept."""
    return progress_view(stop_study(place.project, name))


@routes.get("/comparison")
def comparison(
    *,
    place: PlaceOf,
    study_a: str,
    model_a: str,
    study_b: str,
    model_b: str,
    on: str = "out of fold",
    decision: Annotated[str, Query(pattern="^(argmax|stack)$")] = "argmax",
) -> ComparisonView:
    """Two models of one or two studies, on the images that both answered for."""
    found = compare_models(
        place.project,
        ModelChoice(study=study_a, model=model_a),
        ModelChoice(study=study_b, model=model_b),
        on=on,
        decision="stack" if decision == "stack" else "argmax",
    )
    return ComparisonView(
        images=found.images,
        subjects=found.subjects,
        only_a=found.only_a,
        only_b=found.only_b,
        differences=tuple(_difference_view(item) for item in found.differences),
    )


def progress_view(found: StudyProgress) -> StudyProgressView:
    """Progress for the wire; which process it is, is nobody's business."""
    return StudyProgressView(
        name=found.name,
        state=found.state,
        bars=tuple(BarView(**asdict(bar)) for bar in found.bars),
        seconds=found.seconds,
        seconds_left=found.seconds_left,
        error=found.error,
    )


def _study_view(found: StudyResults) -> StudyView:
    names = ModelView.model_fields
    return StudyView(
        name=found.name,
        task=found.task.name,
        sets=found.sets,
        best=found.best,
        models=tuple(ModelView(**{name: getattr(model, name) for name in names}) for model in found.models),
        lines=tuple(LineView(**asdict(line)) for line in found.lines),
        contrasts=tuple(ContrastView(**asdict(item)) for item in found.contrasts),
        lost=found.lost,
    )


def _difference_view(item: PairedDifference) -> DifferenceView:
    defined = {name: getattr(item, name) for name in ("low", "high", "p_value")}
    return DifferenceView(
        metric=item.metric,
        value_a=item.value_a,
        value_b=item.value_b,
        value=item.value,
        **{name: None if math.isnan(value) else value for name, value in defined.items()},
    )
