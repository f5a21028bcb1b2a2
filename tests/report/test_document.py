"""The report stands alone, says the same numbers everywhere, and repeats."""

import csv
import dataclasses
import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from medgraft.core.task import task_from_codes
from medgraft.evaluation import bootstrap
from medgraft.report import ModelResult, StudyContent, write_report
from medgraft.report.page import render
from medgraft.report.picture import Picture
from medgraft.report.study.document import study_page
from medgraft.report.study.tables import study_tables


@pytest.fixture(scope="module")
def folder(content: StudyContent, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(content, tmp_path_factory.mktemp("report")).page.parent


class Page(HTMLParser):
    """Collects table cells, addresses and element ids."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.cells: dict[str, list[list[str]]] = {}
        self.visible: dict[str, list[list[str]]] = {}
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.images_without_words = 0
        self._table, self._in_cell = "", False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.addresses += [given[name] for name in ("src", "href", "action", "data") if name in given]
        self.ids += [given["id"]] if "id" in given else []
        self.images_without_words += tag == "img" and not given.get("alt")
        if given.get("id", "").startswith("table-"):
            self._table = given["id"].removeprefix("table-")
            self.cells[self._table], self.visible[self._table] = [], []
        if tag == "tr" and self._table:
            self.cells[self._table].append([])
            self.visible[self._table].append([])
        if tag == "td":
            self.cells[self._table][-1].append(given["data-value"])
            self.visible[self._table][-1].append("")
        # The small print of a cell is its interval, not its number.
        self._in_cell = tag in {"td", "b"} and self.visible.get(self._table, [])[-1:] not in ([], [[]])

    def handle_endtag(self, tag: str) -> None:
        self._in_cell = self._in_cell and tag not in {"td", "b"}

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.visible[self._table][-1][-1] += data.strip()


def page_of(folder: Path) -> Page:
    return Page((folder / "report.html").read_text())


def test_the_page_needs_nothing_beside_itself(folder: Path) -> None:
    text = (folder / "report.html").read_text()
    page = Page(text)
    outside = [a for a in page.addresses if not a.startswith(("data:image/png;base64,", "#", "https://doi.org/"))]
    assert outside == []
    without_links = re.sub(r'<a href="https://doi\.org/[^"]+">', "", text)
    assert not re.search(r"https?://|file:|@import|url\(", without_links)
    assert "default-src 'none'" in html.unescape(text)
    assert " style=" not in text


def test_every_link_inside_the_page_arrives_and_every_picture_has_words(folder: Path) -> None:
    page = page_of(folder)
    targets = [address.removeprefix("#") for address in page.addresses if address.startswith("#")]
    assert targets
    assert set(targets) <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert page.images_without_words == 0


def test_page_and_files_give_the_same_numbers(folder: Path, content: StudyContent) -> None:
    page = page_of(folder)
    tables = study_tables(content)
    assert set(page.cells) == {table.name for table in tables}
    plain = json.loads((folder / "tables" / "report.json").read_text())
    for table in tables:
        with (folder / "tables" / f"{table.name}.csv").open(newline="") as file:
            lines = list(csv.DictReader(file))
        keys = [column.key for column in table.columns]
        assert [[line[key] for key in keys] for line in lines] == page.cells[table.name][1:]
        for line, row in zip(lines, plain[table.name], strict=True):
            assert {k: v for k, v in line.items() if v} == {
                k: as_text(v) for k, v in row.items() if v not in (None, "")
            }


def test_what_is_seen_is_the_exact_number_rounded(folder: Path) -> None:
    page = page_of(folder)
    for exact, seen in zip(page.cells["results"][1:], page.visible["results"][1:], strict=True):
        for number, text in list(zip(exact, seen, strict=True))[4:]:
            assert text == (f"{float(number):.2f}" if number else "–")


def test_a_study_of_one_plain_model_on_two_classes_is_reported(content: StudyContent, tmp_path: Path) -> None:
    task = task_from_codes("lesion", ["benign", "malignant"])
    full = content.results[0].predictions
    table = dataclasses.replace(
        full, y_true=np.minimum(full.y_true, 1), y_score=full.y_score[:, :2] + 0.1, classes=task.codes
    )
    result = ModelResult(
        name="one", network="ResNet-18", depth=None, weights="random", predictions=table,
        metrics=bootstrap(table.rows(table.subject == "patient001"), n=5),
    )  # fmt: skip
    bare = StudyContent(title="t", created_note="", task=task, settings="", splits=(), networks=(),
                        results=(result,), baselines=(), cross_validation=(result,))  # fmt: skip
    page = Page(write_report(bare, tmp_path).page.read_text())
    # One patient has no interval, so none is shown; all-empty tables and figures are left out.
    assert set(page.cells) == {"results", "cross-validation", "per-class"}
    assert {path.stem for path in (tmp_path / "figures").iterdir()} == {"headline", "confusion"}
    assert "–" not in page.visible["results"][1][4:7]


@pytest.mark.slow
def test_equal_content_gives_equal_files(folder: Path, content: StudyContent, tmp_path: Path) -> None:
    write_report(content, tmp_path)
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    assert [name for name in files if (folder / name).read_bytes() != (tmp_path / name).read_bytes()] == []


def test_text_from_outside_is_escaped(content: StudyContent) -> None:
    evil = dataclasses.replace(
        content, title="<script>alert(1)</script>", warnings=('<img src="x">',), settings="</pre><b>"
    )
    blank = [Picture(name=name, title="", caption="", alt="x", png=b"") for name in ("headline", "confusion")]
    text = render(study_page(evil, study_tables(evil), tuple(blank)))
    assert "<script>alert" not in text
    assert '<img src="x">' not in text
    assert "</pre><b>" not in text


def as_text(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.6g}" if isinstance(value, float) else str(value)
