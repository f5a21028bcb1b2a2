"""What is written is there whole or not at all, and nothing is left beside it."""

from pathlib import Path

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
