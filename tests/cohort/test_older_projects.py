"""A project of an older medgraft: read where it may not be written, brought up to date where it may."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from medgraft.cohort import Cohort
from medgraft.core.cohort import ImportNote
from medgraft.core.errors import ProjectError

#: What project.db did not have before stacks could be removed and spacings be said.
OLDER = """
DROP TABLE cohort_removed;
ALTER TABLE cohort_stacks DROP COLUMN given_spacing;
ALTER TABLE cohort_stacks DROP COLUMN directions_known;
"""


@pytest.fixture
def older(tmp_path: Path, found) -> Path:
    """A project of two subjects without these."""
    with Cohort.open(tmp_path / "older") as cohort:
        for key, subject in enumerate("AB"):
            cohort.add(found(key, subject, mask=True))
        cohort.log([ImportNote(kind="noticed", code="test", where="A", text="Seen.")], source="A", act="test")
    with sqlite3.connect(tmp_path / "older" / "project.db") as connection:
        connection.executescript(OLDER)
    connection.close()
    return tmp_path / "older"


@pytest.fixture
def unwritable(older: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same where nobody may write."""
    _may_be_written(monkeypatch, may=False)
    return older


def _may_be_written(monkeypatch: pytest.MonkeyPatch, *, may: bool) -> None:
    for place in ("core", "cohort"):
        monkeypatch.setattr(f"medgraft.{place}.database.is_read_only", lambda _: not may)


def test_one_that_may_not_be_written_is_read_as_if_nothing_new_had_been_said(unwritable: Path, found) -> None:
    file = unwritable / "project.db"
    before = file.read_bytes()
    with Cohort.open(unwritable) as cohort:
        first, second = cohort.entries()
        assert (first.subject, first.spacing, first.directions_known) == ("A", (8.0, 1.5, 1.5), True)
        assert cohort.entry(second.id) == second
        assert cohort.spacing_of_source(first.id) == first.spacing
        assert (cohort.mask(first) == found(0, mask=True).stack.mask).all()
        assert ([note.code for note in cohort.notes()], cohort.was_removed("A")) == (["test"], False)
        with pytest.raises(ProjectError, match="copy it to where you may"):
            cohort.set_site("A", "Lyon")
    assert file.read_bytes() == before


def test_one_that_is_brought_up_to_date_meanwhile_is_read_as_it_is_then(unwritable: Path, monkeypatch) -> None:
    with Cohort.open(unwritable) as reader:
        (first, _), before = reader.entries(), reader.entries()
        with monkeypatch.context() as patch:
            _may_be_written(patch, may=True)
            with Cohort.open(unwritable) as owner:
                assert owner.entries() == before
                changed = owner.set_spacing(first.id, (4.0, 1.0, 1.0))
        assert reader.entry(first.id) == changed


def test_whether_directions_are_known_is_asked_when_a_stack_comes_again(older: Path, found) -> None:
    again = found(0, mask=True)
    lost = replace(again, stack=replace(again.stack, directions_known=False))
    with Cohort.open(older) as cohort:
        entry = next(entry for entry in cohort.entries() if entry.subject == "A")
        assert entry.directions_known
        known, new = cohort.take(lost)
        assert (known, new) == (replace(entry, directions_known=False), False)
        assert cohort.entry(entry.id) == known
