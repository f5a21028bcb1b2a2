"""Volumes over REST: masks as they are stored, kept by their content, and planes called by what they are."""

from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from medgraft.core.cohort import StackEntry
from medgraft.core.geometry import slice_affine
from medgraft.core.stack import FoundStack, Stack
from medgraft.phantoms import short_axis_heart
from medgraft.workspace import Project
from medgraft.workspace.stacks.volumes import phase_mask, stack_volume

from .conftest import Served

API = "/api/v1"

#: ImageOrientationPatient, and from the first slice to the last, of stacks as scanners make them.
CASES = {
    "axial, feet first": ((1, 0, 0), (0, 1, 0), (0, 0, 1), ("axial", "coronal", "sagittal"), ("I", "S"), (0, 0, 1)),
    "axial, head first": ((1, 0, 0), (0, 1, 0), (0, 0, -1), ("axial", "coronal", "sagittal"), ("S", "I"), (0, 0, 0)),
    "coronal": ((1, 0, 0), (0, 0, -1), (0, 1, 0), ("coronal", "axial", "sagittal"), ("A", "P"), (0, 0, 0)),
    "sagittal": ((0, 1, 0), (0, 0, -1), (1, 0, 0), ("sagittal", "axial", "coronal"), ("R", "L"), (0, 0, 0)),
    "from NIfTI": ((-1, 0, 0), (0, -1, 0), (0, 0, 1), ("axial", "coronal", "sagittal"), ("I", "S"), (1, 1, 1)),
    "tilted": (
        (0.8, 0.6, 0),
        (0, 0, -1),
        (0.6, -0.8, 0),
        ("as stored", "axial", "along columns"),
        ("PR", "AL"),
        (0, 0, 1),
    ),
}


@pytest.fixture
def stack(ana: TestClient) -> dict[str, Any]:
    found = next(one for one in ana.get(f"{API}/cohort").json()["stacks"] if one["masks"])
    assert isinstance(found, dict)
    return found


def entry_of(served: Served, stack: dict[str, Any]) -> StackEntry:
    with served.project.cohort() as cohort:
        return cohort.entry(str(stack["id"]))


def test_a_mask_comes_as_it_is_stored(ana: TestClient, served: Served, stack: dict[str, Any]) -> None:
    volume = ana.get(f"{API}/stacks/{stack['id']}/volume").json()
    with served.project.cohort() as cohort:
        stored = cohort.mask(entry_of(served, stack))
    assert stored is not None
    assert set(map(int, volume["masks"])) == set(entry_of(served, stack).mask_phases)
    for phase, digest in volume["masks"].items():
        answer = ana.get(f"{API}/stacks/{stack['id']}/masks/{phase}?digest={digest}")
        shape = tuple(map(int, answer.headers["medgraft-shape"].split(",")))
        np.testing.assert_array_equal(np.frombuffer(answer.content, np.uint8).reshape(shape), stored[int(phase)])
    assert {one["value"] for one in volume["classes"]} >= set(np.unique(stored).tolist()) - {0}


def test_a_mask_is_kept_by_its_digest_and_asked_again_without(ana: TestClient, stack: dict[str, Any]) -> None:
    phase, digest = next(iter(ana.get(f"{API}/stacks/{stack['id']}/volume").json()["masks"].items()))
    path = f"{API}/stacks/{stack['id']}/masks/{phase}"
    kept, asked = ana.get(f"{path}?digest={digest}"), ana.get(f"{path}?digest=of-another")
    assert "immutable" in kept.headers["cache-control"]
    assert "no-cache" in asked.headers["cache-control"]
    again = ana.get(path, headers={"If-None-Match": kept.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_another_mask_has_another_digest(tmp_path: Any) -> None:
    project = Project.create(tmp_path / "heart")
    heart = short_axis_heart(subject=1, size=32, n_phases=2)
    with project.cohort() as cohort:
        entry = cohort.add(FoundStack(stack=heart.stack, subject="one", series_key="sax"))
        before = stack_volume(project, entry.id).masks[0]
        mask = np.array(cohort.mask(entry))
        mask[0, 0, 0, 0] = 3 - mask[0, 0, 0, 0]
        cohort.set_mask(entry.id, mask, entry.mask_phases)
    assert stack_volume(project, entry.id).masks[0] != before
    np.testing.assert_array_equal(phase_mask(project, entry.id, 0).values, mask[0])


def test_a_phase_without_a_mask_is_said_so(ana: TestClient, stack: dict[str, Any]) -> None:
    answer = ana.get(f"{API}/stacks/{stack['id']}/masks/99")
    assert answer.status_code == 400
    assert "mask" in answer.json()["error"]


def test_a_short_axis_stack_has_its_base_on_top(ana: TestClient, served: Served, stack: dict[str, Any]) -> None:
    volume = ana.get(f"{API}/stacks/{stack['id']}/volume").json()
    assert volume["names"][0] == "short axis"
    assert volume["turned"] == [False, False, not entry_of(served, stack).base_first]
    assert volume["positions"][0] == 0
    assert np.all(np.diff(volume["positions"]) > 0)


@pytest.mark.parametrize("case", CASES)
def test_planes_are_called_by_what_they_are(tmp_path: Any, case: str) -> None:
    along_rows, along_columns, between, names, ends, turned = CASES[case]
    origins = [4.0 * at * np.asarray(between, float) for at in range(5)]
    affines = np.stack([slice_affine(tuple(origin), along_rows, along_columns, (1.5, 1.25)) for origin in origins])
    stored = Stack(pixels=np.zeros((1, 5, 8, 8), np.uint8), affines=affines, spacing=(4.0, 1.5, 1.25))
    project = Project.create(tmp_path / "volume")
    with project.cohort() as cohort:
        entry = cohort.add(FoundStack(stack=stored, subject="one", series_key="t1"))
    volume = stack_volume(project, entry.id)
    assert volume.names == names
    assert volume.ends is not None
    assert volume.ends[2] == ends
    assert volume.turned == turned
    assert volume.positions == pytest.approx([0, 4, 8, 12, 16])
