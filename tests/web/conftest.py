"""A small phantom project, its application for tests without a browser, and a served one with a real Chromium."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from medgraft.web.guard import Guard, session_cookie
from medgraft.web.server import make_app
from medgraft.web.sessions import Sessions
from medgraft.web.settings import Settings
from medgraft.workspace import NewToken, Project, add_reader, import_images, write_phantoms

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

#: Without Playwright the pages are left out, and the rest is tested all the same.
collect_ignore_glob = [] if find_spec("playwright") else ["test_*_page.py", "studies"]
#: Milliseconds until a browser gives up: a machine that does much besides is slow, not wrong.
PATIENCE = 120_000
if find_spec("playwright"):
    from playwright.sync_api import expect

    expect.set_options(timeout=PATIENCE)

BASE = "http://127.0.0.1:8080"

#: What a browser says of a server that is away, or refuses for now.
AWAY = (
    "ERR_INTERNET_DISCONNECTED",
    "ERR_CONNECTION",
    "ERR_SOCKET",
    "ERR_EMPTY_RESPONSE",
    "ERR_FAILED",
    "WebSocket connection",
    "of 401",
    "of 503",
)


@pytest.fixture(scope="session")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four synthetic patients, ED and ES."""
    folder = tmp_path_factory.mktemp("web") / "scans"
    write_phantoms(folder, subjects=4, size=48, phases=4)
    return folder


def project_of(scans: Path, root: Path) -> Project:
    project = Project.create(root)
    import_images(project, scans)
    return project


@dataclass
class Served:
    """An application without a socket. clock: moved by hand. links_used: how often a link was used."""

    project: Project
    guard: Guard
    sessions: Sessions
    clock: list[float]
    links_used: list[None]
    readers: dict[str, str] = field(default_factory=dict)

    @property
    def app(self) -> FastAPI:
        app = self.guard.app
        assert isinstance(app, FastAPI)
        return app

    def client(self, reader: str | None = None) -> TestClient:
        """A browser; signed in as a reader if one is named."""
        cookies = {session_cookie(8080): self.sessions.begin(reader)} if reader else None
        return TestClient(self.guard, base_url=BASE, cookies=cookies, follow_redirects=False)


@pytest.fixture(scope="session")
def served(scans: Path, tmp_path_factory: pytest.TempPathFactory) -> Served:
    project = project_of(scans, tmp_path_factory.mktemp("web") / "heart")
    clock: list[float] = [0.0]
    used: list[None] = []
    settings = Settings(recheck=0, most_upload=2**20, most_body=2**16)
    sessions = Sessions(idle=3600, lifetime=7200, clock=lambda: clock[0])
    guard = make_app(project, settings, sessions, link_used=lambda: used.append(None))
    assert isinstance(guard, Guard)
    readers = {name: add_reader(project, name).token for name in ("ana", "ben")}
    return Served(project, guard, sessions, clock, used, readers)


@pytest.fixture
def ana(served: Served) -> TestClient:
    return served.client("ana")


class Server:
    """`medgraft app` in a process of its own, as a user starts it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.port = 0
        self.start()

    def start(self) -> None:
        """Start, on the same port as before if it ran already."""
        program = "from medgraft.cli.main import main; main()"
        command = [sys.executable, "-c", program, "app", "-P", str(self.root), "--no-browser", "--reader", "ana"]
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port)],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1", "COLUMNS": "200"},
        )
        assert self.process.stdout is not None
        self.link = self.next_link()
        self.port = int(re.findall(r":(\d+)/", self.link)[0])

    def next_link(self) -> str:
        """The one-time link that the program shows next."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert "http://" in line, f"expected the server's link, got {line!r}; the server said why above"
        return str(re.findall(r"http://\S+", line)[0])

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def sign_in(self, page: "Page", reader: NewToken) -> None:
        """Sign a page in by name and token; it is the Label page then."""
        page.goto(self.base)
        page.get_by_label("Name").fill(reader.name)
        page.get_by_label("Token").fill(reader.token)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/label")

    def new_reader(self) -> NewToken:
        """A reader whom no other test knows."""
        return add_reader(Project.open(self.root), f"reader-{uuid4().hex[:8]}")

    def kill(self) -> None:
        """SIGKILL: no chance to write anything."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture(scope="session")
def server(scans: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that tests share: each of them is another reader."""
    root = tmp_path_factory.mktemp("web") / "heart"
    project_of(scans, root)
    server = Server(root)
    yield server
    server.kill()


@pytest.fixture
def own_server(scans: Path, tmp_path: Path) -> Iterator[Server]:
    """A server for one test, which may kill it or add to its project."""
    project_of(scans, tmp_path / "heart")
    server = Server(tmp_path / "heart")
    yield server
    server.kill()


@pytest.fixture
def browser_page(chromium: "Browser") -> "Iterator[Page]":
    """A page of nobody's; whatever the browser complains about fails the test, a server that is away apart."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.extend([message.text] * (message.type == "error")))
    yield page
    context.close()
    assert not [text for text in complaints if not any(word in text for word in AWAY)]


@pytest.fixture
def page(browser_page: "Page", server: Server) -> "Page":
    """A page of the shared server, signed in as a reader of its own."""
    server.sign_in(browser_page, server.new_reader())
    return browser_page


@pytest.fixture
def owner_page(own_server: Server, browser_page: "Page") -> "Page":
    """A page of a test's own server, opened by its link; it closes before the server ends."""
    browser_page.goto(own_server.link)
    return browser_page
