"""The Studies page: what was compared, what came of it, what is in progress; each study leads to its own page."""

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from medgraft.core.duration import duration
from medgraft.web.pages.rail import fragment
from medgraft.web.pages.study_cards import study_cards
from medgraft.web.place import Place

#: What a new study's text begins with: small enough to end over a cup of coffee.
_TEMPLATE = """name: first
task: sax-range
networks: [mobilenetv2_035, densenet121]
weights: imagenet
stages:
  - {depth: 0, rates: [1e-2, 1e-3, 1e-4], epochs: 50}
  - {depth: 1, rates: [1e-3, 1e-4, 1e-5], epochs: 50}
folds: 5
seeds: [7]
"""

#: Rules that see no pixels, for people.
BASELINES = {"baseline: majority": "the most frequent class", "baseline: position": "place in the stack alone"}

#: Ways of deciding, for people.
DECISIONS = {"argmax": "each slice alone", "stack": "whole stack"}


def add_page(app: FastAPI, place: Place) -> None:
    """Add the page."""

    @app.get("/studies", include_in_schema=False)
    def studies_page() -> HTMLResponse:
        cards = study_cards(place.project)
        return HTMLResponse(
            fragment(
                "studies.html",
                here="/studies",
                title="Studies",
                cards=cards,
                comparable=sum(card.results is not None for card in cards) > 1,
                decisions=DECISIONS,
                position=BASELINES["baseline: position"],
                duration=duration,
                new_study=_TEMPLATE,
            )
        )
