"""Pages for people: all but Cohort are our own, under the strict policy; NiceGUI draws that one in the same frame."""

from fastapi import FastAPI
from nicegui import app as nicegui_app
from nicegui import ui

from medgraft.web.pages import (
    cohort,
    compare,
    feature_map,
    models,
    not_found,
    predictions,
    sites,
    stations,
    studies,
    study,
)
from medgraft.web.pages.rail import PAGES
from medgraft.web.place import Place

_NICEGUI = tuple(page.path for page in PAGES if page.nicegui)


def add_pages(app: FastAPI, place: Place) -> None:
    """Add every page of a place."""
    stations.add_pages(app)
    for page in (cohort, models, studies, compare, predictions, study, feature_map, sites):
        page.add_page(app, place)
    nicegui_app.add_exception_handler(404, not_found.answer)
    # NiceGUI has one application per process, which takes a second server only if it forgets that it has begun.
    nicegui_app.middleware_stack = None
    # Mounted last: what no route of ours takes is NiceGUI's to answer.
    ui.run_with(app, title="medgraft", dark=None, tailwind=False, show_welcome_message=False, storage_secret=None)


def is_nicegui(path: str) -> bool:
    """Whether NiceGUI draws the page of a path.

    >>> is_nicegui("/cohort"), is_nicegui("/label")
    (True, False)
    """
    return path in _NICEGUI
