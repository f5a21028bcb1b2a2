"""What is written is there whole or not at all, and nothing is left beside it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from medgraft.core.files import whole_file, whole_folder


def test_a_file_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    for text in ("one", "two"):
        with whole_file(path) as draft:
            draft.write_text(text)
            assert not path.exists() or path.read_text() == "one"
        assert path.read_text() == text
    assert list(path.parent.iterdir()) == [path]


def test_what_breaks_off_leaves_the_file_before_and_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("before")
    with pytest.raises(KeyboardInterrupt):
        break_off(path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def break_off(path: Path) -> None:
    with whole_file(path) as draft:
        draft.write_text("half")
        raise KeyboardInterrupt


def test_a_folder_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    for name in ("one", "two"):
        with whole_folder(folder) as draft:
            (draft / name).touch()
        assert [path.name for path in folder.iterdir()] == [name]
    assert list(folder.parent.iterdir()) == [folder]


def test_a_folder_that_cannot_be_put_in_place_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    with whole_folder(folder) as draft:
        (draft / "before").touch()
    rename = Path.rename

    def refused(self: Path, target: Path) -> Path:
        if (self / "after").exists():
            raise PermissionError("held by somebody")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(PermissionError), whole_folder(folder) as draft:
        (draft / "after").touch()
    assert [path.name for path in folder.iterdir()] == ["before"]
    assert list(tmp_path.iterdir()) == [folder]


def write_file(place: Path) -> None:
    with whole_file(place) as draft:
        draft.write_text("content")


def write_folder(place: Path) -> None:
    with whole_folder(place) as draft:
        (draft / "within").mkdir()
        (draft / "within" / "file").write_text("content")


@pytest.mark.parametrize("write", [write_file, write_folder])
@pytest.mark.parametrize("again", [False, True])
def test_content_is_on_the_disk_before_it_has_its_name_and_the_name_before_it_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], None], again: bool
) -> None:
    """The order that survives a power cut: systems may write a name to disk long before what it stands for."""
    place = tmp_path / "place"
    if again:
        write(place)
    flushed, fsync = set[int](), os.fsync

    def flushing(descriptor: int) -> None:
        flushed.add(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    def naming(name: str) -> None:
        given = getattr(Path, name)

        def named(self: Path, target: Path) -> Any:
            if target == place:
                draft = (self, *self.rglob("*"))
                assert {path.stat().st_ino for path in draft} <= flushed
                flushed.clear()
            return given(self, target)

        monkeypatch.setattr(Path, name, named)

    monkeypatch.setattr(os, "fsync", flushing)
    naming("replace")
    naming("rename")
    write(place)
    assert flushed == {tmp_path.stat().st_ino}
