"""Nothing that was made of earlier results stays beside later ones, or beside another question."""

from pathlib import Path

import pytest

from medgraft.workspace.kept.results_folder import announce, fresh_draft, publish


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


def test_another_question_clears_what_answers_the_one_before(folder: Path) -> None:
    before = files(folder)
    announce(folder / "study.yaml", "name: tiny")
    assert files(folder) == before
    announce(folder / "study.yaml", "name: tiny\nseed: 2")
    assert files(folder) == {"study.yaml"}


def test_new_results_clear_what_was_made_of_the_old(folder: Path) -> None:
    draft = fresh_draft(folder)
    for name in ("models", "results"):
        (draft / name).mkdir()
        (draft / name / "new").touch()
    publish(draft, folder)
    assert files(folder) == {"study.yaml", "models/new", "results/new"}
