"""The Map page: every image of a study as a point, where its network sees it."""

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response

from medgraft.core.errors import ProjectError
from medgraft.web.pages.rail import fragment
from medgraft.web.pages.trouble import trouble
from medgraft.web.place import Place
from medgraft.workspace import Project, study_states
from medgraft.workspace.kept.study_results import StudyResults, study_results


def add_page(app: FastAPI, place: Place) -> None:
    """Add the page; its points come from the REST API."""

    @app.get("/map", include_in_schema=False)
    def map_page(study: str | None = None, model: str | None = None) -> Response:
        try:
            studies = finished_studies(place.project)
            if not studies:
                return HTMLResponse(fragment("map_empty.html", here="/map", title="Map"))
            chosen = study_results(place.project, study) if study else studies[0]
            shown = chosen.model(model or chosen.best)
        except ProjectError as error:
            return trouble("/map", "The map", error)
        return HTMLResponse(fragment("map.html", here="/map", title="Map", studies=studies, study=chosen, model=shown))


def finished_studies(project: Project) -> tuple[StudyResults, ...]:
    """Finished studies, the newest first; those that cannot be read are left out."""
    found = []
    for state in study_states(project):
        try:
            found.append(study_results(project, state.name))
        except ProjectError:
            continue
    return tuple(sorted(found, key=lambda study: (-study.ended, study.name)))
