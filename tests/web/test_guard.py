"""Nobody gets anything without a session, nothing is addressed here by mistake, and nothing is too large."""

import base64
from collections.abc import Iterator

import pytest
from starlette.routing import BaseRoute, Mount, Route
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from medgraft.web.guard import session_cookie
from medgraft.web.sessions import Sessions
from medgraft.web.settings import Settings
from medgraft.workspace import add_reader, renew_reader, withdraw_reader

from .conftest import Served

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")
PATHS = (
    "/",
    "/sign-in",
    "/sign-out",
    "/label",
    "/cohort",
    "/static/theme.css",
    "/_nicegui_ws/socket.io/?EIO=4&transport=polling",
    "/nowhere",
)


def every_route(served: Served) -> set[tuple[str, str]]:
    """Method and path of every route, mounted applications' too, with `{name}` left in place of parameters."""
    ours = {(method.upper(), path) for path, ways in served.app.openapi()["paths"].items() for method in ways}
    return ours | set(mounted(served.app.routes)) | {(method, path) for method in METHODS for path in PATHS}


def mounted(routes: list[BaseRoute], prefix: str = "") -> Iterator[tuple[str, str]]:
    for route in routes:
        if isinstance(route, Mount):
            yield "GET", f"{prefix}{route.path}/x"
            yield from mounted(list(route.routes or []), prefix + route.path)
        elif isinstance(route, Route):
            yield from ((method, prefix + route.path) for method in route.methods or ())


def test_without_a_session_every_route_answers_401_and_shows_nothing(served: Served) -> None:
    nobody = served.client()
    routes = every_route(served)
    assert {("PUT", "/api/v1/stacks/{stack}/base"), ("GET", "/label")} <= routes
    assert any(path.startswith("/_nicegui/") for _, path in routes)
    for method, path in sorted(routes):
        answer = nobody.request(method, path)
        assert answer.status_code == 401, (method, path)
        assert len(answer.content) < 200 or path == "/sign-in", "an error, or the form that asks who you are"
        assert "set-cookie" not in answer.headers
        assert served.project.root.name not in answer.text


def test_a_wrong_cookie_is_no_session(served: Served) -> None:
    nobody = served.client()
    nobody.cookies.set(session_cookie(8080), "x" * 43)
    assert nobody.get("/api/v1/cohort").status_code == 401


def test_no_socket_opens_without_a_session(served: Served) -> None:
    for path in ("/_nicegui_ws/socket.io/?EIO=4&transport=websocket", "/ws"):
        with pytest.raises((WebSocketDisconnect, WebSocketDenialResponse)), served.client().websocket_connect(path):
            pass


def test_a_person_without_a_session_sees_the_form(served: Served) -> None:
    answer = served.client().get("/label", headers={"Accept": "text/html,*/*"})
    assert answer.status_code == 401
    assert "Sign in to medgraft" in answer.text
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_a_link_works_once(served: Served) -> None:
    token = served.sessions.new_link("ana")
    used = len(served.links_used)
    first = served.client().get(f"/sign-in?token={token}")
    assert first.status_code == 303
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert served.client().get(f"/sign-in?token={token}").status_code == 401
    assert len(served.links_used) == used + 1


def test_name_and_token_sign_in(served: Served) -> None:
    browser = served.client()
    assert browser.post("/sign-in", data={"name": "ben", "token": "wrong"}).status_code == 401
    assert browser.post("/sign-in", data={"name": "ben", "token": served.readers["ana"]}).status_code == 401
    assert browser.get("/api/v1/me").status_code == 401
    assert browser.post("/sign-in", data={"name": "ben", "token": served.readers["ben"]}).status_code == 303
    assert browser.get("/api/v1/me").json()["reader"] == "ben"
    assert browser.post("/sign-out").status_code == 303
    assert browser.get("/api/v1/me").status_code == 401


def test_who_is_withdrawn_is_out_at_once(served: Served) -> None:
    token = add_reader(served.project, "dan").token
    browser = served.client()
    assert browser.post("/sign-in", data={"name": "dan", "token": token}).status_code == 303
    assert browser.get("/api/v1/me").json()["reader"] == "dan"
    withdraw_reader(served.project, "dan")
    assert browser.get("/api/v1/me").status_code == 401
    assert browser.post("/sign-in", data={"name": "dan", "token": token}).status_code == 401
    renew_reader(served.project, "dan")
    assert browser.get("/api/v1/me").status_code == 401, "a session that was ended stays so"


