"""Rounds over REST: who may do what, that nothing of another reader leaks, and what comes once all are done."""

import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from medgraft.web.guard import Guard
from medgraft.web.server import make_app
from medgraft.web.sessions import Sessions
from medgraft.web.settings import Settings
from medgraft.workspace import add_reader, disagreements, withdraw_reader
from medgraft.workspace.reading.agreement import reading_agreement

from .conftest import Served, project_of

API = "/api/v1"
TASK = f"{API}/tasks/sax-range"
#: How far a reader is may be seen by all: these are left out where answers are compared.
PROGRESS = re.compile(
    r'"(labelled|done|finished|asked|seconds_per_stack|last_at)":[^,}\]]+|(, )?(ana|ben) has \d+ stacks? left'
)


@pytest.fixture
def fresh(scans: Path, tmp_path: Path) -> Served:
    """A project of its own with two readers and a chief; `owner` came by the terminal's link."""
    project = project_of(scans, tmp_path / "heart")
    add_reader(project, "ana")
    add_reader(project, "ben")
    add_reader(project, "chief", role="admin")
    sessions = Sessions(idle=3600, lifetime=7200)
    guard = make_app(project, Settings(owner="owner", recheck=0), sessions, link_used=lambda: None)
    assert isinstance(guard, Guard)
    return Served(project, guard, sessions, [0.0], [])


def stacks_of(client: TestClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"{API}/cohort").json()["stacks"]
    return found


def open_round(served: Served, count: int = 2, by: str = "chief") -> list[dict[str, Any]]:
    client = served.client(by)
    stacks = stacks_of(client)[:count]
    body = {"name": "first", "task": "sax-range", "readers": ["ana", "ben"], "stacks": [one["id"] for one in stacks]}
    assert client.post(f"{API}/readings", json=body).status_code == 200
    return stacks


def label(client: TestClient, stack: dict[str, Any], first: int, last: int) -> None:
    for phase in stack["named_phases"].values():
        act = {"kind": "range", "act": str(uuid4()), "stack": stack["id"], "phase": phase}
        assert client.post(f"{TASK}/labels", json=act | {"first": first, "last": last}).status_code == 200


