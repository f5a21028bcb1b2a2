"""The way in and the way out: a link that works once, or a name and a token; a session's cookie comes back."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from medgraft.web.guard import SIGN_IN, session_cookie, session_secret
from medgraft.web.sessions import Sessions
from medgraft.web.settings import Settings
from medgraft.web.sign_in_form import sign_in_page

_SEE_OTHER = 303


def sign_in_routes(
    sessions: Sessions, settings: Settings, *, knows: Callable[[str, str], bool], link_used: Callable[[], None]
) -> APIRouter:
    """Routes of the sign-in. `knows` tells whether a name and a token belong together; `link_used` is told of links."""
    routes = APIRouter(include_in_schema=False)

    @routes.get(SIGN_IN)
    def by_link(request: Request, token: str = "") -> Response:
        secret = sessions.use_link(token) if token else None
        if secret is None:
            return sign_in_page("This link was used already. The terminal shows a new one." if token else "")
        link_used()
        return _signed_in(secret, settings, request)

    @routes.post(SIGN_IN)
    def by_name(request: Request, name: Annotated[str, Form()] = "", token: Annotated[str, Form()] = "") -> Response:
        if not (name and token and knows(name, token)):
            return sign_in_page("Name and token do not belong together.")
        return _signed_in(sessions.begin(name), settings, request)

    @routes.post("/sign-out")
    def sign_out(request: Request) -> Response:
        sessions.end(session_secret(dict(request.scope["headers"]), settings.port))
        response = RedirectResponse("/", _SEE_OTHER, headers={"Clear-Site-Data": '"cache"'})
        response.delete_cookie(session_cookie(settings.port))
        return response

    return routes


def _signed_in(secret: str, settings: Settings, request: Request) -> Response:
    response = RedirectResponse("/", _SEE_OTHER)
    encrypted = request.url.scheme == "https"
    response.set_cookie(session_cookie(settings.port), secret, httponly=True, samesite="strict", secure=encrypted)
    return response
