"""Repairs of a project's masks: told, kept as they were; what a step does not fit is left out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from medgraft.core.errors import InputError
from medgraft.core.stack import FoundStack
from medgraft.core.task import MASK_CODES
from medgraft.phantoms import PhantomHeart
from medgraft.workspace import Project, list_cohort, repair_masks

POOL = MASK_CODES["pool"]


@pytest.fixture
def pierced(project: Project) -> tuple[Project, str, np.ndarray]:
    """A project whose first stack has holes in the pool of its ED; the stack, and its mask before the holes."""
    with project.cohort() as cohort:
        entry = cohort.entries()[0]
        whole = np.array(cohort.mask(entry))
        mask = whole.copy()
        inside = ndimage.binary_erosion(whole[0] == POOL, np.ones((1, 3, 3)))
        z, y, x = np.argwhere(inside)[0]
        mask[0, z, y, x] = 0
        cohort.set_mask(entry.id, mask, [0], ("pool", "myocardium"))
    return project, entry.id, whole


def test_a_hole_is_filled_told_and_the_mask_before_is_kept(pierced: tuple[Project, str, np.ndarray]) -> None:
    project, stack, whole = pierced
    with project.cohort() as cohort:
        broken = np.array(cohort.mask_arrays.read(stack))
    done = repair_masks(project, ["fill-holes:in-plane"], [stack])
    (one,) = done.stacks
    assert [(change.phase, change.structure, change.added, change.removed) for change in one.changes] == [
        (0, "pool", 1, 0)
    ]
    with project.cohort() as cohort:
        entry = cohort.entry(stack)
        np.testing.assert_array_equal(cohort.mask(entry), whole)
    assert (entry.mask_phases, entry.mask_classes) == ((0,), ("pool", "myocardium"))
    np.testing.assert_array_equal(np.load(project.root / str(one.before)), broken)


def test_done_again_nothing_changes_and_every_mask_before_is_there(pierced: tuple[Project, str, np.ndarray]) -> None:
    project, stack, _ = pierced
    befores = [repair_masks(project, [step], [stack]).stacks[0].before for step in ["fill-holes:in-plane"] * 2]
    assert befores[1] is None
    befores.append(repair_masks(project, ["closing:3:in-plane"], [stack]).stacks[0].before)
    assert len({before for before in befores if before}) == 2
    assert len(list((project.root / "masks" / "before").iterdir())) == 2


def test_tried_only_nothing_is_written(pierced: tuple[Project, str, np.ndarray]) -> None:
    project, stack, _ = pierced
    files = {path: path.stat().st_mtime_ns for path in project.root.rglob("masks/**/*.npy")}
    tried = repair_masks(project, ["fill-holes:in-plane"], dry_run=True)
    assert {path: path.stat().st_mtime_ns for path in project.root.rglob("masks/**/*.npy")} == files
    done = repair_masks(project, ["fill-holes:in-plane"])
    assert [one.changes for one in tried.stacks] == [one.changes for one in done.stacks]
    assert [one.before for one in tried.stacks] == [None] * 3
    assert {one.stack for one in done.stacks if one.changes} == {stack}


def test_without_steps_the_papers_repair_is_done_on_all_stacks(project: Project) -> None:
    done = repair_masks(project, dry_run=True)
    assert [(step.repair, step.radius, step.unit) for step in done.steps] == [("closing", 5, "voxels")]
    assert [one.stack for one in done.stacks] == [row.id for row in list_cohort(project).stacks]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (["polish"], "Available: closing"),
        (["closing"], "radius above 0"),
        (["closing:99"], "at most 50 voxels"),
    ],
)
def test_what_cannot_be_done_is_explained(project: Project, steps: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        repair_masks(project, steps)


def test_a_stack_that_a_step_does_not_fit_is_left_out_as_it_is(
    pierced: tuple[Project, str, np.ndarray], hearts: tuple[PhantomHeart, ...]
) -> None:
    """Where no spacing is known a radius in mm says nothing; the other stacks are repaired."""
    project, stack, _ = pierced
    steps = ["closing:2mm", "fill-holes:in-plane"]
    with project.cohort() as cohort:
        unknown = replace(hearts[0].stack, spacing=None, pixels=hearts[0].stack.pixels + 1)
        last = cohort.add(FoundStack(stack=unknown, subject="z", series_key="sax"))
        done = repair_masks(project, steps)
        np.testing.assert_array_equal(cohort.mask_arrays.read(last.id), unknown.mask)
    (one,) = done.left_out
    assert (one.subject, one.stack) == ("z", last.id)
    assert one.reason.startswith("Expected a spacing for closing in mm")
    assert {one.stack for one in done.stacks if one.before} == {stack}
    assert len(done.stacks) == 3
    with pytest.raises(InputError, match="that fit none"):
        repair_masks(project, steps, [last.id])


@pytest.mark.parametrize(
    ("step", "fits"), [("closing:2mm", False), ("closing:2mm:in-plane", True), ("closing:1", True)]
)
def test_across_slices_a_radius_in_mm_needs_slices_equally_far_apart(
    tmp_path: Path, hearts: tuple[PhantomHeart, ...], step: str, *, fits: bool
) -> None:
    affines = hearts[0].stack.affines.copy()
    affines[-1, :3, 3] += affines[-1, :3, 3] - affines[-2, :3, 3]
    project = Project.create(tmp_path / "uneven")
    with project.cohort() as cohort:
        for subject, stack in {"even": hearts[0].stack, "uneven": replace(hearts[0].stack, affines=affines)}.items():
            cohort.add(FoundStack(stack=stack, subject=subject, series_key="sax"))
    done = repair_masks(project, [step])
    assert [one.subject for one in done.stacks] == ["even", "uneven"][: 1 + fits]
    assert len(done.left_out) == 1 - fits


def test_stacks_without_masks_are_named(project: Project, tmp_path: Path) -> None:
    with project.cohort() as cohort:
        stack = cohort.entries()[0].id
        cohort.set_mask(stack, np.zeros(cohort.entry(stack).shape, np.uint8), [])
    with pytest.raises(InputError, match=stack):
        repair_masks(project, stacks=[stack])
    with pytest.raises(InputError, match="none in this project"):
        repair_masks(Project.create(tmp_path / "empty"))
