"""The Read page: a frame for rounds of blinded reading; everything in it comes from the REST API."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from medgraft.web.pages.rail import fragment

_MODULES = Path(__file__).parents[1] / "static" / "read"


def add_page(app: FastAPI) -> None:
    """Add the page."""
    modules = sorted(path.name for path in _MODULES.glob("*.js") if path.stem != "main")

    @app.get("/read", include_in_schema=False)
    def read_page() -> HTMLResponse:
        return HTMLResponse(fragment("read.html", here="/read", title="Read", modules=modules))
