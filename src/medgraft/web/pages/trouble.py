"""A page in place of one that cannot be shown: what, why, and what to do."""

from http import HTTPStatus

from fastapi.responses import HTMLResponse

from medgraft.core.errors import MedgraftError
from medgraft.web.pages.rail import fragment


def trouble(here: str, title: str, error: MedgraftError) -> HTMLResponse:
    """The page; `here` is where the rail stands and the way out leads."""
    text = fragment("trouble.html", here=here, title=title, error=str(error))
    return HTMLResponse(text, HTTPStatus.NOT_FOUND)
