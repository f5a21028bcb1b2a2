"""A project is made once, opened by anyone, and says what is wrong with it."""

import json
import shutil
from pathlib import Path

import pytest

from medgraft.core.errors import ProjectError
from medgraft.workspace import Project, is_project, label_from_masks, label_status, list_cohort
from medgraft.workspace.project import LAYOUT, PROJECT_FILE


def test_what_was_created_can_be_opened(tmp_path: Path) -> None:
    created = Project.create(tmp_path / "deep" / "heart")
    assert Project.open(tmp_path / "deep" / "heart") == created
    assert is_project(created.root)
    assert [path.name for path in created.root.iterdir()] == [PROJECT_FILE]


def test_a_project_is_made_once(tmp_path: Path) -> None:
    first = Project.open_or_create(tmp_path / "heart")
    before = (first.root / PROJECT_FILE).read_bytes()
    assert Project.open_or_create(tmp_path / "heart") == first
    assert (first.root / PROJECT_FILE).read_bytes() == before
    with pytest.raises(ProjectError, match="got a project"):
        Project.create(tmp_path / "heart")


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    for make in (Project.create, Project.open_or_create):
        with pytest.raises(ProjectError, match="empty folder"):
            make(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_is_no_project(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ProjectError):
        Project.create(tmp_path / "file")
    with pytest.raises(ProjectError, match="Expected a project folder"):
        Project.open(tmp_path / "file")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "damaged"),
        ("{", "damaged"),
        ("\x00\x01", "damaged"),
        ("[1]", "JSON object"),
        ("{}", "layout"),
        (json.dumps({"layout": LAYOUT + 1, "created_by": "medgraft 9.0"}), "medgraft 9.0"),
        (json.dumps({"layout": "1"}), "layout"),
    ],
)
def test_a_damaged_project_file_is_named_and_left_as_it_is(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / PROJECT_FILE).write_text(text)
    with pytest.raises(ProjectError, match=said):
        Project.open(tmp_path)
    assert (tmp_path / PROJECT_FILE).read_text() == text


def test_bytes_that_are_no_text_are_a_damaged_project(tmp_path: Path) -> None:
    (tmp_path / PROJECT_FILE).write_bytes(b"\xff\xfe{")
    with pytest.raises(ProjectError, match="damaged"):
        Project.open(tmp_path)


def test_a_copy_of_a_project_is_the_project(project: Project, tmp_path: Path) -> None:
    label_from_masks(project)
    copy = shutil.copytree(project.root, tmp_path / "elsewhere" / "copy")
    shutil.rmtree(project.root)
    opened = Project.open(copy)
    assert list_cohort(opened).subjects == 3
    assert label_status(opened).labelled > 0
    with opened.cohort() as cohort:
        assert all(cohort.pixels(entry).any() for entry in cohort.entries())


def test_labels_may_live_elsewhere(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "heart", labels_url="labels.db")
    with Project.open(project.root).labels() as store:
        assert store.readers("sax-range") == ()
    assert (project.root / "labels.db").is_file()
