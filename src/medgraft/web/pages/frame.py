"""The frame of pages that NiceGUI draws: our rail and style sheet around its elements."""

from collections.abc import Iterator
from contextlib import contextmanager

from nicegui import ui

from medgraft.web.pages.rail import fragment

_HEAD = (
    '<link rel="icon" href="/static/icon.svg"><link rel="stylesheet" href="/static/theme.css">'
    '<link rel="stylesheet" href="/static/nicegui.css"><script src="/static/theme_boot.js"></script>'
    '<script type="module" src="/static/rail.js"></script>'
)


@contextmanager
def framed(here: str) -> Iterator[None]:
    """Draw a page's elements beside the rail; `here` is the page's path."""
    ui.add_head_html(_HEAD)
    ui.query("body").classes("station")
    ui.html(fragment("rail.html", here=here), sanitize=False)
    with ui.element("main").classes("beside-rail"):
        yield
