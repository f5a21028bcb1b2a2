"""What is not there: JSON for programs, a page of ours for people."""

from http import HTTPStatus

from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from medgraft.web.pages.rail import fragment


def answer(request: Request, _error: Exception) -> Response:
    """404, in the form that the request accepts."""
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(fragment("not_found.html", here="", title="Not found"), HTTPStatus.NOT_FOUND)
    return JSONResponse(
        {"error": "Expected an address that is there. Available: see /api/v1/openapi.json."}, HTTPStatus.NOT_FOUND
    )
