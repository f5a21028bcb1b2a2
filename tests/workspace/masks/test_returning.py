"""Exported masks come back: as they were, corrected, or not at all, and what they replace can be had again."""

import shutil
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.core.stack import FoundStack
from medgraft.images import write_nifti
from medgraft.phantoms import PhantomHeart
from medgraft.workspace import Project, export_masks, return_masks, undo_masks


def masks_of(project: Project) -> dict[str, NDArray[np.uint8]]:
    with project.cohort() as cohort:
        return {entry.id: np.array(cohort.mask(entry)) for entry in cohort.entries() if entry.mask_phases}


def correct(file: Path) -> NDArray[np.uint8]:
    """Save a file as a viewer would: with a corner of right ventricle at the first phase; its new mask (T, Z, Y, X)."""
    image = nib.load(file)
    voxels = np.asanyarray(image.dataobj).copy()
    voxels[:3, :2, 0, 0] = 3
    nib.save(nib.Nifti1Image(voxels, image.affine, image.header), file)
    return voxels.T


def test_masks_that_nobody_corrected_stay_as_they_are(project: Project, tmp_path: Path) -> None:
    before = masks_of(project)
    export_masks(project, tmp_path, images=True)
    done = return_masks(project, tmp_path)
    assert set(done.unchanged) == set(before)
    assert done.stacks == done.left_out == ()
    assert not (project.root / "masks" / "acts").exists()


def test_a_corrected_mask_takes_the_place_of_the_other_and_can_be_taken_back(project: Project, tmp_path: Path) -> None:
    before = masks_of(project)
    file = export_masks(project, tmp_path).files[0]
    corrected = correct(Path(file.mask))
    with pytest.raises(InputError, match="--replace"):
        return_masks(project, tmp_path)
    assert all(np.array_equal(mask, before[stack]) for stack, mask in masks_of(project).items())
    (one,) = return_masks(project, tmp_path, replace=True).stacks
    assert (one.stack, one.voxels, one.phases) == (file.stack, 6, ("ed", "es"))
    np.testing.assert_array_equal(masks_of(project)[file.stack], corrected)
    with project.cohort() as cohort:
        assert "rv" in cohort.entry(file.stack).mask_classes
    assert one.before is not None
    np.testing.assert_array_equal(np.load(project.root / one.before), before[file.stack])
    undo_masks(project)
    assert all(np.array_equal(mask, before[stack]) for stack, mask in masks_of(project).items())


def test_a_stack_without_a_mask_gains_one(project: Project, hearts: tuple[PhantomHeart, ...], tmp_path: Path) -> None:
    export_masks(project, tmp_path / "out")
    bare = Project.create(tmp_path / "bare")
    with bare.cohort() as cohort:
        for heart in hearts:
            stack = replace(heart.stack, mask=None, mask_phases=())
            cohort.add(FoundStack(stack=stack, subject=heart.subject, series_key="sax", series="sax"))
    assert len(return_masks(bare, tmp_path / "out").stacks) == len(hearts)
    assert masks_of(bare).keys() == masks_of(project).keys()
    assert all(np.array_equal(mask, masks_of(project)[stack]) for stack, mask in masks_of(bare).items())


def test_files_that_do_not_lie_as_their_stack_are_left_out(project: Project, tmp_path: Path) -> None:
    cut, moved, whole = (Path(file.mask) for file in export_masks(project, tmp_path).files)
    image = nib.load(cut)
    nib.save(nib.Nifti1Image(np.asanyarray(image.dataobj)[1:], image.affine), cut)
    image = nib.load(moved)
    nib.save(image.slicer[::-1], moved)
    correct(whole)
    done = return_masks(project, tmp_path, replace=True)
    assert [one.stack in whole.name for one in done.stacks] == [True]
    assert {line.partition(":")[0] for line in done.left_out} == {cut.name, moved.name}


def test_a_folder_without_masks_of_the_project_teaches(project: Project, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="masks export"):
        return_masks(project, tmp_path)


def test_a_mask_that_was_saved_under_another_name_is_told(project: Project, tmp_path: Path) -> None:
    file = Path(export_masks(project, tmp_path).files[0].mask)
    shutil.copy(file, file.with_name("corrected_gt.nii.gz"))
    (told,) = return_masks(project, tmp_path).left_out
    assert told.startswith("corrected_gt.nii.gz: Expected a name that ends in the id of a stack")


def test_of_two_files_of_one_stack_none_is_chosen(project: Project, tmp_path: Path) -> None:
    before = masks_of(project)
    file = Path(export_masks(project, tmp_path).files[0].mask)
    shutil.copytree(file.parent, tmp_path / "copy")
    correct(file)
    with pytest.raises(InputError, match="one mask of a stack"):
        return_masks(project, tmp_path, replace=True)
    assert all(np.array_equal(mask, before[stack]) for stack, mask in masks_of(project).items())


def test_an_empty_mask_labels_nothing_of_a_stack_without_one(hearts: tuple[PhantomHeart, ...], tmp_path: Path) -> None:
    bare = Project.create(tmp_path / "bare")
    with bare.cohort() as cohort:
        stack = replace(hearts[0].stack, mask=None, mask_phases=())
        entry = cohort.add(FoundStack(stack=stack, subject="A", series_key="sax", series="sax"))
    empty = replace(stack, pixels=np.zeros(stack.pixels.shape, np.uint8))
    write_nifti(tmp_path / "out" / f"{entry.id}_gt.nii.gz", empty)
    done = return_masks(bare, tmp_path / "out")
    assert (done.stacks, done.unchanged) == ((), (entry.id,))
    assert masks_of(bare) == {}
