"""The Sites page: verdicts of learning curves, their pictures, and the report in a sandbox."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from playwright.sync_api import Page
from pydantic_core import to_json
from starlette.testclient import TestClient

from medgraft.core.seeds import rng
from medgraft.core.task import LV_WALL
from medgraft.evaluation import MEAN_DICE
from medgraft.study.curve import (
    AS_IS,
    CurveOutcome,
    CurvePoint,
    SubjectFigures,
    curve_findings,
    parse_curve,
    verdict,
    write_curve,
)
from medgraft.web.guard import Guard
from medgraft.web.server import make_app
from medgraft.web.sessions import Sessions
from medgraft.web.settings import Settings
from medgraft.workspace import Project
from medgraft.workspace.curves.curve_list import curve_states
from medgraft.workspace.kept.curve_folder import FINDINGS, FOUND
from medgraft.workspace.kept.results_folder import only_once

from .conftest import Served, Server

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8ffff3f0005fe02fe"
    "0def46b80000000049454e44ae426082"
)
#: Of the report, by name.
PICTURES = ["learning-curves", "surfaces", "volumes"]
CAUTIONS = ["scratch: in 2 of 2 trainings the last epoch was the best: it may not have ended."]
PAGE = "<!doctype html><title>r</title><p>report</p><script>document.title = self.origin</script>"


def figures(arm: str, size: int, mean: float) -> tuple[SubjectFigures, ...]:
    return tuple(
        SubjectFigures(
            subject=f"s{number}", stack=f"s{number}", phase="ed",
            dice={"pool": mean + noise, "myocardium": mean - noise / 2}, hausdorff95={"pool": 3.0, "myocardium": 4.0},
            unmatched=(),
        )
        for number, noise in enumerate(rng("sites", arm, size).normal(0, 0.01, 8))
    )  # fmt: skip


def outcome() -> CurveOutcome:
    curve = parse_curve(
        {"name": "sites", "network": "unet3d", "shape": [16, 16, 16], "package": "home.medgraft", "sizes": [2, 4],
         "home": {"site": "one"}}
    )  # fmt: skip
    means = {(AS_IS, 0): 0.7, ("scratch", 2): 0.4, ("scratch", 4): 0.5, ("fine-tuned", 2): 0.8, ("fine-tuned", 4): 0.81}
    points = tuple(
        CurvePoint(arm=arm, size=size, test=figures(arm, size, mean), home=figures(arm, size, mean - 0.1))
        for (arm, size), mean in means.items()
    )
    n_subjects = {"train": 4, "validation": 2, "test": 8, "home": 8, "others": 0}
    return CurveOutcome(curve=curve, task=LV_WALL, network="unet3d", n_subjects=n_subjects, points=points)


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with one curve that ended and was reported, and one that did not end."""
    project = Project.create(tmp_path_factory.mktemp("sites") / "heart")
    write_curve(outcome(), project.curves / "sites")
    found = {
        **dict.fromkeys(FOUND),
        "verdict": asdict(verdict(outcome())),
        "findings": asdict(curve_findings(outcome())),
        "rules": [{"key": "papillary", "text": "Papillary muscles belong to", "ours": "pool", "theirs": "wall"}],
        "cautions": CAUTIONS,
    }
    (project.curves / "sites" / FINDINGS).write_bytes(to_json(found, inf_nan_mode="null"))
    figures_folder = project.curves / "sites" / "report" / "figures"
    figures_folder.mkdir(parents=True)
    for name in PICTURES:
        (figures_folder / f"{name}.png").write_bytes(PIXEL)
    (figures_folder.parent / "report.html").write_text(PAGE)
    shutil.copytree(project.curves / "sites", project.curves / "begun", ignore=shutil.ignore_patterns("r*"))
    return project


@pytest.fixture(scope="module")
def signed_in(compared: Project) -> TestClient:
    clock, used = [0.0], list[None]()
    sessions = Sessions(idle=3600, lifetime=7200, clock=lambda: clock[0])
    guard = make_app(compared, Settings(), sessions, link_used=lambda: used.append(None))
    assert isinstance(guard, Guard)
    return Served(compared, guard, sessions, clock, used).client("ana")


def test_the_server_stays_small_and_starts_at_once() -> None:
    """What computes runs in processes beside it: torch takes 400 MB, scikit-learn a second of every start."""
    code = "import sys, medgraft.web.server; print(*({'torch', 'sklearn'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_models_have_the_mean_dice_that_was_found(compared: Project) -> None:
    rows = [row for row in curve_findings(outcome()).rows if row.figure == MEAN_DICE]
    (_, ended) = curve_states(compared)
    for on in ("test", "home"):
        wanted = {(row.arm, row.size): row.value.value for row in rows if row.on == on}
        figures = {(one.arm, one.size): one.here if on == "test" else one.home for one in ended.dice}
        assert {key: figure.value for key, figure in figures.items() if figure} == wanted


