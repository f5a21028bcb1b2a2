"""Learning curves between two sites: what each says to do, its report and the report's pictures."""

from typing import Any, Literal

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from medgraft.web.api.models import Answer
from medgraft.web.api.stacks import PlaceOf
from medgraft.web.headers import policy
from medgraft.workspace.curves.curve_list import (
    CurveState,
    DiceDifference,
    ModelDice,
    curve_document,
    curve_page,
    curve_picture,
    curve_states,
)

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
    """One curve. advice, arm, size, text: its verdict, None while it has not ended; missing: why.

    rules, cautions: what must be read with it. models: mean Dice of each with its interval; differences between them.
    """

    name: str
    advice: Literal["use as is", "fine-tune", "train anew"] | None
    arm: str | None
    size: int | None
    text: str
    models: tuple[ModelDice, ...]
    differences: tuple[DiceDifference, ...]
    rules: tuple[str, ...]
    cautions: tuple[str, ...]
    missing: str
    pictures: tuple[str, ...]


@routes.get("")
def curves(place: PlaceOf) -> tuple[CurveView, ...]:
    """All learning curves by name, with their verdicts and mean Dice."""
    return tuple(_view(state) for state in curve_states(place.project))


@routes.get("/{name}")
def curve(name: str, place: PlaceOf) -> dict[str, Any]:
    """Everything that a curve found: every figure with its interval, every difference, walls and volumes.

    Keys are those of `medgraft study curve --json`.
    """
    return curve_document(place.project, name)


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
        arm=found.arm if found else None,
        size=found.size if found else None,
        text=found.text if found else "",
        models=state.dice,
        differences=state.differences,
        rules=state.rules,
        cautions=state.cautions,
        missing=state.missing,
        pictures=state.pictures,
    )
