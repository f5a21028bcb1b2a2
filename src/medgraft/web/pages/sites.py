"""The Sites page: what a model that travelled is worth here, curve by curve; each picture leads to its report."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from medgraft.web.charts import whisker
from medgraft.web.pages.rail import fragment
from medgraft.web.place import Place
from medgraft.workspace.curves.curve_list import CurveState, ModelDice, curve_states

#: Figures of a report that the page shows, in this order, with their headings.
_SHOWN: Mapping[str, str] = {
    "learning-curves": "Learning curves here",
    "forgetting": "At the home site: what is forgotten",
    "volumes": "Volumes and ejection fraction against the reference",
    "wall-median": "Wall thickness against the reference",
    "bulls-eyes": "Wall thickness by segment",
    "surfaces": "Wall thickness on the surface",
    "overlay-median": "The median subject",
}


@dataclass(frozen=True, kw_only=True)
class SiteCard:
    """One curve. rows: its models with their drawings. pictures: heading by name."""

    state: CurveState
    rows: tuple[tuple[ModelDice, Markup], ...]
    pictures: Mapping[str, str]


def add_page(app: FastAPI, place: Place) -> None:
    """Add the page."""

    @app.get("/sites", include_in_schema=False)
    def sites_page() -> HTMLResponse:
        cards = [_card(state) for state in curve_states(place.project)]
        return HTMLResponse(fragment("sites.html", here="/sites", title="Sites", cards=cards))


def _card(state: CurveState) -> SiteCard:
    pictures = {name: title for name, title in _SHOWN.items() if name in state.pictures}
    return SiteCard(state=state, rows=tuple((model, _dots(model)) for model in state.dice), pictures=pictures)


def _dots(model: ModelDice) -> Markup:
    """Mean Dice here on a scale from 0 to 1."""
    return whisker(model.here.value, model.here.low, model.here.high, scale=(0.0, 1.0))
