"""The Volumes page: a frame for our own canvas; everything in it comes from the REST API."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from medgraft.web.pages.rail import fragment

_MODULES = Path(__file__).parents[1] / "static" / "volume"


def add_page(app: FastAPI) -> None:
    """Add the page."""
    modules = sorted(path.name for path in _MODULES.glob("*.js") if path.stem != "main")

    @app.get("/volumes", include_in_schema=False)
    def volumes_page() -> HTMLResponse:
        return HTMLResponse(fragment("volumes.html", here="/volumes", title="Volumes", modules=modules))
