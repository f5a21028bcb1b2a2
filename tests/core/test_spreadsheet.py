"""Sheets of any spreadsheet say the same."""

import csv
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from medgraft.core import spreadsheet
from medgraft.core.errors import InputError
from medgraft.core.spreadsheet import columns_of, read_sheet, write_sheet

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


#: Texts of foreign files that a spreadsheet would compute, some within blanks and quotes.
COMPUTED = st.from_regex(r"[ \t']{0,3}[=+\-@\uff1d][A-Za-z(|!'\"; ,]{0,6}[a-z!]", fullmatch=True)


@given(st.one_of(COMPUTED, st.text(st.characters(exclude_categories=["Cc", "Cs"])).map(str.strip)))
@example("'=1+1")
@example("-")
@example("'-5")
@example("-0.25")
@example("-inf")
def test_texts_are_written_and_read_back(text: str) -> None:
    with TemporaryDirectory() as folder:
        write_sheet(Path(folder, "a.csv"), ("name", "of"), [(text, "x")])
        assert [row["name"] for _, row in read_sheet(Path(folder, "a.csv")).rows] == [text]


@given(COMPUTED)
def test_no_text_is_left_for_a_spreadsheet_to_compute(text: str) -> None:
    with TemporaryDirectory() as folder:
        write_sheet(Path(folder, "a.csv"), (text, "of"), [(text, "x"), (np.str_(text), "x")])
        with Path(folder, "a.csv").open(newline="", encoding="utf-8") as file:
            assert {cells[0] for cells in csv.reader(file)} <= {text, f"'{text}"}
            file.seek(0)
            assert not any(re.match(r"\s*[=+\-@\uff1d]\S", cells[0]) for cells in csv.reader(file))


@pytest.mark.parametrize(
    "cell", [-5, -0.25, np.float64(-1e-9), "-5", "-0.25", "+3", "-1.5e-09", "+", "-", "a=b", "P-1"]
)
def test_numbers_signs_and_words_stay_as_they_are(tmp_path: Path, cell: object) -> None:
    write_sheet(tmp_path / "a.csv", ("cell",), [(cell,)])
    assert (tmp_path / "a.csv").read_bytes() == f"cell\n{cell}\n".encode()


def test_every_table_is_written_here() -> None:
    """Else a text of a foreign file would be a formula somewhere."""
    package = Path(spreadsheet.__file__).parents[1]
    others = [path for path in package.rglob("*.py") if path != Path(spreadsheet.__file__)]
    assert others
    assert not [path for path in others if re.search(r"csv\.(writer|DictWriter)|\.to_csv", path.read_text())]
