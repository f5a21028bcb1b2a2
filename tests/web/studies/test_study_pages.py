"""Pages about studies without a browser: what they say, where they lead, and that nobody sees them unasked."""

import re
from html import unescape

import numpy as np
import pytest
from starlette.testclient import TestClient

from medgraft.evaluation import confusion
from medgraft.web.pages.studies import BASELINES
from medgraft.web.server import make_app
from medgraft.workspace import Project
from medgraft.workspace.kept.study_results import study_results
from medgraft.workspace.studies.answers import answer_table

from ..conftest import Served
from .conftest import MODEL

pytestmark = pytest.mark.slow

PAGES = ("/studies", "/studies/tiny", "/studies/tiny/predictions", "/studies/tiny/classes.css", "/map", "/compare")
API = "/api/v1/studies/tiny"


@pytest.mark.parametrize(
    "path",
    [
        *PAGES,
        "/models",
        "/api/v1/studies",
        API,
        f"{API}/models/{MODEL}/answers",
        f"{API}/models/{MODEL}/map",
        f"{API}/models/{MODEL}/gradcam/STACK/0/IN",
        "/api/v1/stacks/STACK/pixels/0/3.png?side=288",
        "/api/v1/worklists",
        "/api/v1/models",
    ],
)
def test_nobody_sees_anything_unasked(place: Served, path: str) -> None:
    """Pixels of Grad-CAM and of the pictures on the map among them, though they were computed before."""
    with place.project.cohort() as cohort:
        path = path.replace("STACK", cohort.entries()[0].id)
    known = place.client("ana").get(path)
    assert known.status_code == 200
    refused = place.client().get(path)
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/json"
    assert len(refused.content) < 200
    assert place.client().post(f"{API}/models/{MODEL}/map").status_code == 401


def test_one_row_per_network_and_depth_and_the_chosen_one_marked(client: TestClient, studied: Project) -> None:
    page = client.get("/studies").text
    results = study_results(studied, "tiny")
    rows = re.findall(r"<tr><td><a href=\"/studies/tiny\?model=([^\"]+)\">", page)
    assert rows == [model.id for model in results.models]
    marked = [row for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL) if "lowest validation loss" in row]
    assert len(marked) == 1
    assert f"model={results.best}" in marked[0]
    assert page.count('class="chart spark"') == len(rows)
    assert page.count('class="chart whisker"') == len(rows) + 1, "and the baseline's"


@pytest.mark.parametrize("decision", ["argmax", "stack"])
@pytest.mark.parametrize("on", ["test", "out of fold"])
def test_the_confusion_matrix_counts_and_leads(client: TestClient, studied: Project, on: str, decision: str) -> None:
    page = client.get(f"/studies/tiny?model={MODEL}&on={on}&decision={decision}").text
    table = answer_table(studied, "tiny", MODEL, on)
    answers = table.plain if decision == "argmax" else table.joint
    assert answers is not None
    counts = confusion(table.rows.y_true, answers, 3)
    matrix = re.findall(r'<table class="confusion.*?</table>', page, re.DOTALL)[0]
    assert [int(text) for text in re.findall(r"<b>(\d+)</b>", matrix)] == counts.ravel().tolist()
    words = re.findall(r'aria-label="(\d+) (images?) of', matrix)
    assert words == [(str(n), "image" if n == 1 else "images") for n in counts[counts > 0].tolist()]
    links = [unescape(link) for link in re.findall(r'href="([^"]+)"', matrix)]
    codes = table.task.codes
    wanted = [f"truth={codes[t]}&answer={codes[a]}" for t, a in np.argwhere(counts).tolist()]
    assert len(links) == len(wanted)
    assert all(part in link and f"decision={decision}" in link for part, link in zip(wanted, links, strict=True))
    assert client.get(links[0]).status_code == 200


def test_every_stack_is_on_the_strip_the_worst_first(client: TestClient, studied: Project) -> None:
    page = client.get(f"/studies/tiny?model={MODEL}&on=out of fold&decision=argmax").text
    table = answer_table(studied, "tiny", MODEL, "out of fold")
    shown = [int(count) for count in re.findall(r"title=\"wrong slices\">(\d+)<", page)]
    shown = shown or [int(count) for count in re.findall(r"class=\"errors number\"[^>]*>(\d+)<", page)]
    errors = [int((table.plain[at] != table.rows.y_true[at]).sum()) for at in table.rows.stacks()]
    assert shown == sorted(errors, reverse=True)


def test_tables_hold_the_figures_of_the_study(client: TestClient, studied: Project) -> None:
    lines = study_results(studied, "tiny").lines
    assert len({(line.on, line.decision) for line in lines}) == 4
    for line in lines:
        page = client.get(f"/studies/tiny?on={line.on}&decision={line.decision}").text
        shown = [float(value) for value in re.findall(r'data-value="([\d.]+)"', page)]
        assert line.figures["macro_f1"].value in shown


@pytest.mark.parametrize("decision", ["argmax", "stack"])
def test_a_model_is_shown_beside_others(client: TestClient, studied: Project, decision: str) -> None:
    page = client.get(f"/studies/tiny?model={MODEL}&on=test&decision={decision}").text
    title = study_results(studied, "tiny").model(MODEL).title
    wanted = (title, "test", decision)
    lines = [x for x in study_results(studied, "tiny").contrasts if (x.model, x.on, x.decision) == wanted]
    rows = re.findall(r"<tr><td>([^<]+)</td><td>([+−][\d.]+)</td>", page)
    assert rows == [(BASELINES.get(line.other, line.other), f"{line.value:+.3f}".replace("-", "−")) for line in lines]
    assert lines