def test_a_verdict_is_shown_as_it_was_found(signed_in: TestClient) -> None:
    begun, ended = signed_in.get("/api/v1/curves").json()
    found = verdict(outcome())
    assert (ended["advice"], ended["size"], ended["text"]) == (found.advice, found.size, found.text)
    assert ended["pictures"] == PICTURES
    assert begun["advice"] is None
    assert "Do: medgraft study curve with the file" in begun["missing"]
    page = signed_in.get("/sites").text
    assert found.text.split(".")[0] in page
    assert page.count("<tr><td>") == 5
    assert "Papillary muscles belong to: pool here, wall there" in page
    assert CAUTIONS[0] in page
    assert (ended["cautions"], len(ended["rules"])) == (CAUTIONS, 1)
    assert "/api/v1/curves/sites/pictures/learning-curves" in page


def test_figures_by_rest_are_those_that_were_found(signed_in: TestClient, compared: Project) -> None:
    begun, ended = signed_in.get("/api/v1/curves").json()
    found, advised = curve_findings(outcome()), verdict(outcome())
    assert (begun["models"], begun["differences"], begun["arm"]) == ([], [], None)
    assert (ended["arm"], ended["size"]) == (advised.arm, advised.size)
    means = {(row.arm, row.size): row.value for row in found.rows if (row.on, row.figure) == ("test", MEAN_DICE)}
    assert {(one["arm"], one["size"]): one["here"] for one in ended["models"]} == {
        key: {"value": value.value, "low": value.low, "high": value.high} for key, value in means.items()
    }
    for shown, item in zip(ended["differences"], found.contrasts, strict=True):
        assert (shown["arm"], shown["size"], shown["on"]) == (item.arm, item.size, item.on)
        ends = {name: getattr(item.difference, name) for name in ("value", "low", "high")}
        assert shown["difference"] == ends
        assert (shown["p_value"], shown["adjusted"]) == (item.difference.p_value, item.adjusted)
    whole = signed_in.get("/api/v1/curves/sites").json()
    assert whole == json.loads((compared.curves / "sites" / FINDINGS).read_text())
    assert signed_in.get("/api/v1/curves/nowhere").status_code == 404
    assert "was stopped" in signed_in.get("/api/v1/curves/begun").json()["error"]


def test_what_has_no_verdict_says_why(compared: Project, tmp_path: Path) -> None:
    """One that runs is only waited for; one of an older medgraft is started again."""
    project = Project.open(Path(shutil.copytree(compared.root, tmp_path / "heart")))
    with only_once(project.curves / "begun"):
        assert curve_states(project)[0].missing == "It is running."
    whole = json.loads((project.curves / "sites" / FINDINGS).read_text())
    without = {key: value for key, value in whole.items() if key != "cautions"}
    for older in (without, {**whole, "verdict": {}}):
        (project.curves / "sites" / FINDINGS).write_text(json.dumps(older))
        assert "of an older medgraft. Do: start the curve again" in curve_states(project)[1].missing


def test_pictures_are_those_of_the_report_and_nothing_else(signed_in: TestClient) -> None:
    answer = signed_in.get("/api/v1/curves/sites/pictures/learning-curves")
    assert (answer.content, answer.headers["content-type"]) == (PIXEL, "image/png")
    for wrong in (
        "sites/pictures/other",
        "sites/pictures/..%2f..%2fcurve",
        "..%2f/pictures/learning-curves",
        "other/report",
    ):
        status = signed_in.get(f"/api/v1/curves/{wrong}").status_code
        assert status == (400 if ".." in wrong else 404)


def test_every_picture_leads_to_its_place_in_the_report(signed_in: TestClient) -> None:
    """There the surface turns: a page of its own, whose script this page's policy would not let in."""
    page = signed_in.get("/sites").text
    assert [name for name in PICTURES if f'src="/api/v1/curves/sites/pictures/{name}"' in page] == PICTURES
    assert [name for name in PICTURES if f'href="/api/v1/curves/sites/report#figure-{name}"' in page] == PICTURES
    assert "Turn it in the report" in page
    assert "Volumes and ejection fraction" in page


def test_a_report_is_nobody_s_origin(signed_in: TestClient) -> None:
    policy = signed_in.get("/api/v1/curves/sites/report").headers["content-security-policy"]
    assert "sandbox allow-scripts" in policy
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy


def test_without_a_curve_the_next_step_is_said(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "empty")
    sessions = Sessions(idle=3600, lifetime=7200, clock=lambda: 0.0)
    guard = make_app(project, Settings(), sessions, link_used=lambda: None)
    assert isinstance(guard, Guard)
    client = Served(project, guard, sessions, [0.0], []).client("ana")
    assert "medgraft study curve" in client.get("/sites").text


@pytest.fixture(scope="module")
def sites_server(compared: Project) -> Iterator[Server]:
    server = Server(compared.root)
    yield server
    server.kill()


@pytest.mark.slow
@pytest.mark.parametrize("width", [800, 1440])
def test_the_page_in_a_browser(sites_server: Server, browser_page: Page, width: int) -> None:
    browser_page.set_viewport_size({"width": width, "height": 900})
    sites_server.sign_in(browser_page, sites_server.new_reader())
    browser_page.goto(f"{sites_server.base}/sites")
    assert browser_page.locator("article.card").count() == 2
    browser_page.wait_for_function("() => document.querySelector('img').naturalWidth === 1")
    assert browser_page.evaluate("document.documentElement.scrollWidth") == width
    browser_page.goto(f"{sites_server.base}/api/v1/curves/sites/report")
    assert browser_page.title() == "null"
