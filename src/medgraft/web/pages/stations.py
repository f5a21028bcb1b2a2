"""Pages on which images are read: a frame for our own canvas; everything in it comes from the REST API."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from medgraft.web.pages.rail import fragment

_STATIC = Path(__file__).parents[1] / "static"
#: Modules that they share.
_SHARED = ("canvas.js", "cine.js", "ink.js", "kept.js", "keys.js", "message.js", "panel.js")


@dataclass(frozen=True, kw_only=True)
class Station:
    """One page. name: of its template and in its address. folders: of its modules, under static."""

    name: str
    folders: tuple[str, ...]

    @property
    def modules(self) -> tuple[str, ...]:
        """What its main module loads in the end, so that a browser asks for all of it at once."""
        found = [path for folder in self.folders for path in sorted((_STATIC / folder).glob("*.js"))]
        return (*(path.relative_to(_STATIC).as_posix() for path in found if path.stem != "main"), *_SHARED)


STATIONS = (
    Station(name="label", folders=("label",)),
    Station(name="read", folders=("read",)),
    Station(name="volumes", folders=("volume",)),
)


def add_pages(app: FastAPI) -> None:
    """Add every page of the table."""
    for station in STATIONS:
        app.add_api_route(f"/{station.name}", _page(station), include_in_schema=False)


def _page(station: Station) -> Callable[[], HTMLResponse]:
    modules = station.modules

    def draw() -> HTMLResponse:
        here, title = f"/{station.name}", station.name.capitalize()
        return HTMLResponse(fragment(f"{station.name}.html", here=here, title=title, modules=modules))

    return draw
