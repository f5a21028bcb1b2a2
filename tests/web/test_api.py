"""REST: pixels as they are stored, labels that are stored once, errors in one form."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from starlette.testclient import TestClient

from medgraft.core.errors import InputError, ProjectError
from medgraft.web.guard import Guard
from medgraft.web.server import make_app
from medgraft.web.sessions import Sessions
from medgraft.web.settings import Settings
from medgraft.web.uploads import inside
from medgraft.workspace import Project, add_reader
from medgraft.workspace.stacks.pixels import screen_pixels

from ..processes import wait_until
from .conftest import BASE, Served

TASK = "/api/v1/tasks/sax-range"


@pytest.fixture
def stack(ana: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = ana.get("/api/v1/cohort").json()["stacks"][0]
    return found


def mark(stack: dict[str, Any], /, phase: int = 0, **changed: object) -> dict[str, object]:
    body: dict[str, object] = {"kind": "range", "act": str(uuid4()), "stack": stack["id"], "first": 2, "last": 4}
    return body | {"phase": phase} | changed


def test_openapi_describes_every_route(ana: TestClient) -> None:
    paths = ana.get("/api/v1/openapi.json").json()["paths"]
    nouns = {path.removeprefix("/api/v1/").split("/")[0] for path in paths}
    ours = {"me", "cohort", "notes", "stacks", "tasks", "imports", "readings", "models"}
    assert nouns == ours | {"studies", "comparison", "curves", "worklists"}
    assert all(
        way["responses"]["200"]["description"] and way["summary"] for ways in paths.values() for way in ways.values()
    )


def test_pixels_come_as_they_are_stored(ana: TestClient, served: Served, stack: dict[str, Any]) -> None:
    answer = ana.get(f"/api/v1/stacks/{stack['id']}/pixels/1")
    shape = tuple(map(int, answer.headers["medgraft-shape"].split(",")))
    values = np.frombuffer(answer.content, "<u2").reshape(shape).astype(float)
    back = values * float(answer.headers["medgraft-slope"]) + float(answer.headers["medgraft-intercept"])
    with served.project.cohort() as cohort:
        stored = np.asarray(cohort.pixels(cohort.entry(stack["id"])))
    np.testing.assert_array_equal(back, stored[1])
    low, high = map(float, answer.headers["medgraft-window"].split(","))
    assert stored.min() <= low < high <= stored.max()
    cine = ana.get(f"/api/v1/stacks/{stack['id']}/cine/3")
    assert cine.headers["medgraft-shape"] == f"{stack['phases']},48,48"


def test_pixels_are_kept_by_the_browser(ana: TestClient, stack: dict[str, Any]) -> None:
    first = ana.get(f"/api/v1/stacks/{stack['id']}/pixels/0")
    assert "immutable" in first.headers["cache-control"]
    again = ana.get(f"/api/v1/stacks/{stack['id']}/pixels/0", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert ana.get(f"/api/v1/stacks/{stack['id']}/pixels/1").headers["etag"] != first.headers["etag"]


@given(
    st.sampled_from([np.uint8, np.int16, np.uint16, np.int32, np.float32, np.bool_]).flatmap(
        lambda kind: arrays(kind, (2, 3, 4), elements=st.floats(-1e6, 1e6, width=32) if kind is np.float32 else None)
    )
)
def test_any_pixels_survive_16_bits(stored: np.ndarray[Any, Any]) -> None:
    shown = screen_pixels(stored, "x")
    back = shown.values * shown.slope + shown.intercept
    exact = stored.dtype.itemsize <= 2
    np.testing.assert_allclose(back, stored.astype(float), rtol=1e-6, atol=0 if exact else shown.slope * 0.5000001)
    assert shown.values.dtype == np.dtype("<u2")
    assert shown.window[0] < shown.window[1]


def test_a_thumbnail_is_a_picture(ana: TestClient, stack: dict[str, Any]) -> None:
    answer = ana.get(f"/api/v1/stacks/{stack['id']}/thumbnail.png?side=64")
    assert answer.content.startswith(b"\x89PNG")
    assert int.from_bytes(answer.content[16:20]) == 64


def test_an_act_is_stored_once(served: Served, stack: dict[str, Any]) -> None:
    cleo = served.client("cleo")
    body = mark(stack)
    first = cleo.post(f"{TASK}/labels", json=body).json()
    assert first["codes"] == ["OBS", "OBS", "IN", "IN", "IN", *["OAP"] * (stack["slices"] - 5)]
    before = events_of(served, "cleo")
    assert cleo.post(f"{TASK}/labels", json=body).json() == first
    assert events_of(served, "cleo") == before == stack["slices"]
    other = cleo.post(f"{TASK}/labels", json=body | {"last": 5})
    assert other.status_code == 400
    assert "act" in other.json()["error"]


def test_an_undo_that_is_sent_twice_undoes_one_act(served: Served, stack: dict[str, Any]) -> None:
    dora = served.client("dora")
    acts = [mark(stack, first=1), mark(stack, last=3)]
    saved = [dora.post(f"{TASK}/labels", json=act).json()["codes"] for act in acts]
    undo = {"act": acts[1]["act"], "stack": stack["id"], "phase": 0, "slice": 2}
    assert dora.post(f"{TASK}/undo", json=undo).json()["saved"]["codes"] == saved[0]
    assert dora.post(f"{TASK}/undo", json=undo).json()["saved"] is None
    assert dora.get(f"{TASK}/labels/{stack['id']}").json()[0]["codes"] == saved[0]


def test_a_reader_sees_only_what_the_reader_said(served: Served, stack: dict[str, Any]) -> None:
    served.client("ana").post(f"{TASK}/labels", json=mark(stack))
    seen = served.client("ben").get(f"{TASK}/worklist").json()["items"]
    assert {code for item in seen for asked in item["asked"] for code in asked["codes"]} == {None}
    assert served.client("ben").get(f"{TASK}/labels/{stack['id']}").json() == []


def test_single_slices_and_boundaries(served: Served, stack: dict[str, Any]) -> None:
    finn = served.client("finn")
    one = {"kind": "slice", "act": str(uuid4()), "stack": stack["id"], "phase": 1, "slice": 0, "code": "OBS"}
    assert finn.post(f"{TASK}/labels", json=one).json()["codes"][:2] == ["OBS", None]
    levels = {"kind": "boundaries", "act": str(uuid4()), "stack": stack["id"], "phase": 0, "changes": [1, 2, 3, 4]}
    codes = finn.post("/api/v1/tasks/sax-levels/labels", json=levels).json()["codes"]
    assert codes[:5] == ["obs", "bs", "mid", "ap", "oap"]


def test_orders_of_work(served: Served, stack: dict[str, Any]) -> None:
    gil = served.client("gil")
    for phase in (0, 1):
        gil.post(f"{TASK}/labels", json=mark(stack, phase))
    listed = [item["stack"]["id"] for item in gil.get(f"{TASK}/worklist").json()["items"]]
    unlabelled = [item["stack"]["id"] for item in gil.get(f"{TASK}/worklist?order=unlabelled").json()["items"]]
    assert listed[0] == stack["id"]
    assert unlabelled == [*listed[1:], listed[0]]
    assert gil.get(f"{TASK}/progress").json()["stacks"] == len(listed)


def broken(change: dict[str, Any]) -> Callable[[dict[str, Any]], dict[str, object]]:
    return lambda stack: mark(stack, **change)


@pytest.mark.parametrize(
    "body",
    [
        broken({"first": -1}),
        broken({"last": 10**6}),
        broken({"phase": 99}),
        broken({"stack": "nowhere"}),
        broken({"stack": "../../etc"}),
        broken({"act": "'; drop table"}),
        broken({"kind": "other"}),
        broken({"reader": "ben"}),
        broken({"first": "NaN"}),
    ],
)
def test_a_bad_act_is_refused_in_one_form(
    ana: TestClient, stack: dict[str, Any], body: Callable[[Any], object]
) -> None:
    answer = ana.post(f"{TASK}/labels", json=body(stack))
    assert 400 <= answer.status_code < 500
    assert set(answer.json()) == {"error"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/stacks/nowhere/pixels/0", 404),
        ("/stacks/nowhere/pixels/0/0.png", 404),
        ("/stacks/nowhere/cine/0", 404),
        ("/stacks/nowhere/thumbnail.png", 404),
        ("/stacks/nowhere/volume", 404),
        ("/stacks/nowhere/masks/0", 404),
        ("/stacks/nowhere", 404),
        ("/tasks/other/worklist", 400),
        ("/tasks/sax-range/labels/nowhere", 404),
        ("/imports/nowhere", 404),
        ("/nowhere", 404),
    ],
)
def test_what_is_not_there_is_said_so(ana: TestClient, path: str, status: int) -> None:
    answer = ana.get(f"/api/v1{path}")
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}


@given(st.text(max_size=60))
def test_an_uploaded_path_stays_in_its_folder(path: str) -> None:
    try:
        parts = inside(path).parts
    except InputError:
        return
    assert "/".join(parts) == path
    assert not {"..", ".", ""} & set(parts)


@pytest.mark.parametrize("path", ["../a", "a/../../b", "/etc/passwd", "a\\..\\b", "c:/x", "a//b", "", "a/\0"])
def test_a_path_that_leaves_its_folder_is_refused(path: str) -> None:
    with pytest.raises(InputError, match="relative path"):
        inside(path)


def test_an_upload_is_bounded(ana: TestClient) -> None:
    upload = ana.post("/api/v1/imports").json()["id"]
    assert ana.put(f"/api/v1/imports/{upload}/files/p/a.nii", content=b"x" * 2**21).status_code == 413
    assert ana.put(f"/api/v1/imports/{upload}/files/p/a.nii", content=b"x" * 2**19).status_code == 200


def test_an_upload_that_grows_too_large_leaves_nothing(ana: TestClient, served: Served) -> None:
    upload = ana.post("/api/v1/imports").json()["id"]
    chunks = (b"x" * 2**18 for _ in range(8))
    assert ana.put(f"/api/v1/imports/{upload}/files/p/a.nii", content=chunks).status_code == 413
    assert list((served.project.cache / "incoming" / upload / "p").iterdir()) == []


@pytest.fixture
def of_its_own(tmp_path: Path) -> Served:
    """An application whose project is empty, and may be filled."""
    project = Project.open_or_create(tmp_path / "empty")
    add_reader(project, "ana")
    sessions = Sessions(idle=3600, lifetime=7200)
    guard = make_app(project, Settings(recheck=0), sessions, link_used=lambda: None)
    assert isinstance(guard, Guard)
    return Served(project=project, guard=guard, sessions=sessions, clock=[], links_used=[])


def test_a_program_says_of_an_import_what_its_files_cannot(of_its_own: Served, tmp_path: Path) -> None:
    body = {"site": "north", "mask_codes": {"500": "pool"}, "mask_classes": ["pool"]}
    done = imported(of_its_own.client("ana"), masked_volume(tmp_path), body)
    assert (done["state"], done["text"].split(",")[0]) == ("done", "1 stack added")
    with of_its_own.project.cohort() as cohort:
        (entry,) = cohort.entries()
    assert (entry.site, entry.mask_classes) == ("north", ("pool",))


def test_a_spacing_is_given_to_images_that_say_none(of_its_own: Served, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16)).save(tmp_path / "pictures" / "a.png")
    (tmp_path / "pictures" / "index.csv").write_text("path,subject\na.png,P1\n")
    done = imported(of_its_own.client("ana"), tmp_path / "pictures", {"spacing": [8, 1.5, 1.4]})
    assert (done["state"], done["text"].split(",")[0]) == ("done", "1 stack added")
    with of_its_own.project.cohort() as cohort:
        (entry,) = cohort.entries()
    assert entry.spacing == (8.0, 1.5, 1.4)


@pytest.mark.parametrize("spacing", [[8, 0, 1], [8, 1, -1], [8, 1, 1e6], [8, 1], "8,1,1"])
def test_a_spacing_that_nothing_can_have_is_refused_before_files_are_sent(ana: TestClient, spacing: object) -> None:
    answer = ana.post("/api/v1/imports", json={"spacing": spacing})
    assert answer.status_code in (400, 422)
    assert "spacing" in answer.json()["error"]


def test_an_import_that_finds_nothing_says_why(of_its_own: Served, tmp_path: Path) -> None:
    folder = masked_volume(tmp_path, code=1)
    (folder / "P1.nii.gz").unlink()
    (folder / "P1_mask.nii.gz").rename(folder / "P1.nii.gz")
    assert "No image was found" in imported(of_its_own.client("ana"), folder, {})["text"]


@pytest.mark.parametrize("body", [{"mask_codes": {"1": "heart"}}, {"mask_classes": ["heart"]}, {"pseudonyms": "x"}])
def test_an_import_is_not_begun_with_what_is_not_known(ana: TestClient, body: dict[str, object]) -> None:
    upload = ana.post("/api/v1/imports").json()["id"]
    assert ana.post(f"/api/v1/imports/{upload}/start", json=body).status_code in (400, 422)
    assert ana.get(f"/api/v1/imports/{upload}").json()["state"] == "receiving"


def masked_volume(folder: Path, code: int = 500) -> Path:
    """A NIfTI volume, its mask beside it."""
    inner = folder / "volume"
    inner.mkdir()
    mask = np.zeros((8, 8, 4), np.int16)
    mask[2:6, 2:6, 1:3] = code
    for name, voxels in {"P1": np.arange(256, dtype=np.int16).reshape(8, 8, 4), "P1_mask": mask}.items():
        nibabel.save(nibabel.Nifti1Image(voxels, np.diag([1.0, 1.0, 5.0, 1.0])), inner / f"{name}.nii.gz")
    return inner


def imported(client: TestClient, folder: Path, body: dict[str, object]) -> dict[str, Any]:
    """Send a folder, start, and wait for what came of it."""
    upload = client.post("/api/v1/imports").json()["id"]
    for path in (path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        assert client.put(f"/api/v1/imports/{upload}/files/{name}", content=path.read_bytes()).status_code == 200
    assert client.post(f"/api/v1/imports/{upload}/start", json=body).status_code == 200
    # Not by what it says: what breaks off is told, and only then raised in its thread.
    wait_until(lambda: all(thread.name != "import" for thread in threading.enumerate()), "the import's end")
    return dict(client.get(f"/api/v1/imports/{upload}").json())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (OSError(28, "No space left on device", "/heart/project.db"), "No space left on device: /heart/project.db"),
        (ZeroDivisionError(), "It broke off; the terminal of the server says why."),
    ],
)
def test_an_import_that_breaks_has_failed(
    of_its_own: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: Exception, said: str
) -> None:
    def break_off(*_: object, **__: object) -> None:
        raise broken

    monkeypatch.setattr("medgraft.web.uploads.import_images", break_off)
    done = imported(of_its_own.client("ana"), masked_volume(tmp_path), {})
    assert (done["state"], done["error"]) == ("failed", said)
    assert not list((of_its_own.project.cache / "incoming").iterdir())


def test_imports_whose_page_was_closed_make_room(of_its_own: Served) -> None:
    clock = [0.0]
    of_its_own.app.state.uploads.clock = lambda: clock[0]
    ana = of_its_own.client("ana")
    begun = [ana.post("/api/v1/imports").json()["id"] for _ in range(16)]
    clock[0] = 1800
    assert ana.put(f"/api/v1/imports/{begun[0]}/files/a.nii", content=b"x").status_code == 200
    assert ana.put(f"/api/v1/imports/{begun[1]}/files/b/a.nii", content=b"x").status_code == 200
    assert ana.post("/api/v1/imports").status_code == 400
    clock[0] = 3700
    assert ana.post("/api/v1/imports").status_code == 200
    states = [ana.get(f"/api/v1/imports/{one}").json()["state"] for one in begun]
    assert states == ["receiving", "receiving", *["failed"] * 14]
    clock[0] = 7300
    assert ana.post("/api/v1/imports").status_code == 200
    assert not list((of_its_own.project.cache / "incoming").iterdir()), "nothing of a patient stays"


def test_an_import_that_is_given_up_makes_room_at_once(of_its_own: Served) -> None:
    ana = of_its_own.client("ana")
    begun = [ana.post("/api/v1/imports").json()["id"] for _ in range(16)]
    assert ana.put(f"/api/v1/imports/{begun[0]}/files/p/a.nii", content=b"x").status_code == 200
    assert ana.post("/api/v1/imports").status_code == 400
    assert ana.delete(f"/api/v1/imports/{begun[0]}").json()["state"] == "failed"
    assert ana.post("/api/v1/imports").status_code == 200
    late = [
        ana.put(f"/api/v1/imports/{begun[0]}/files/p/b.nii", content=b"x"),
        ana.post(f"/api/v1/imports/{begun[0]}/start", json={}),
        ana.delete(f"/api/v1/imports/{begun[0]}"),
    ]
    assert [answer.status_code for answer in late] == [400, 400, 400]
    assert not list((of_its_own.project.cache / "incoming").iterdir()), "nothing of a patient stays"


def test_a_file_on_its_way_when_its_import_is_given_up_leaves_nothing(of_its_own: Served) -> None:
    uploads = of_its_own.app.state.uploads
    upload = uploads.begin("ana")

    async def chunks() -> AsyncIterator[bytes]:
        yield b"of a patient"
        uploads.give_up(upload)
        assert not (of_its_own.project.cache / "incoming" / upload.id).exists()
        (of_its_own.project.cache / "incoming" / upload.id / "p").mkdir(parents=True)  # as if it had come first

    # In a thread of its own: tests with a browser leave a loop running in this one.
    with ThreadPoolExecutor() as thread, pytest.raises(ProjectError, match=r"Expected room for a\.nii"):
        thread.submit(lambda: asyncio.run(uploads.take(upload, "p/a.nii", chunks()))).result()
    assert not list((of_its_own.project.cache / "incoming").iterdir())


def test_a_file_where_a_folder_should_be_is_refused(of_its_own: Served) -> None:
    ana = of_its_own.client("ana")
    upload = ana.post("/api/v1/imports").json()["id"]
    answers = [ana.put(f"/api/v1/imports/{upload}/files/{path}", content=b"x") for path in ("a", "a/b", "c" * 300)]
    assert [answer.status_code for answer in answers] == [200, 503, 503]
    assert all("Expected room for" in answer.json()["error"] for answer in answers[1:])


def test_whatever_goes_wrong_is_an_answer_of_one_form(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is said; a mistake of ours is no text for people, and not shown."""
    broken: list[Exception] = [OSError(28, "No space left on device"), ZeroDivisionError("secret")]

    def break_off(_project: object) -> None:
        raise broken.pop(0)

    monkeypatch.setattr("medgraft.web.api.stacks.import_notes", break_off)
    ana = TestClient(served.guard, base_url=BASE, cookies=served.client("ana").cookies, raise_server_exceptions=False)
    full, mistake = (ana.get("/api/v1/notes") for _ in range(2))
    assert (full.status_code, full.json()) == (503, {"error": "No space left on device"})
    assert (mistake.status_code, set(mistake.json())) == (500, {"error"})
    assert "secret" not in mistake.text


def test_an_import_belongs_to_who_began_it(served: Served) -> None:
    upload = served.client("ana").post("/api/v1/imports").json()["id"]
    assert served.client("ben").put(f"/api/v1/imports/{upload}/files/a.nii", content=b"x").status_code == 404
    assert served.client("ben").delete(f"/api/v1/imports/{upload}").status_code == 404


def events_of(served: Served, reader: str) -> int:
    with served.project.labels() as store:
        return sum(event.reader == reader for event in store.history())
