"""Imports as a verb: what came in, what came with it, and again without a trace."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medgraft.core.errors import InputError, LabelError, NotFoundError
from medgraft.core.progress import Progress
from medgraft.workspace import (
    ImportOptions,
    Project,
    correct_stack,
    correct_subject,
    import_images,
    import_notes,
    label_from_masks,
    label_status,
    list_cohort,
    write_phantoms,
)
from medgraft.workspace.stacks.importing import project_to_fill
from medgraft.workspace.stacks.phantom_folder import PhantomLayout


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """Two synthetic patients in the layout of ACDC."""
    write_phantoms(tmp_path / "scans", subjects=2, size=32, phases=2)
    return tmp_path / "scans"


def pictures_with_labels(folder: Path, codes: list[str]) -> Path:
    """A folder of pictures, one per subject, and a CSV file that labels them."""
    folder.mkdir()
    for number in range(len(codes)):
        shade = np.full((16, 16), 10 * number, np.uint8)
        shade[number, :] = 255
        Image.fromarray(shade).save(folder / f"{number}.png")
    with (folder / "index.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([("path", "subject", "label")] + [(f"{n}.png", f"P{n}", c) for n, c in enumerate(codes)])
    return folder


def test_what_was_imported_is_listed(tmp_path: Path, scans: Path) -> None:
    project = Project.create(tmp_path / "heart")
    seen: list[Progress] = []
    done = import_images(project, scans, report=seen.append)
    listed = list_cohort(project)
    assert done.added == listed.stacks
    assert [row.subject for row in listed.stacks] == ["patient001", "patient002"]
    assert all(row.masks == 2 and row.named_phases == {"ed": 0, "es": 1} for row in listed.stacks)
    assert done.notes == import_notes(project)
    assert seen[-1].done == seen[-1].total > 0
    assert label_from_masks(project).stacks == 2


def test_importing_again_adds_nothing(tmp_path: Path, scans: Path) -> None:
    project = Project.create(tmp_path / "heart")
    first = import_images(project, scans)
    again = import_images(project, scans)
    assert again.added == ()
    assert again.known == first.added


def test_phases_that_the_user_knows_are_set(tmp_path: Path, scans: Path) -> None:
    sheet = tmp_path / "phases.csv"
    sheet.write_text("subject,ed,es\npatient001,1,0\n")
    done = import_images(Project.create(tmp_path / "heart"), scans, phases=sheet)
    assert [row.named_phases for row in done.added] == [{"ed": 1, "es": 0}, {"ed": 0, "es": 1}]


def test_phases_name_subjects_as_the_source_does_under_pseudonyms_too(tmp_path: Path, scans: Path) -> None:
    sheet = tmp_path / "phases.csv"
    sheet.write_text("subject,ed,es\npatient001,1,0\npatient002,1,0\n")
    hidden = ImportOptions(pseudonyms="correct horse battery")
    done = import_images(Project.create(tmp_path / "heart"), scans, phases=sheet, options=hidden)
    assert [row.named_phases for row in done.added] == [{"ed": 1, "es": 0}] * 2
    assert not {row.subject for row in done.added} & {"patient001", "patient002"}


@pytest.mark.parametrize(
    ("codes", "task", "expected"),
    [
        (["OAP", "IN", "OBS"], None, "sax-range"),
        (["IN", "IN", "OBS"], "sax-range", "sax-range"),
        (["benign", "malignant", "benign"], None, "imported"),
        (["benign", "malignant", "benign"], "tumour", "tumour"),
    ],
)
def test_labels_that_came_with_images_are_labels(
    tmp_path: Path, codes: list[str], task: str | None, expected: str
) -> None:
    project = Project.create(tmp_path / "project")
    source = pictures_with_labels(tmp_path / "pictures", codes)
    found = import_images(project, source, task=task).labels
    assert found is not None
    assert (found.task, found.changes.added) == (expected, len(codes))
    status = label_status(project, expected)
    # Pictures know no phase, and the slice range is asked at ED and ES alone.
    assert (status.labelled, status.elsewhere) == ((0, len(codes)) if expected == "sax-range" else (len(codes), 0))
    assert sum(status.counts.values()) == status.labelled
    assert set(status.readers) == {"import"}
    again = import_images(project, source, task=task).labels
    assert again is not None
    assert again.changes.added == 0


def test_labels_that_do_not_fit_a_task_are_refused_and_the_images_are_kept(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "project")
    source = pictures_with_labels(tmp_path / "pictures", ["benign", "malignant"])
    with pytest.raises(LabelError, match="Available: OAP, IN, OBS"):
        import_images(project, source, task="sax-range")
    assert list_cohort(project).subjects == 2


def test_a_missing_source_teaches(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        import_images(Project.create(tmp_path / "heart"), tmp_path / "nowhere")


def test_what_the_source_did_not_say_can_be_said(project: Project) -> None:
    row = list_cohort(project).stacks[0]
    said = correct_stack(project, row.id, phases={"ed": 1}, base_first=False)
    assert (said.named_phases, said.base_first) == ({"ed": 1}, False)
    (moved,) = correct_subject(project, row.subject, site="Lyon", split="test")
    assert (moved.site, moved.split) == ("Lyon", "test")
    assert list_cohort(project).stacks[0] == moved
    assert {other.site for other in list_cohort(project).stacks[1:]} == {None}


def test_corrections_of_what_is_not_there_teach(project: Project, tmp_path: Path) -> None:
    row = list_cohort(project).stacks[0]
    names = ", ".join(stack.subject for stack in list_cohort(project).stacks)
    with pytest.raises(InputError, match=rf"Expected a subject .* Available: {names}\.$"):
        correct_subject(project, "nobody", split="test")
    with pytest.raises(InputError, match=r"Available: none\.$"):
        correct_subject(Project.create(tmp_path / "empty"), "nobody", split="test")
    with pytest.raises(NotFoundError, match="Expected the id"):
        correct_stack(project, "0" * 16, base_first=True)
    with pytest.raises(InputError, match=r"within 0\.\.1"):
        correct_stack(project, row.id, phases={"ed": 2})


@pytest.mark.parametrize(
    ("layout", "subject", "masks", "phases"),
    [
        ("acdc", "patient001", 2, {"ed": 0, "es": 1}),
        ("dicom", "a001", 0, {"ed": 0}),
        ("ct-nifti", "one001", 3, {"ed": 0, "es": 1}),
        ("ct-dicom", "one001", 0, {"ed": 0, "es": 1}),
    ],
)
def test_phantoms_of_every_layout_are_imported(
    tmp_path: Path, layout: PhantomLayout, subject: str, masks: int, phases: dict[str, int]
) -> None:
    written = write_phantoms(tmp_path / "made", subjects=1, layout=layout, size=32, phases=4)
    sheet = Path(written.phases) if written.phases else None
    (row,) = import_images(Project.create(tmp_path / "heart"), Path(written.images), phases=sheet).added
    assert written.subjects == (row.subject,) == (subject,)
    assert (row.masks, row.named_phases) == (masks, phases)


def test_phantoms_never_overwrite(scans: Path) -> None:
    with pytest.raises(InputError, match="empty folder"):
        write_phantoms(scans)


@pytest.mark.parametrize("there", [["scans"], ["heart", "scans"]], ids=["new", "empty"])
def test_a_first_import_of_nothing_leaves_no_project(tmp_path: Path, there: list[str]) -> None:
    for name in there:
        (tmp_path / name).mkdir()
    with pytest.raises(InputError, match="got no file"), project_to_fill(tmp_path / "heart") as project:
        import_images(project, tmp_path / "scans")
    assert sorted(path.name for path in tmp_path.rglob("*")) == there


def test_a_project_that_was_there_stays(tmp_path: Path) -> None:
    Project.create(tmp_path / "heart")
    with pytest.raises(InputError, match="does not exist"), project_to_fill(tmp_path / "heart") as project:
        import_images(project, tmp_path / "nowhere")
    assert list_cohort(Project.open(tmp_path / "heart")).subjects == 0


def test_a_new_project_that_got_images_stays_whatever_their_labels(tmp_path: Path) -> None:
    folder = pictures_with_labels(tmp_path / "pictures", ["IN", "nonsense"])
    with pytest.raises(LabelError), project_to_fill(tmp_path / "heart") as project:
        import_images(project, folder, task="sax-range")
    assert list_cohort(Project.open(tmp_path / "heart")).subjects == 2
