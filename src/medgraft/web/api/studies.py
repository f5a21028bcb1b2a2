"""Studies: which there are, what they found, how far they are; start, stop, resume."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from medgraft.web.api.stacks import PlaceOf
from medgraft.web.api.study_views import ComparisonView, NewStudy, StudyProgressView, StudyView
from medgraft.web.side_process import answer_of, resolve_study_beside
from medgraft.workspace import study_states
from medgraft.workspace.kept.progress import StudyProgress, study_progress
from medgraft.workspace.kept.study_results import StudyResults, study_results
from medgraft.workspace.studies.comparison import ModelChoice, StudyComparison, compare_models
from medgraft.workspace.studies.process import begin_study, resume_study, stop_study

routes = APIRouter(tags=["studies"])


@routes.get("/studies", response_model=tuple[StudyProgressView, ...])
def studies(place: PlaceOf) -> tuple[StudyProgress, ...]:
    """All studies by name, and how far each is."""
    return tuple(study_progress(place.project, state.name) for state in study_states(place.project))


@routes.post("/studies", response_model=StudyProgressView)
async def begin(body: NewStudy, place: PlaceOf) -> StudyProgress:
    """Start a new study, in a process of its own that needs no page to stay open."""
    text = await answer_of(resolve_study_beside(place.project, body.text))
    return await run_in_threadpool(begin_study, place.project, text)


@routes.get("/studies/{name}", response_model=StudyView)
def study(name: str, place: PlaceOf) -> StudyResults:
    """What a finished study found."""
    return study_results(place.project, name)


@routes.get("/studies/{name}/progress", response_model=StudyProgressView)
def progress(name: str, place: PlaceOf) -> StudyProgress:
    """How far a study is, whoever runs it."""
    return study_progress(place.project, name)


@routes.post("/studies/{name}/start", response_model=StudyProgressView)
def resume(name: str, place: PlaceOf) -> StudyProgress:
    """Go on with a study where it was."""
    return resume_study(place.project, name)


@routes.post("/studies/{name}/stop", response_model=StudyProgressView)
def stop(name: str, place: PlaceOf) -> StudyProgress:
    """Stop a study; what is finished is kept."""
    return stop_study(place.project, name)


@routes.get("/comparison", response_model=ComparisonView)
def comparison(
    *,
    place: PlaceOf,
    study_a: str,
    model_a: str,
    study_b: str,
    model_b: str,
    on: str = "out of fold",
    decision: Annotated[str, Query(pattern="^(argmax|stack)$")] = "argmax",
) -> StudyComparison:
    """Two models of one or two studies, on the images that both answered for."""
    return compare_models(
        place.project,
        ModelChoice(study=study_a, model=model_a),
        ModelChoice(study=study_b, model=model_b),
        on=on,
        decision="stack" if decision == "stack" else "argmax",
    )
