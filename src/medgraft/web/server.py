"""The server: one FastAPI application behind its guard, on a socket of its own."""

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import uvicorn
from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import RedirectResponse
from starlette.types import ASGIApp

from medgraft import __version__
from medgraft.core.errors import InputError
from medgraft.web.api import (
    adjudication,
    curves,
    imports,
    labels,
    me,
    packages,
    readings,
    sights,
    stacks,
    studies,
    volumes,
    worklists,
)
from medgraft.web.api.errors import answer_errors
from medgraft.web.blinding import close_answers
from medgraft.web.guard import SIGN_IN, Guard
from medgraft.web.pages import add_pages, is_nicegui
from medgraft.web.place import Place
from medgraft.web.sessions import Sessions
from medgraft.web.settings import Settings
from medgraft.web.side_process import end_side_processes
from medgraft.web.sign_in import sign_in_routes
from medgraft.web.static_files import ModuleFiles
from medgraft.web.uploads import Uploads
from medgraft.web.welcome import Welcome
from medgraft.workspace import Project

_STATIC = Path(__file__).parent / "static"
_API = "/api/v1"
_ROOMS = (me, stacks, volumes, labels, readings, adjudication, studies, sights, packages, curves, worklists, imports)


def make_app(project: Project, settings: Settings, sessions: Sessions, *, link_used: Callable[[], None]) -> ASGIApp:
    """The application that serves a project, guard and all.

    Args:
        project: what is served.
        settings: how.
        sessions: who is signed in.
        link_used: is called when a one-time link was used.
    """
    place = Place(project=project, settings=settings)
    app = make_routes(place, sign_in_routes(sessions, settings, knows=place.knows, link_used=link_used))
    return Guard(
        app,
        sessions=sessions,
        settings=settings,
        knows=place.knows,
        welcome=Welcome(project, recheck=settings.recheck),
        uploads=imports.takes_files,
        nicegui=is_nicegui,
    )


def make_routes(place: Place, sign_in: APIRouter) -> FastAPI:
    """Every route of a place, unguarded."""
    app = FastAPI(
        title="medgraft",
        version=__version__,
        openapi_url=f"{_API}/openapi.json",
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(close_answers)],
        lifespan=while_serving,
    )
    app.state.place = place
    app.state.uploads = Uploads(project=place.project, most_files=place.settings.most_files)
    answer_errors(app)
    app.include_router(sign_in)
    for room in _ROOMS:
        app.include_router(room.routes, prefix=_API)
    app.mount("/static", ModuleFiles(directory=_STATIC))
    app.add_api_route("/", lambda: RedirectResponse("/label", 303), include_in_schema=False)
    add_pages(app, place)
    return app


@asynccontextmanager
async def while_serving(_app: FastAPI) -> AsyncIterator[None]:
    """While the server runs; what computes beside it ends with it."""
    yield
    end_side_processes()


def serve(project: Project, settings: Settings, *, announce: Callable[[str], None]) -> None:
    """Serve a project until interrupted; `announce` is told the link to open, and a new one whenever one was used.

    Raises `InputError` if the port is taken or the address is not this machine's.
    """
    listening = _listen(settings)
    settings = replace(settings, port=listening.getsockname()[1])
    sessions = Sessions(idle=settings.idle, lifetime=settings.lifetime)

    def new_link() -> None:
        token = sessions.new_link(settings.owner)
        announce(f"http://{settings.link_host}:{settings.port}{SIGN_IN}?token={token}")

    app = make_app(project, settings, sessions, link_used=new_link)
    # Addresses in an access log would carry tokens, and subjects' names in paths.
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, ws_max_size=2**20)
    new_link()
    uvicorn.Server(config).run(sockets=[listening])


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
        listening.listen(2048)  # so that a browser may knock before the first answer
    except OSError as error:
        listening.close()
        raise InputError(
            f"Expected a free port, got {settings.host}:{settings.port}: {error.strerror}. Do choose another --port."
        ) from error
    return listening
