"""Results stay with what they answer until others are whole; nothing that was made of them stays beside those."""

from pathlib import Path

import pytest

from medgraft.workspace.kept.results_folder import announce, asked_file, fresh_draft, publish


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study that was run, reported and explained."""
    for name in ("models", "results", "report", "explanation"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "old").touch()
    (tmp_path / "study.yaml").write_text("name: tiny")
    return tmp_path


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_another_question_waits_beside_the_answers_of_the_one_before(folder: Path) -> None:
    before, file = files(folder), folder / "study.yaml"
    announce(file, "name: tiny\nseed: 2")
    assert files(folder) == before | {"next/study.yaml"}
    assert (file.read_text(), asked_file(file).read_text()) == ("name: tiny", "name: tiny\nseed: 2")
    announce(file, "name: tiny")
    assert files(folder) == before
    assert asked_file(file) == file


def test_a_question_without_answers_gives_way(tmp_path: Path) -> None:
    announce(tmp_path / "study.yaml", "name: tiny")
    announce(tmp_path / "study.yaml", "name: tiny\nseed: 2")
    assert files(tmp_path) == {"study.yaml"}
    assert asked_file(tmp_path / "study.yaml").read_text() == "name: tiny\nseed: 2"


def test_new_results_clear_the_old_and_what_was_made_of_them(folder: Path) -> None:
    announce(folder / "study.yaml", "name: tiny\nseed: 2")
    draft = fresh_draft(folder)
    for name in ("models", "results"):
        (draft / name).mkdir()
        (draft / name / "new").touch()
    publish(draft, folder)
    assert files(folder) == {"study.yaml", "models/new", "results/new"}
    assert (folder / "study.yaml").read_text() == "name: tiny\nseed: 2"
