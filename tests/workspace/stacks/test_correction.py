"""A spacing that a user says goes everywhere: ml, mm, planes, volumes that are kept, the repair log."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from medgraft.core.errors import InputError
from medgraft.core.stack import FoundStack
from medgraft.phantoms import PhantomHeart
from medgraft.workspace import Project, correct_stack, correct_subject, import_notes, list_cohort
from medgraft.workspace.masks.samples import project_masks, volume_reader
from medgraft.workspace.measuring.running import measure_project
from medgraft.workspace.stacks.notes import notes_of_stacks
from medgraft.workspace.stacks.pixels import stack_places, stack_thumbnail
from medgraft.workspace.stacks.volumes import stack_volume

GIVEN = (8.0, 1.5, 1.5)


@pytest.fixture
def lost(tmp_path: Path, hearts: tuple[PhantomHeart, ...]) -> Project:
    """A heart whose spacing was lost, as pictures have it, beside one that has its own."""
    project = Project.create(tmp_path / "lost")
    places = np.tile(np.eye(4), (hearts[0].stack.pixels.shape[1], 1, 1))
    places[:, 2, 3] = np.arange(len(places))
    with project.cohort() as cohort:
        for key, stack in {
            "lost": replace(hearts[0].stack, affines=places, spacing=None),
            "own": hearts[1].stack,
        }.items():
            cohort.add(FoundStack(stack=stack, subject="P1", series_key=key, series=key, source=f"P1/{key}"))
    return project


def stack_of(project: Project, series: str) -> str:
    return next(row.id for row in list_cohort(project).stacks if row.series == series)


def test_ml_and_mm_are_those_of_the_given_spacing(lost: Project, hearts: tuple[PhantomHeart, ...]) -> None:
    stack = stack_of(lost, "lost")
    before = [phase for phase in measure_project(lost).phases if phase.stack == stack]
    assert {phase.cavity_ml for phase in before} == {None}
    row = correct_stack(lost, stack, spacing=GIVEN)
    assert (row.id, row.spacing) == (stack, GIVEN)
    after = [phase for phase in measure_project(lost).phases if phase.stack == stack]
    mask = hearts[0].stack.mask
    assert mask is not None
    ml = [int((mask[t] == 1).sum()) * np.prod(GIVEN) / 1000 for t in range(len(mask))]
    np.testing.assert_allclose([phase.cavity_ml for phase in after], ml)
    assert all(phase.thickness_median_mm for phase in after)
    # Which wall is the septum cannot be told of pictures.
    assert {phase.segments_mm for phase in after} == {()}
    assert all("where the patient's front is cannot be told: no segments" in phase.reasons for phase in after)


def test_screens_get_distances_and_no_letters_that_nobody_knows(lost: Project) -> None:
    stack = stack_of(lost, "lost")
    flat = stack_thumbnail(lost, stack)
    correct_stack(lost, stack, spacing=(8.0, 3.0, 1.5))
    assert stack_places(lost)[stack].edges is None
    assert stack_places(lost)[stack_of(lost, "own")].edges is not None
    volume = stack_volume(lost, stack)
    assert (volume.ends, volume.positions) == (None, tuple(8.0 * at for at in range(len(volume.positions or ()))))
    assert stack_thumbnail(lost, stack) != flat


def test_volumes_of_another_spacing_are_never_those_that_are_kept(lost: Project, tmp_path: Path) -> None:
    """One cache folder for all: what is read there follows the spacing."""
    from medgraft.recipe import VolumeRecipe
    from medgraft.study.curve.mask_data import MaskData, Rendered

    def seen() -> tuple[str, tuple[int, ...]]:
        samples = project_masks(lost, "lv-wall", in_mm=True)
        at = [item.stack for item in samples.items].index(stack)
        with lost.cohort() as cohort:
            recipe = VolumeRecipe(spacing=4.0, shape=(8, 8, 8))
            data = MaskData(samples=samples, read=volume_reader(cohort), recipe=recipe, dims=3, augment=False, seed=1)
            grey, codes = Rendered(data=data, cache=tmp_path / "cache").volumes(at)
        assert grey.shape == codes.shape
        return samples.digest, tuple(grey.shape)

    stack = stack_of(lost, "lost")
    correct_stack(lost, stack, spacing=(8.0, 2.0, 2.0))
    digest, shape = seen()
    correct_stack(lost, stack, spacing=(16.0, 4.0, 2.0))
    changed, other = seen()
    assert changed != digest
    assert [round(b / a) for a, b in zip(shape, other, strict=True)] == [1, 2, 2, 1]
    correct_stack(lost, stack, spacing=(8.0, 2.0, 2.0))
    assert seen() == (digest, shape)


def test_the_repair_log_tells_once_of_each_correction(lost: Project) -> None:
    stack, own = stack_of(lost, "lost"), stack_of(lost, "own")
    for _ in range(2):
        (row,) = [row for row in correct_subject(lost, "P1", spacing=GIVEN) if row.id == stack]
        assert row.spacing == GIVEN
    before = next(row.spacing for row in list_cohort(lost).stacks if row.id == own)
    correct_stack(lost, own, spacing=(5.0, 1.0, 1.0))
    correct_stack(lost, own, spacing=before)
    codes = [(note.kind, note.code, note.where) for note in import_notes(lost)]
    assert codes == [
        ("repaired", "spacing-given", stack),
        ("repaired", "spacing-overridden", own),
        ("repaired", "spacing-overridden", own),
    ]
    assert [note.text for note in notes_of_stacks(lost).by_stack[stack]] == [
        "Its spacing is 8 x 1.5 x 1.5 mm, as the user says, which its source does not say."
    ]


def test_for_a_subject_only_what_the_source_does_not_say_is_said(lost: Project) -> None:
    own = stack_of(lost, "own")
    before = next(row for row in list_cohort(lost).stacks if row.id == own)
    assert before in correct_subject(lost, "P1", spacing=GIVEN)
    with lost.cohort() as cohort:
        cohort.remove([stack_of(lost, "lost")], when="2026-11-21")
    with pytest.raises(InputError, match=rf"whose source says no spacing, got none. Do: name the stack.*{own}"):
        correct_subject(lost, "P1", spacing=GIVEN)
