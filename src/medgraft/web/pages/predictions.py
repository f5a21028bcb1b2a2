"""The page of a model's answers: one stack at a time with probabilities and Grad-CAM, or all images of a kind."""

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response

from medgraft.core.errors import ProjectError
from medgraft.web.pages.rail import fragment
from medgraft.web.pages.trouble import trouble
from medgraft.web.place import Place
from medgraft.workspace.kept.study_results import study_results


def add_page(app: FastAPI, place: Place) -> None:
    """Add the page; everything in it but its frame comes from the REST API."""

    @app.get("/studies/{name}/predictions", include_in_schema=False)
    def predictions_page(name: str, model: str | None = None) -> Response:
        try:
            results = study_results(place.project, name)
            chosen = results.model(model or results.best)
        except ProjectError as error:
            return trouble("/studies", "The answers", error)
        return HTMLResponse(
            fragment("predictions.html", here="/studies", title="Read errors", study=results, model=chosen)
        )
