"""Sheets and contours: labels leave, come back unchanged, and belong to this project's stacks."""

from pathlib import Path

import numpy as np
import pytest

from medgraft.core.errors import InputError, LabelError
from medgraft.core.task import MASK_CODES
from medgraft.workspace import (
    Project,
    export_labels,
    import_images,
    import_labels,
    label_from_contours,
    label_from_masks,
    label_status,
    list_cohort,
    write_phantoms,
)


def test_a_sheet_comes_back_unchanged(project: Project, tmp_path: Path) -> None:
    labelled = label_from_masks(project).changes.added
    before = label_status(project)
    out = export_labels(project, tmp_path / "labels.csv")
    back = import_labels(project, tmp_path / "labels.csv")
    assert out.rows == back.unchanged == labelled
    assert back.rows == 0
    assert label_status(project) == before


def test_a_sheet_fills_an_empty_copy(project: Project, tmp_path: Path) -> None:
    label_from_masks(project)
    before = label_status(project)
    export_labels(project, tmp_path / "labels.csv")
    (project.root / "fresh").mkdir()
    other = Project(root=project.root, labels_url="fresh/labels.db")
    import_labels(other, tmp_path / "labels.csv")
    assert label_status(other) == before


def test_a_row_about_a_foreign_stack_stops_the_sheet(project: Project, tmp_path: Path) -> None:
    mine = list_cohort(project).stacks[0].id
    sheet = tmp_path / "labels.csv"
    sheet.write_text(f"stack,phase,slice,task,label\n{mine},0,0,sax-range,IN\nelsewhere,0,0,sax-range,IN\n")
    with pytest.raises(LabelError, match="line 3"):
        import_labels(project, sheet, reader="ana")
    assert label_status(project).labelled == 0


def test_a_missing_sheet_or_task_teaches(project: Project, tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="is no file"):
        import_labels(project, tmp_path / "nowhere.csv")
    with pytest.raises(LabelError, match="Available"):
        export_labels(project, tmp_path / "labels.csv", task="colour")


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
    counts = label_status(cine).readers["contour:pool"]
    assert counts["IN"] == 1
    assert counts["OBS"] == 3


def test_masks_are_not_overwritten_by_contours(cine: Project, tmp_path: Path) -> None:
    write_contour(tmp_path / "contours", 1, "i", 12, 20)
    label_from_contours(cine, tmp_path / "contours")
    with pytest.raises(InputError, match="not overwritten"):
        label_from_contours(cine, tmp_path / "contours")


@pytest.mark.slow
def test_the_real_pig_has_its_contours(real_data: Path, tmp_path: Path) -> None:
    project = Project.create(tmp_path / "pig")
    import_images(project, real_data / "pig_cine")
    (row,) = list_cohort(project).stacks
    assert (row.phases, row.slices) == (20, 20)
    done = label_from_contours(project, real_data / "pig_cine" / "lvContours")
    assert (done.phases, done.slices) == (20, 400)


@pytest.mark.slow
def test_the_real_hearts_count_as_they_should(real_data: Path, tmp_path: Path) -> None:
    project = Project.create(tmp_path / "acdc")
    assert len(import_images(project, real_data / "acdc").added) == 60
    assert label_from_masks(project).counts == {
        "pool": {"OAP": 39, "IN": 1072, "OBS": 25},
        "any": {"OAP": 27, "IN": 1084, "OBS": 25},
    }
