"""The masks of a project as files: imported again they are what they were, and nothing of anybody's work is lost."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from medgraft.core.errors import InputError
from medgraft.core.stack import FoundStack
from medgraft.phantoms import PhantomHeart
from medgraft.workspace import Project, export_masks, import_images

#: What folders are seldom called, and subjects are.
NAMES = ("patient 001", "Müller/Nägeli", "..", ".hidden", "a:b*c?", "心臓")


def test_masks_and_images_are_imported_again_as_they_were(
    project: Project, hearts: tuple[PhantomHeart, ...], tmp_path: Path
) -> None:
    done = export_masks(project, tmp_path / "out", images=True)
    assert {one.subject for one in done.files} == {heart.subject for heart in hearts}
    again = Project.create(tmp_path / "again")
    import_images(again, tmp_path / "out")
    with project.cohort() as ours, again.cohort() as theirs:
        for before, after in zip(ours.entries(), theirs.entries(), strict=True):
            assert (before.subject, before.mask_phases) == (after.subject, after.mask_phases)
            assert before.mask_digest == after.mask_digest
            assert before.pixels_digest == after.pixels_digest
            np.testing.assert_allclose(before.affine_stack, after.affine_stack, atol=1e-3)
            np.testing.assert_allclose(before.spacing, after.spacing, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_a_subject_of_any_name_has_a_folder_within_the_one_named(
    hearts: tuple[PhantomHeart, ...], tmp_path: Path, name: str
) -> None:
    project = Project.create(tmp_path / "heart")
    with project.cohort() as cohort:
        entry = cohort.add(FoundStack(stack=hearts[0].stack, subject=name, series_key="1", series="../sax 2/b:"))
    (one,) = export_masks(project, tmp_path / "out").files
    place = Path(one.mask).resolve().relative_to((tmp_path / "out").resolve())
    assert len(place.parts) == 2
    assert place.name.endswith(f"{entry.id}_gt.nii.gz")
    assert not any(part.startswith(".") for part in place.parts)


def test_masks_that_are_there_are_kept_unless_one_says_that_they_may_be_lost(project: Project, tmp_path: Path) -> None:
    first = Path(export_masks(project, tmp_path).files[0].mask)
    whole = first.read_bytes()
    first.write_bytes(b"corrected by hand")
    with pytest.raises(InputError, match="--replace"):
        export_masks(project, tmp_path)
    assert first.read_bytes() == b"corrected by hand"
    export_masks(project, tmp_path, replace=True)
    assert first.read_bytes() == whole


def test_images_that_are_there_are_kept_as_masks_are(project: Project, tmp_path: Path) -> None:
    image = Path(str(export_masks(project, tmp_path, images=True).files[0].image))
    image.write_bytes(b"somebody's")
    for mask in tmp_path.rglob("*_gt.nii.gz"):
        mask.unlink()
    with pytest.raises(InputError, match="--replace"):
        export_masks(project, tmp_path, images=True)
    assert image.read_bytes() == b"somebody's"
    export_masks(project, tmp_path)
    export_masks(project, tmp_path, images=True, replace=True)
    assert image.read_bytes() != b"somebody's"


def test_only_the_stacks_that_are_named_are_written(project: Project, tmp_path: Path) -> None:
    with project.cohort() as cohort:
        chosen = cohort.entries()[1].id
    done = export_masks(project, tmp_path, stacks=[chosen, chosen])
    assert [one.stack for one in done.files] == [chosen]
    assert len(list(tmp_path.rglob("*.nii.gz"))) == 1


def test_what_has_no_mask_or_no_place_in_nifti_is_said(hearts: tuple[PhantomHeart, ...], tmp_path: Path) -> None:
    project, stack = Project.create(tmp_path / "heart"), hearts[0].stack
    with project.cohort() as cohort:
        bare = cohort.add(FoundStack(stack=replace(stack, mask=None, mask_phases=()), subject="A", series_key="a"))
        with pytest.raises(InputError, match="name a model that segments"):
            export_masks(project, tmp_path / "out")
        affines = stack.affines.copy()
        affines[-1, :3, 3] += 9 * affines[-1, :3, 2]
        cohort.add(FoundStack(stack=replace(stack, affines=affines), subject="B", series_key="b"))
    with pytest.raises(InputError, match=bare.id):
        export_masks(project, tmp_path / "out", stacks=[bare.id])
    done = export_masks(project, tmp_path / "out")
    assert done.files == ()
    assert len(done.left_out) == 1
    assert "evenly spaced" in done.left_out[0]
    assert not (tmp_path / "out").exists()