def test_a_program_signs_every_request(served: Served) -> None:
    def ask(token: str) -> int:
        text = base64.b64encode(f"ben:{token}".encode()).decode()
        return served.client().get("/api/v1/me", headers={"Authorization": f"Basic {text}"}).status_code

    assert ask(served.readers["ben"]) == 200
    assert ask("wrong") == 401


@pytest.mark.parametrize("header", ["Basic", "Basic %%%", "Basic /w==", "Bearer x", ""])
def test_a_malformed_authorization_is_no_session(served: Served, header: str) -> None:
    assert served.client().get("/api/v1/me", headers={"Authorization": header}).status_code == 401


@pytest.mark.parametrize(
    ("unused", "since_sign_in", "lives"), [(3599, 3599, True), (3601, 3601, False), (10, 7201, False)]
)
def test_sessions_expire(unused: float, since_sign_in: float, lives: bool) -> None:
    clock = [0.0]
    sessions = Sessions(idle=3600, lifetime=7200, clock=lambda: clock[0])
    secret = sessions.begin("ana")
    while clock[0] < since_sign_in - unused:
        clock[0] = min(clock[0] + 3000, since_sign_in - unused)
        assert sessions.reader(secret) == "ana"
    clock[0] = since_sign_in
    assert (sessions.who(secret) == "ana") is lives
    assert (sessions.reader(secret) == "ana") is lives


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil.example:8080", "", "127.0.0.1:x", "@127.0.0.1"]
)
def test_a_crafted_host_is_refused(ana: TestClient, host: str) -> None:
    answer = ana.get("/api/v1/cohort", headers={"Host": host})
    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8080", "LOCALHOST:9", "[::1]:8080"])
def test_loopback_answers_to_its_names(ana: TestClient, host: str) -> None:
    assert ana.get("/api/v1/me", headers={"Host": host}).status_code == 200


def test_another_address_answers_to_the_names_it_was_given() -> None:
    assert Settings(host="10.0.0.7", names=("Reading.example",)).hosts == {"10.0.0.7", "reading.example"}


@pytest.mark.parametrize(
    ("host", "link"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "[::1]"),
        ("localhost", "localhost"),
        ("0.0.0.0", "127.0.0.1"),
        ("::", "[::1]"),
        ("clinic.example", "clinic.example"),
    ],
)
def test_the_link_that_is_shown_leads_to_the_server(host: str, link: str) -> None:
    settings = Settings(host=host)
    assert settings.link_host == link
    assert link in settings.hosts


def test_pages_of_others_cannot_act(ana: TestClient) -> None:
    for origin in ("https://evil.example", "http://127.0.0.1:9999", "null"):
        assert ana.post("/api/v1/imports", headers={"Origin": origin}).status_code == 403
    assert ana.post("/api/v1/imports", headers={"Origin": "http://127.0.0.1:8080"}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/static/../server.py",
        "/static/%2e%2e/server.py",
        "/static/..%2fserver.py",
        "/static/%2e%2e%2f%2e%2e%2fcli/app.py",
        "/../etc/passwd",
        "/static//etc/passwd",
        "/static/%00",
    ],
)
def test_no_path_leaves_its_folder(ana: TestClient, path: str) -> None:
    answer = ana.get(path)
    assert answer.status_code in (400, 404)
    assert b"import" not in answer.content


def test_a_body_is_refused_by_what_it_claims(ana: TestClient) -> None:
    path = "/api/v1/tasks/sax-range/labels"
    assert ana.post(path, headers={"Content-Length": str(2**31)}, content=b"{}").status_code == 413
    assert ana.post(path, headers={"Content-Length": "-1"}, content=b"{}").status_code == 400


def test_a_body_is_refused_by_what_comes(ana: TestClient) -> None:
    chunks = (b"x" * 2**14 for _ in range(100))  # no length is claimed for a generator
    assert ana.post("/api/v1/tasks/sax-range/labels", content=chunks).status_code == 413


@pytest.mark.parametrize("path", ["/label", "/api/v1/me", "/static/theme.css", "/nowhere"])
def test_every_answer_carries_the_headers(ana: TestClient, path: str) -> None:
    headers = ana.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]


def test_our_own_page_has_nothing_inline_and_nothing_from_elsewhere(ana: TestClient) -> None:
    text = ana.get("/label").text
    assert "<style" not in text
    assert " style=" not in text
    assert "<script>" not in text
    assert " on" + "click" not in text
    assert "http" not in text.replace("http-equiv", "")
