"""Looking inside a model: its answers image by image, Grad-CAM of a stack, the map of its images."""

from collections.abc import MutableMapping
from concurrent.futures import Future

import numpy as np
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from medgraft.core.errors import MedgraftError
from medgraft.web.api.stacks import PlaceOf
from medgraft.web.api.study_views import AnswersView, MapView
from medgraft.web.side_process import LOST, answer_of, see_cams_beside, see_map_beside
from medgraft.workspace import Project
from medgraft.workspace.kept.study_results import study_results
from medgraft.workspace.models.sights import CamRequest, MapRequest, kept_cams, kept_map
from medgraft.workspace.studies.answers import AnswerTable, answer_table

routes = APIRouter(prefix="/studies/{name}/models/{model}", tags=["models"])


@routes.get("/answers")
def answers(name: str, model: str, place: PlaceOf, on: str = "out of fold") -> AnswersView:
    """What a model answered for every image of a set: `test`, or `out of fold`."""
    return _answers_view(answer_table(place.project, name, model, on))


@routes.get("/gradcam/{stack}/{phase}/{code}", response_class=Response)
async def gradcam(*, name: str, model: str, stack: str, phase: int, code: str, place: PlaceOf) -> Response:
    """Where a class score comes from, of every slice as stored: 8 bits, slice by slice, row by row.

    Header: `Medgraft-Shape` is slices, rows, columns. It is computed once and kept.
    """
    request = CamRequest(study=name, model=model, stack=stack, phase=phase, code=code)
    found = await run_in_threadpool(kept_cams, place.project, request)
    if found is None:
        await answer_of(see_cams_beside(place.project, request))
        found = await run_in_threadpool(kept_cams, place.project, request)
    assert found is not None
    headers = {"Medgraft-Shape": ",".join(map(str, found.shape)), "Cache-Control": "private, max-age=3600"}
    return Response(found.tobytes(), media_type="application/octet-stream", headers=headers)


@routes.get("/map")
def look_at_map(name: str, model: str, place: PlaceOf, request: Request) -> MapView:
    """The map of a model's images, if it was computed."""
    return _map_view(place.project, MapRequest(study=name, model=model), _maps(request))


@routes.post("/map")
def compute_map(name: str, model: str, place: PlaceOf, request: Request) -> MapView:
    """Have the map computed, unless it is there or being computed."""
    wanted, maps = MapRequest(study=name, model=model), _maps(request)
    running = maps.get(wanted)
    if kept_map(place.project, wanted) is None and (running is None or running.done()):
        maps[wanted] = see_map_beside(place.project, wanted)
    return _map_view(place.project, wanted, maps)


def _maps(request: Request) -> MutableMapping[MapRequest, "Future[None]"]:
    """The maps that this server has asked for."""
    state = request.app.state
    if not hasattr(state, "maps"):
        state.maps = {}
    maps: MutableMapping[MapRequest, Future[None]] = state.maps
    return maps


def _map_view(project: Project, wanted: MapRequest, maps: MutableMapping[MapRequest, "Future[None]"]) -> MapView:
    points = kept_map(project, wanted)
    results = study_results(project, wanted.study)
    tables = [answer_table(project, wanted.study, wanted.model, on) for on in results.sets]
    images = sum(len(table.rows) for table in tables)
    if points is not None:
        x, y = (tuple(None if np.isnan(v) else round(v, 3) for v in axis) for axis in points.T.tolist())
        return MapView(state="ready", images=images, error="", x=x, y=y, sets=tuple(map(_answers_view, tables)))
    running = maps.get(wanted)
    error = "" if running is None or not running.done() else _why(running)
    state = "absent" if running is None else "failed" if error else "computing"
    return MapView(state=state, images=images, error=error, x=(), y=(), sets=())


def _why(done: "Future[None]") -> str:
    """Why a computation ended without a result."""
    error = done.exception()
    if error is None:
        return ""
    return str(error) if isinstance(error, MedgraftError) else LOST


def _answers_view(table: AnswerTable) -> AnswersView:
    rows = table.rows
    return AnswersView(
        study=table.study,
        model=table.model,
        on=table.on,
        classes=table.task.classes,
        stack=tuple(rows.stack.tolist()),
        subject=tuple(rows.subject.tolist()),
        site=tuple(rows.site.tolist()),
        phase=tuple(rows.phase.tolist()),
        phase_at=tuple(table.phase_at.tolist()),
        slice=tuple(rows.slice.tolist()),
        slices=tuple(rows.n_slices.tolist()),
        stored=tuple(table.stored.tolist()),
        fold=tuple(rows.fold.tolist()),
        truth=tuple(rows.y_true.tolist()),
        plain=tuple(table.plain.tolist()),
        joint=None if table.joint is None else tuple(table.joint.tolist()),
        scores=tuple(tuple(row) for row in np.round(rows.y_score, 4).tolist()),
    )