@pytest.mark.parametrize(
    "path",
    [
        "/studies/nowhere",
        "/studies/tiny?model=vgg16",
        "/studies/nowhere/predictions",
        "/map?study=nowhere",
        "/compare?a=nowhere",
    ],
)
def test_what_is_not_there_is_a_page_that_says_so(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "cannot be shown" in answer.text
    assert "Available" in answer.text


def test_names_are_escaped(client: TestClient) -> None:
    assert "<script>alert" not in client.get("/studies/tiny?model=<script>alert(1)</script>").text


def test_pages_are_under_the_strict_policy(client: TestClient) -> None:
    for path in PAGES:
        answer = client.get(path)
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert not re.search(r"\sstyle=|\son[a-z]+=", answer.text), "the policy would block it"


def test_two_studies_side_by_side(client: TestClient) -> None:
    page = client.get("/compare?a=tiny&b=tiny&decision=argmax").text
    assert page.count("+0.000 to +0.000") == 5
    assert "Macro F1" in page
    found = client.get(f"/api/v1/comparison?study_a=tiny&model_a={MODEL}&study_b=tiny&model_b={MODEL}&on=test").json()
    assert {item["value"] for item in found["differences"]} == {0.0}


def test_studies_and_their_progress_by_rest(client: TestClient, studied: Project) -> None:
    assert client.get("/api/v1/studies").json()[0]["state"] == "finished"
    assert client.get(f"{API}/progress").json()["state"] == "finished"
    found = client.get(API).json()
    assert found["best"] == study_results(studied, "tiny").best
    assert client.post(f"{API}/stop").json()["state"] == "finished"
    wrong_set = f"{API}/models/{MODEL}/answers?on=nowhere"
    wrong_model = f"{API}/models/vgg/answers"
    for path in ("/api/v1/studies/nowhere", "/api/v1/studies/nowhere/progress", wrong_model, wrong_set):
        assert set(client.get(path).json()) == {"error"}


def test_an_unfinished_study_can_be_resumed(client: TestClient, studied: Project) -> None:
    folder = studied.studies / "begun"
    folder.mkdir()
    (folder / "study.yaml").write_text("name: begun\n")
    page = client.get("/studies").text
    (folder / "study.yaml").unlink()
    folder.rmdir()
    card = re.findall(r'<article class="card" id="study-begun".*?</article>', page, re.DOTALL)[0]
    assert 'data-state="stopped"' in card
    assert "Resume" in card


def test_grad_cam_by_rest_is_computed_beside_the_server(client: TestClient, studied: Project) -> None:
    with studied.cohort() as cohort:
        entry = cohort.entries()[0]
    path = f"{API}/models/{MODEL}/gradcam/{entry.id}/0"
    answer = client.get(f"{path}/IN")
    assert answer.headers["medgraft-shape"] == "7,32,32"
    assert len(answer.content) == 7 * 32 * 32
    tops = [max(client.get(f"{path}/{code}").content) for code in ("OAP", "IN", "OBS")]
    assert max(tops) == 255, "each map is of its own maximum, or there is no evidence for the class"
    assert client.get(f"{path}/IN").content == answer.content
    assert client.get(f"{path}/NONE").status_code == 400
    assert client.get(f"{API}/models/{MODEL}/gradcam/{entry.id}/9/IN").status_code == 400


def test_a_new_study_is_checked_first(client: TestClient) -> None:
    for text in ("networks: [nowhere]", "a: [", "networks: [mobilenetv1_025]\nweights: file:/etc/passwd"):
        answer = client.post("/api/v1/studies", json={"text": text})
        assert answer.status_code == 400
        assert answer.json()["error"]
    assert [study["name"] for study in client.get("/api/v1/studies").json()] == ["tiny"]


def test_worklists_by_rest(client: TestClient, studied: Project) -> None:
    with studied.cohort() as cohort:
        stacks = [entry.id for entry in cohort.entries()]
    made = client.post("/api/v1/worklists", json={"name": "odd", "stacks": stacks[2:0:-1], "why": "test"}).json()
    assert (made["by"], made["stacks"]) == ("ana", stacks[2:0:-1])
    assert client.get(f"/api/v1/worklists/{made['id']}").json() == made
    listed = client.get(f"/api/v1/tasks/sax-range/worklist?worklist={made['id']}").json()["items"]
    assert [item["stack"]["id"] for item in listed] == made["stacks"], "the Label page shows them in that order"
    assert client.post("/api/v1/worklists", json={"name": "odd", "stacks": ["nowhere"]}).status_code == 400
    left = client.delete(f"/api/v1/worklists/{made['id']}").json()
    assert made["id"] not in [item["id"] for item in left]
    assert client.get(f"/api/v1/worklists/{made['id']}").status_code == 404


def test_an_empty_project_says_what_to_do(tmp_path_factory: pytest.TempPathFactory, place: Served) -> None:
    project = Project.create(tmp_path_factory.mktemp("empty") / "heart")
    guard = make_app(project, place.app.state.place.settings, place.sessions, link_used=lambda: None)
    client = TestClient(guard, base_url="http://127.0.0.1:8080", cookies=place.client("ana").cookies)
    assert "No study yet" in client.get("/studies").text
    assert "No map yet" in client.get("/map").text
    assert "Expected a finished study" in client.get("/compare").text
