"""Sheets of any spreadsheet say the same."""

from pathlib import Path

import pytest

from medgraft.core.errors import InputError
from medgraft.core.spreadsheet import columns_of, read_sheet

#: The same sheet as programs and countries write it.
WRITTEN = {
    "comma": "path,subject,label\na.png,Müller,in\n\nb.png,B\n",
    "semicolon": "path;subject;label\r\na.png;Müller;in\r\n;;\r\nb.png;B;\r\n",
    "tab": "path\tsubject\tlabel\na.png\tMüller\tin\n\nb.png\tB\t\t\n",
    "mark": "\ufeff path, subject ,label\na.png, Müller ,in\n\nb.png,B,,\n",
    "quotes": '"path";"subject";"label"\n"a.png";"Müller";"in"\n\n"b.png";"B";""\n',
}


@pytest.mark.parametrize("name", WRITTEN)
def test_one_sheet_in_many_spellings(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.csv").write_text(WRITTEN[name], encoding="utf-8", newline="")
    sheet = read_sheet(tmp_path / "a.csv")
    assert sheet.columns == columns_of(tmp_path / "a.csv") == ("path", "subject", "label")
    assert sheet.rows == (
        (2, {"path": "a.png", "subject": "Müller", "label": "in"}),
        (4, {"path": "b.png", "subject": "B", "label": ""}),
    )


def test_a_line_break_within_a_cell_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('name,note\na,"one\ntwo"\nb,\n')
    assert read_sheet(tmp_path / "a.csv").rows == (
        (3, {"name": "a", "note": "one\ntwo"}),
        (4, {"name": "b", "note": ""}),
    )


def test_another_encoding_is_told_and_its_columns_are_seen(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("path,subject,Größe\na.png,Müller,3\n".encode("cp1252"))
    with pytest.raises(InputError, match="save it as CSV UTF-8"):
        read_sheet(tmp_path / "a.csv")
    assert columns_of(tmp_path / "a.csv")[:2] == ("path", "subject")


@pytest.mark.parametrize("content", [None, b""])
def test_what_is_not_there_has_no_columns(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "a.csv").write_bytes(content)
    else:
        with pytest.raises(InputError, match="No such file"):
            read_sheet(tmp_path / "a.csv")
    assert columns_of(tmp_path / "a.csv") == ()