def finish(client: TestClient, stack: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(f"{API}/readings/first/done", json={"act": str(uuid4()), "stack": stack["id"]})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def read_by_both(served: Served, stacks: list[dict[str, Any]]) -> None:
    """Ana and Ben differ by one slice at the base of each stack but the first."""
    for number, stack in enumerate(stacks):
        for name, first in (("ana", 1), ("ben", 2 if number else 1)):
            label(served.client(name), stack, first, stack["slices"] - 2)
            finish(served.client(name), stack)


def everything(served: Served, reader: str) -> dict[str, str]:
    """What every route that gives something gives a reader, progress left out."""
    client = served.client(reader)
    routes = [path for path, ways in served.app.openapi()["paths"].items() if "get" in ways]
    stack = stacks_of(client)[0]["id"]
    known = {"task": "sax-range", "stack": stack, "phase": "0", "slice": "1", "name": "first"}
    paths = [re.sub(r"\{(\w+)\}", lambda match: known.get(match[1], "nothing"), path) for path in routes]
    asked = [*paths, "/label", "/cohort", "/read", "/volumes", "/models", "/studies", "/map"]
    asked.append(f"{TASK}/worklist?reading=first")
    return {path: PROGRESS.sub("", without_ids(client.get(path).content.decode("latin-1"))) for path in asked}


def without_ids(text: str) -> str:
    """NiceGUI numbers its pages and clients anew each time."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{10,}", "", text)


def test_only_an_admin_or_the_owner_opens_and_closes(fresh: Served) -> None:
    body = {"name": "first", "task": "sax-range", "readers": ["ana", "ben"]}
    for name in ("ana", "somebody"):
        assert fresh.client(name).post(f"{API}/readings", json=body).status_code == 403
        assert fresh.client(name).get(f"{API}/readings").json()["accounts"] == []
    withdraw_reader(fresh.project, "chief")
    assert fresh.client("chief").post(f"{API}/readings", json=body).status_code == 401
    opened = fresh.client("owner").post(f"{API}/readings", json=body).json()
    assert (opened["state"], opened["stacks"], opened["opened_by"]) == ("blinded", 4, "owner")
    assert fresh.client("ana").post(f"{API}/readings/first/close").status_code == 403
    assert fresh.client("owner").post(f"{API}/readings/first/close").json()["state"] == "closed"


def test_a_round_that_cannot_be_is_refused(fresh: Served) -> None:
    chief = fresh.client("chief")
    for wrong in ({"readers": ["ana"]}, {"readers": ["ana", "nobody"]}, {"task": "other"}, {"stacks": ["nowhere"]}):
        body = {"name": "first", "task": "sax-range", "readers": ["ana", "ben"]} | wrong
        answer = chief.post(f"{API}/readings", json=body)
        assert answer.status_code == 400
        assert "Expected" in answer.json()["error"]
    assert chief.get(f"{API}/readings").json()["rounds"] == []


def test_no_route_shows_a_reader_what_another_said(fresh: Served) -> None:
    stacks = open_round(fresh)
    label(fresh.client("ben"), stacks[0], 2, 4)
    before = everything(fresh, "ben")
    assert any('"IN"' in text for text in before.values()), "ben's own labels are there, so labels would show"
    label(fresh.client("ana"), stacks[0], 1, 3)
    finish(fresh.client("ana"), stacks[0])
    label(fresh.client("ana"), stacks[1], 3, 5)
    after = everything(fresh, "ben")
    assert after.keys() == before.keys()
    assert [path for path in before if after[path] != before[path]] == []


def test_labels_of_others_are_hidden_from_who_does_not_read_as_well(fresh: Served) -> None:
    stacks = open_round(fresh)
    before = everything(fresh, "chief")
    label(fresh.client("ana"), stacks[0], 1, 3)
    assert everything(fresh, "chief") == before


@pytest.mark.parametrize("what", ["agreement", "disagreements"])
def test_nothing_is_compared_while_blinded(fresh: Served, what: str) -> None:
    stacks = open_round(fresh)
    label(fresh.client("ana"), stacks[0], 1, 3)
    for name in ("ana", "ben", "chief"):
        answer = fresh.client(name).get(f"{API}/readings/first/{what}")
        assert answer.status_code == 400
        assert set(answer.json()) == {"error"}


def test_nobody_decides_while_blinded(fresh: Served) -> None:
    stack = open_round(fresh)[0]
    codes = ["OBS"] * stack["slices"]
    body = {"act": str(uuid4()), "stack": stack["id"], "phase": 0, "codes": codes}
    assert fresh.client("chief").post(f"{API}/readings/first/decisions", json=body).status_code == 400


def test_masks_are_hidden_from_who_reads_blind(fresh: Served) -> None:
    ana, chief = fresh.client("ana"), fresh.client("chief")
    stack = next(one for one in stacks_of(ana) if one["masks"])["id"]
    digests = ana.get(f"{API}/stacks/{stack}/volume").json()["masks"]
    phase = next(iter(digests))
    open_round(fresh, count=4)
    volume = ana.get(f"{API}/stacks/{stack}/volume").json()
    assert (volume["masks"], volume["hidden"]) == ({}, True)
    assert ana.get(f"{API}/stacks/{stack}/masks/{phase}?digest={digests[phase]}").status_code == 403
    assert chief.get(f"{API}/stacks/{stack}/masks/{phase}").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/studies/any",
        "/studies/any/",
        "/studies/any/predictions",
        f"{API}/studies/any",
        f"{API}/studies/any/models/one/answers",
        f"{API}/studies/any/models/one/map",
        f"{API}/studies/any/models/one/gradcam/stack/0/IN",
        f"{API}/curves/any/report",
        f"{API}/curves/any/pictures/overlay-median",
    ],
)
def test_what_studies_answered_is_closed_to_who_reads_blind(fresh: Served, path: str) -> None:
    """It shows the truth of every image, which comes from all labels."""
    assert fresh.client("ana").get(path).status_code != 403
    stacks = open_round(fresh)
    assert fresh.client("ana").get(path).status_code == 403
    assert fresh.client("chief").get(path).status_code != 403
    read_by_both(fresh, stacks)
    assert fresh.client("ana").get(path).status_code != 403


def test_a_stack_is_done_reopened_and_done_with_what_is_labelled(fresh: Served) -> None:
    stacks = open_round(fresh)
    ana = fresh.client("ana")
    label(ana, stacks[0], 1, 3)
    assert finish(ana, stacks[0]) == {"reading": "first", "state": "blinded", "done": 1, "stacks": 2}
    refused = ana.post(
        f"{TASK}/labels",
        json={"kind": "slice", "act": str(uuid4()), "stack": stacks[0]["id"], "phase": 0, "slice": 0, "code": "IN"},
    )
    assert refused.status_code == 400, "labels of a stack that is done stay as they are"
    assert ana.post(f"{API}/readings/first/reopen", json={"stack": stacks[0]["id"]}).json()["done"] == 0
    label(ana, stacks[1], 1, 3)
    mine = ana.post(f"{API}/readings/first/done-labelled").json()["readers"][0]
    assert (mine["done"], mine["finished"]) == (2, True)
    work = ana.get(f"{API}/readings/first/worklist").json()
    assert [item["done"] for item in work] == [True, True]
    assert fresh.client("chief").get(f"{API}/readings/first/worklist").status_code == 400


def test_agreement_is_that_of_the_workspace(fresh: Served) -> None:
    stacks = open_round(fresh, count=4)
    read_by_both(fresh, stacks)
    found = fresh.client("ben").get(f"{API}/readings/first/agreement").json()
    expected = reading_agreement(fresh.project, "first")
    pair, wanted = found["pairs"][0], expected.pairs[0]
    for name in ("agreement", "kappa", "linear", "quadratic"):
        assert pair[name]["value"] == pytest.approx(getattr(wanted, name).value)
        assert pair[name]["low"] == pytest.approx(getattr(wanted, name).low)
    base = pair["boundaries"][0]
    assert (base["boundary"], base["slices"]["n"]) == ("OBS|IN", 8)
    assert base["slices"]["mean"]["value"] == pytest.approx(-0.75), "ana is a slice nearer to the base in 6 of 8"
    differences = [point["changes"]["ana"][0] - point["changes"]["ben"][0] for point in found["points"]]
    assert sum(differences) / len(differences) == pytest.approx(base["slices"]["mean"]["value"])


def test_a_decision_is_stored_once_and_undone_once(fresh: Served) -> None:
    stacks = open_round(fresh, count=4)
    read_by_both(fresh, stacks)
    chief = fresh.client("chief")
    item = chief.get(f"{API}/readings/first/disagreements").json()["items"][0]
    assert [said["reader"] for said in item["said"]] == ["ana", "ben"]
    body = {
        "act": str(uuid4()),
        "stack": item["stack"]["id"],
        "phase": item["phase"],
        "codes": item["said"][1]["codes"],
    }
    assert fresh.client("ana").post(f"{API}/readings/first/decisions", json=body).status_code == 400
    first = chief.post(f"{API}/readings/first/decisions", json=body).json()
    assert chief.post(f"{API}/readings/first/decisions", json=body).json() == first
    decided = [one for one in disagreements(fresh.project, "first") if one.decision]
    assert [(one.stack, one.phase, one.decision.codes) for one in decided if one.decision] == [
        (body["stack"], body["phase"], tuple(item["said"][1]["codes"]))
    ]
    undo = {"act": body["act"], "stack": body["stack"], "phase": body["phase"], "slice": item["differing"][0]}
    assert chief.post(f"{API}/readings/first/decisions/undo", json=undo).json()["saved"] is not None
    assert chief.post(f"{API}/readings/first/decisions/undo", json=undo).json()["saved"] is None
    assert not [one for one in disagreements(fresh.project, "first") if one.decision]
