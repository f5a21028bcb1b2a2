"""A project with a finished study, its application for tests without a browser, and a served one for a real one."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page
from starlette.testclient import TestClient

from medgraft.core.stack import FoundStack
from medgraft.phantoms import short_axis_heart
from medgraft.study import parse_study
from medgraft.web.guard import Guard
from medgraft.web.server import make_app
from medgraft.web.sessions import Sessions
from medgraft.web.settings import Settings
from medgraft.workspace import Project, label_from_masks
from medgraft.workspace.studies.running import start_study

from ..conftest import Served, Server

MODEL = "mobilenetv1_025-random-depth-1"

#: One network at 32 pixels, trained in seconds.
STUDY = {
    "name": "tiny",
    "networks": [{"network": "mobilenetv1_025", "weights": "random", "size": 32}],
    "stages": [{"depth": 0, "rates": [0.1, 0.01], "epochs": 3}, {"depth": 1, "rates": [0.02], "epochs": 2}],
    "folds": 2,
    "draws": 2,
    "balance": {"OAP": 6, "OBS": 3},
    "test": {"split": "test"},
}


@pytest.fixture(scope="session")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Six hearts of seven slices at two sites, two of them for the test, and a finished study."""
    project = Project.create(tmp_path_factory.mktemp("studies") / "heart")
    with project.cohort() as cohort:
        for number in range(1, 7):
            heart = short_axis_heart(subject=number, size=32, n_phases=2, n_slices=7)
            found = FoundStack(
                stack=heart.stack,
                subject=heart.subject,
                series_key="sax",
                split="test" if number > 4 else "train",
                site="north" if number % 2 else "south",
            )
            cohort.add(found)
    label_from_masks(project)
    start_study(project, parse_study(STUDY))
    return project


@pytest.fixture(scope="session")
def place(studied: Project) -> Served:
    """The study's project behind its guard."""
    return served(studied)


def served(project: Project) -> Served:
    """A project behind its guard."""
    clock, used = [0.0], list[None]()
    sessions = Sessions(idle=3600, lifetime=7200, clock=lambda: clock[0])
    guard = make_app(project, Settings(), sessions, link_used=lambda: used.append(None))
    assert isinstance(guard, Guard)
    return Served(project, guard, sessions, clock, used)


def copied(project: Project, root: Path, *without: str) -> Project:
    """A copy of a project that a server may have open, whose database changes files while it is copied."""
    database = "project.db"
    shutil.copytree(project.root, root, ignore=shutil.ignore_patterns(f"{database}*", *without))
    with closing(sqlite3.connect(project.root / database)) as source, closing(sqlite3.connect(root / database)) as copy:
        source.backup(copy)
    return Project.open(root)


@pytest.fixture
def client(place: Served) -> TestClient:
    """A browser without a screen, signed in."""
    return place.client("ana")


@pytest.fixture(scope="session")
def study_server(studied: Project) -> Iterator[Server]:
    """The study's project as a user serves it."""
    server = Server(Path(studied.root))
    yield server
    server.kill()


@pytest.fixture
def study_page(browser_page: Page, study_server: Server) -> Page:
    """A page of that server, signed in."""
    study_server.sign_in(browser_page, study_server.new_reader())
    return browser_page


@pytest.fixture(scope="session")
def own_study_server(studied: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for tests that begin studies: its project has the finished one twice."""
    own = copied(studied, tmp_path_factory.mktemp("own") / "heart")
    shutil.copytree(own.studies / "tiny", own.studies / "twin")
    server = Server(own.root)
    yield server
    server.kill()


@pytest.fixture
def own_study_page(browser_page: Page, own_study_server: Server) -> Page:
    """A page of that server, signed in."""
    own_study_server.sign_in(browser_page, own_study_server.new_reader())
    return browser_page
