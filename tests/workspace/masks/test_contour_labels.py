"""Contour files become masks where their image is, and labels of it."""

from pathlib import Path

import numpy as np
import pytest

from medgraft.core.errors import InputError
from medgraft.core.task import MASK_CODES
from medgraft.workspace import (
    Project,
    correct_stack,
    import_images,
    label_from_contours,
    label_status,
    list_cohort,
    undo_masks,
    write_phantoms,
)


@pytest.fixture
def cine(tmp_path: Path) -> Project:
    """One synthetic cine from DICOM: instance numbers, and no masks."""
    made = write_phantoms(tmp_path / "cine", subjects=1, layout="dicom", size=32, phases=2)
    project = Project.create(tmp_path / "beating")
    import_images(project, Path(made.images))
    return project


def write_contour(folder: Path, number: int, kind: str, low: int, high: int) -> None:
    corners = [(low, low), (high, low), (high, high), (low, high)]
    folder.mkdir(exist_ok=True)
    text = "".join(f"{x - 0.5} {y - 0.5}\n" for x, y in corners)
    (folder / f"IM-0001-{number:04d}-{kind}contour-auto.txt").write_text(text)


def test_contours_become_masks_where_their_instance_is(cine: Project, tmp_path: Path) -> None:
    with cine.cohort() as cohort:
        (entry,) = cohort.entries()
    assert entry.instance_numbers is not None
    number = entry.instance_numbers[1][3]
    write_contour(tmp_path / "contours", number, "o", 8, 24)
    write_contour(tmp_path / "contours", number, "i", 12, 20)
    done = label_from_contours(cine, tmp_path / "contours")
    assert (done.stack, done.phases, done.slices) == (entry.id, 1, 1)
    with cine.cohort() as cohort:
        mask = cohort.mask(cohort.entry(entry.id))
    assert mask is not None
    assert [int(axis[0]) for axis in np.nonzero(mask)[:2]] == [1, 3]
    assert (mask == MASK_CODES["pool"]).sum() == 8 * 8
    assert (mask == MASK_CODES["myocardium"]).sum() == 16 * 16 - 8 * 8
    correct_stack(cine, entry.id, phases={"ed": 0, "es": 1})
    counts = label_status(cine).readers["contour:pool"]
    assert counts["IN"] == 1
    assert counts["OBS"] == 3


def test_masks_are_not_overwritten_by_contours(cine: Project, tmp_path: Path) -> None:
    write_contour(tmp_path / "contours", 1, "i", 12, 20)
    label_from_contours(cine, tmp_path / "contours")
    with pytest.raises(InputError, match=r"got 0\. Do: replace"):
        label_from_contours(cine, tmp_path / "contours")


def test_corrected_contours_replace_masks_that_are_kept_and_come_back(cine: Project, tmp_path: Path) -> None:
    write_contour(tmp_path / "contours", 1, "i", 12, 20)
    write_contour(tmp_path / "corrected", 1, "i", 12, 22)
    drawn = []
    for folder, replace in (("contours", False), ("corrected", True)):
        done = label_from_contours(cine, tmp_path / folder, replace=replace)
        with cine.cohort() as cohort:
            drawn.append(np.array(cohort.mask_arrays.read(done.stack)))
    assert [np.count_nonzero(mask) for mask in drawn] == [8 * 8, 10 * 10]
    np.testing.assert_array_equal(np.load(cine.root / str(done.before)), drawn[0])
    undo_masks(cine)
    with cine.cohort() as cohort:
        np.testing.assert_array_equal(cohort.mask_arrays.read(done.stack), drawn[0])


def test_phases_may_come_one_folder_after_the_other_and_keep_their_labels(cine: Project, tmp_path: Path) -> None:
    with cine.cohort() as cohort:
        (entry,) = cohort.entries()
    assert entry.instance_numbers is not None
    for phase, name in enumerate(("ed", "es")):
        write_contour(tmp_path / name, entry.instance_numbers[phase][3], "i", 12, 20)
        done = label_from_contours(cine, tmp_path / name)
        assert (done.phases, done.slices, done.labels.changes.withdrawn, done.before) == (1, 1, 0, None)
    assert done.labels.changes.unchanged == done.labels.changes.added == entry.shape[1]
    with cine.cohort() as cohort:
        assert cohort.entry(entry.id).mask_phases == (0, 1)


def test_contours_of_no_image_and_an_unknown_rule_change_nothing(cine: Project, tmp_path: Path) -> None:
    write_contour(tmp_path / "contours", 9999, "i", 12, 20)
    with pytest.raises(InputError, match="no image has InstanceNumber 9999"):
        label_from_contours(cine, tmp_path / "contours")
    write_contour(tmp_path / "contours", 1, "i", 12, 20)
    with pytest.raises(InputError, match="Available: pool, any, thirds"):
        label_from_contours(cine, tmp_path / "contours", rule="halves")
    with cine.cohort() as cohort:
        assert [entry.mask_phases for entry in cohort.entries()] == [()]


@pytest.mark.slow
def test_the_real_pig_has_its_contours(real_data: Path, tmp_path: Path) -> None:
    project = Project.create(tmp_path / "pig")
    import_images(project, real_data / "pig_cine")
    (row,) = list_cohort(project).stacks
    assert (row.phases, row.slices) == (20, 20)
    done = label_from_contours(project, real_data / "pig_cine" / "lvContours")
    assert (done.phases, done.slices) == (20, 400)
