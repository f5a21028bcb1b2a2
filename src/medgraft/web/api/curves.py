"""Learning curves between two sites: what each says to do, its report and the report's pictures."""

from typing import Literal

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from medgraft.web.api.models import Answer
from medgraft.web.api.stacks import PlaceOf
from medgraft.web.headers import policy
from medgraft.workspace.curves.curve_list import CurveState, curve_page, curve_picture, curve_states

routes = APIRouter(prefix="/curves", tags=["curves"])

#: The report's own policy lets exactly its own script through; in a sandbox it is nobody's origin, whatever is in it.
_REPORT = {
    "sandbox": "allow-scripts allow-popups",
    "default-src": "'none'",
    "img-src": "data:",
    "style-src": "'unsafe-inline'",
    "script-src": "'unsafe-inline'",
}


class CurveView(Answer):
    """One curve. advice, size, text: its verdict, None while it has not ended; missing: why.

    rules, cautions: what must be read with it.
    """

    name: str
    advice: Literal["use as is", "fine-tune", "train anew"] | None
    size: int | None
    text: str
    rules: tuple[str, ...]
    cautions: tuple[str, ...]
    missing: str
    pictures: tuple[str, ...]


@routes.get("")
def curves(place: PlaceOf) -> tuple[CurveView, ...]:
    """All learning curves by name, with their verdicts."""
    return tuple(_view(state) for state in curve_states(place.project))


@routes.get("/{name}/pictures/{picture}", response_class=Response)
def picture(name: str, picture: str, place: PlaceOf) -> Response:
    """A figure of a curve's report, as PNG."""
    return Response(curve_picture(place.project, name, picture), media_type="image/png")


@routes.get("/{name}/report", response_class=HTMLResponse)
def report(name: str, place: PlaceOf) -> HTMLResponse:
    """The report of a curve: one page that needs nothing beside itself."""
    return HTMLResponse(curve_page(place.project, name), headers={"Content-Security-Policy": policy(_REPORT)})


def _view(state: CurveState) -> CurveView:
    found = state.verdict
    return CurveView(
        name=state.name,
        advice=found.advice if found else None,
        size=found.size if found else None,
        text=found.text if found else "",
        rules=state.rules,
        cautions=state.cautions,
        missing=state.missing,
        pictures=state.pictures,
    )
