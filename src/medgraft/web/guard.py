"""Guard: stands in front of everything that the server answers, NiceGUI's routes and sockets included."""

import base64
import binascii
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from medgraft.web.body import BodyTooLargeError, bounded, claimed_length
from medgraft.web.headers import NICEGUI, STRICT, secure
from medgraft.web.sessions import Sessions
from medgraft.web.settings import Settings
from medgraft.web.sign_in_form import sign_in_page

#: The one path that answers before a sign-in, and only with one.
SIGN_IN = "/sign-in"
_OPEN = {(SIGN_IN, "GET"), (SIGN_IN, "POST")}
_SAFE = {"GET", "HEAD", "OPTIONS"}
_POLICY_VIOLATION = 1008
_WRONG_HOST = "Expected a Host that this server was started for. Do: start it with --name and the name you use."


@dataclass(frozen=True, kw_only=True)
class _RefusedError(Exception):
    """Why a request goes no further."""

    status: HTTPStatus
    text: str


class Guard:
    """An ASGI application that lets through what is addressed to this server, by a signed-in reader, within bounds.

    Args:
        app: what it guards; `request.state.reader` is who asks.
        sessions: who is signed in.
        settings: names, and bounds of bodies.
        knows: whether a name and a token belong together, for programs that sign every request (HTTP Basic).
        welcome: whether a reader who signed in may still be here.
        uploads: whether a path takes files, for which `Settings.most_upload` holds.
        nicegui: whether NiceGUI draws the page of a path.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        sessions: Sessions,
        settings: Settings,
        knows: Callable[[str, str], bool],
        welcome: Callable[[str], Awaitable[bool]],
        uploads: Callable[[str], bool],
        nicegui: Callable[[str], bool],
    ) -> None:
        self.app, self._sessions, self._settings = app, sessions, settings
        self._knows, self._welcome, self._uploads, self._nicegui = knows, welcome, uploads, nicegui

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse with a status that says why."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        try:
            self._check_address(scope, headers)
            secret = session_secret(headers, self._settings.port)
            scope.setdefault("state", {})["reader"] = await self._reader(scope, headers, secret)
        except _RefusedError as refusal:
            await self._refuse(refusal, scope, receive, send)
            return
        if scope["type"] == "websocket":
            await self.app(scope, self._while_signed_in(receive, secret), send)
        else:
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        most = self._most(scope["path"])
        began = False

        async def send_secured(message: Message) -> None:
            nonlocal began
            if message["type"] == "http.response.start":
                began = True
                secure(MutableHeaders(scope=message), NICEGUI if self._nicegui(scope["path"]) else STRICT)
            await send(message)

        try:
            await self.app(scope, bounded(receive, most), send_secured)
        except BodyTooLargeError:
            if not began:
                await self._refuse(_too_large(most), scope, receive, send)

    def _check_address(self, scope: Scope, headers: dict[bytes, bytes]) -> None:
        """Whether a request is meant for this server, comes from its own pages, and can be read at all."""
        if _host(headers.get(b"host", b"")) not in self._settings.hosts:
            raise _RefusedError(status=HTTPStatus.BAD_REQUEST, text=_WRONG_HOST)
        if ".." in scope["path"].split("/") or "\0" in scope["path"]:
            raise _RefusedError(status=HTTPStatus.BAD_REQUEST, text="Expected a path without '..' in it.")
        origin = headers.get(b"origin")
        acts = scope["type"] == "websocket" or scope["method"] not in _SAFE
        if origin and acts and not _same(origin, headers[b"host"]):
            raise _RefusedError(status=HTTPStatus.FORBIDDEN, text="Expected a request of this server's own pages.")

    async def _reader(self, scope: Scope, headers: dict[bytes, bytes], secret: str) -> str:
        """Who asks; "" on the way to the sign-in. A body that is too large is refused before it comes."""
        reader = await self._by_session(secret) or await self._by_token(headers)
        if reader is None and (scope["path"], scope.get("method")) not in _OPEN:
            raise _RefusedError(status=HTTPStatus.UNAUTHORIZED, text="Expected a session: sign in first.")
        most = self._most(scope["path"])
        try:
            too_large = claimed_length(headers) > most
        except ValueError as error:
            raise _RefusedError(status=HTTPStatus.BAD_REQUEST, text=str(error)) from error
        if too_large:
            raise _too_large(most)
        return reader or ""

    async def _by_session(self, secret: str) -> str | None:
        reader = self._sessions.reader(secret) if secret else None
        if reader is None or await self._welcome(reader):
            return reader
        self._sessions.end(secret)
        return None

    async def _by_token(self, headers: dict[bytes, bytes]) -> str | None:
        name, token = _basic(headers.get(b"authorization", b""))
        if not token:
            return None
        known = await run_in_threadpool(self._knows, name, token)
        return name if known else None

    def _most(self, path: str) -> int:
        return self._settings.most_upload if self._uploads(path) else self._settings.most_body

    def _while_signed_in(self, receive: Receive, secret: str) -> Receive:
        """A socket's `receive` that ends with the session, though it may stay open for long."""

        async def receive_signed_in() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive" and not await self._lives(secret):
                return {"type": "websocket.disconnect", "code": _POLICY_VIOLATION}
            return message

        return receive_signed_in

    async def _lives(self, secret: str) -> bool:
        """Whether a session is open, without using it."""
        reader = self._sessions.who(secret)
        return reader is not None and await self._welcome(reader)

    async def _refuse(self, refusal: _RefusedError, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": refusal.text})
            return
        response = _page(refusal, scope)
        secure(response.headers, STRICT)
        response.headers["Connection"] = "close"
        await response(scope, receive, send)


def session_cookie(port: int) -> str:
    """The cookie's name: cookies do not know ports, and several servers may run on one machine."""
    return f"medgraft_{port}"


def session_secret(headers: dict[bytes, bytes], port: int) -> str:
    """The secret in a request's cookie, "" where there is none."""
    try:
        cookies = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        return ""
    morsel = cookies.get(session_cookie(port))
    return morsel.value if morsel else ""


def _host(header: bytes) -> str:
    """A Host header without its port, lower case; "" where it cannot be read."""
    text = header.decode("latin-1").lower()
    try:
        parts = urlsplit(f"//{text}")
        port = parts.port
    except ValueError:
        return ""
    return text if port is None else text.removesuffix(f":{port}")


def _same(origin: bytes, host: bytes) -> bool:
    """Whether an Origin is a page of the Host that is asked."""
    try:
        return urlsplit(origin.decode("latin-1")).netloc.lower() == host.decode("latin-1").lower()
    except ValueError:
        return False


def _basic(header: bytes) -> tuple[str, str]:
    kind, _, text = header.partition(b" ")
    if kind.lower() != b"basic":
        return "", ""
    try:
        name, _, token = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, token


def _too_large(most: int) -> _RefusedError:
    return _RefusedError(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text=f"Expected at most {most} bytes.")


def _page(refusal: _RefusedError, scope: Scope) -> Response:
    """A refusal as JSON; as the sign-in form where a person opens a page."""
    accepts = dict(scope["headers"]).get(b"accept", b"")
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        response = sign_in_page() if b"text/html" in accepts and scope["method"] == "GET" else _json(refusal)
        response.headers["WWW-Authenticate"] = 'MedgraftSession realm="medgraft"'
        return response
    return _json(refusal)


def _json(refusal: _RefusedError) -> Response:
    return JSONResponse({"error": refusal.text}, status_code=refusal.status)
