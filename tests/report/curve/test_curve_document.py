"""The report of a learning curve stands alone, says the same numbers everywhere, and repeats."""

import csv
import dataclasses
import html
import json
import re
from pathlib import Path

import numpy as np
import pytest

from medgraft.core.errors import InputError
from medgraft.report import CurveContent, ModelKey, write_curve_report
from medgraft.report.curve.document import curve_page
from medgraft.report.curve.tables import curve_tables
from medgraft.report.page import render
from medgraft.report.picture import Picture

PICTURES = (
    "learning-curves",
    "forgetting",
    "wall-median",
    "volumes",
    "overlay-best",
    "bulls-eyes",
    "surfaces",
    "trainings",
)


def rendered(content: CurveContent) -> str:
    """The page without drawing: every picture is empty."""
    blank = tuple(Picture(name=name, title=name, caption="", alt="x", png=b"") for name in PICTURES)
    return render(curve_page(content, curve_tables(content), blank))


@pytest.mark.slow
def test_equal_content_gives_equal_files_and_every_picture_is_in_the_page(curve: CurveContent, tmp_path: Path) -> None:
    first, second = (write_curve_report(curve, tmp_path / name).page.parent for name in ("first", "second"))
    files = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(second) for path in second.rglob("*") if path.is_file())
    assert [name for name in files if (first / name).read_bytes() != (second / name).read_bytes()] == []
    shown = set(re.findall(r'id="figure-([\w-]+)"', (first / "report.html").read_text()))
    assert shown == {path.stem for path in (first / "figures").iterdir()}
    assert shown >= set(PICTURES) - {"overlay-best"}
    listed = set(re.findall(r'id="table-([\w-]+)"', (first / "report.html").read_text()))
    assert listed == {path.stem for path in (first / "tables").glob("*.csv")}


def test_the_page_needs_nothing_beside_itself(curve: CurveContent) -> None:
    text = rendered(curve)
    without_links = re.sub(r'<a href="https://doi\.org/[^"]+">', "", text)
    assert not re.search(r"https?://|file:|@import|url\(", without_links)
    assert " style=" not in text
    assert "default-src 'none'" in html.unescape(text)
    assert text.count("<script>") == 1


def test_the_script_that_turns_comes_only_with_surfaces(curve: CurveContent) -> None:
    assert "data-turning" in rendered(curve)
    flat = rendered(dataclasses.replace(curve, surfaces=()))
    assert "data-turning" not in flat


@pytest.mark.parametrize("name", ["bulls-eyes", "surfaces", "wall-median"])
def test_each_picture_of_the_wall_is_shown_without_the_others(curve: CurveContent, name: str) -> None:
    kept = {"bulls-eyes": "bulls_eyes", "surfaces": "surfaces", "wall-median": "walls"}
    without = {field: () for picture, field in kept.items() if picture != name}
    bare = dataclasses.replace(curve, **without, overlays=(), trainings=())  # type: ignore[arg-type]  # all are tuples
    pictures = tuple(
        Picture(name=shown, title=shown, caption="", alt="x", png=b"")
        for shown in ("learning-curves", "forgetting", name)
    )
    text = render(curve_page(bare, curve_tables(bare), pictures))
    assert f'id="figure-{name}"' in text
    assert '<a href="#wall">' in text


def test_tables_hold_the_figures_of_the_content(curve: CurveContent, tmp_path: Path) -> None:
    tables = {table.name: table for table in curve_tables(curve)}
    models = [ModelKey(arm=str(row[0]), size=int(str(row[1]))) for row in tables["figures"].rows]
    assert models == list(curve.models)
    for model, row in zip(models, tables["figures"].rows, strict=True):
        found = curve.figure(model, "test", "mean Dice")
        assert found is not None
        assert row[2:6] == (found.subjects, len(found.draws), found.value, found.best)
        distance = curve.figure(model, "test", "95 % Hausdorff pool")
        assert distance is not None
        (shown,) = [row for row in tables["distances"].rows if row[:2] == (model.arm, model.size)]
        assert shown[4:8] == (distance.value, distance.median, distance.unmatched, distance.masks)
    walls = {(w.phase.upper(), w.figure): [] for w in curve.walls}
    for wall in curve.walls:
        walls[wall.phase.upper(), wall.figure].append(wall.pearson)
    assert {(str(row[0]), str(row[1])): list(row[3:]) for row in tables["walls"].rows} == walls
    assert {row[2] for row in tables["walls"].rows} == {10}
    for row, found in zip(tables["volume-agreement"].rows, curve.volumes, strict=True):
        assert row[3:] == (found.icc, found.bias, found.lower, found.upper)
    by_subject = {row[0]: row[1:] for row in tables["subjects"].rows}
    assert len(by_subject) == 10
    for one in curve.subjects:
        assert {one.dice, one.distance} <= set(by_subject[one.subject])
    changes = {cell for row in tables["wall-differences"].rows for cell in row[2:]}
    assert changes == {item.difference for item in curve.wall_differences}


def test_a_curve_with_nothing_but_dice_is_reported(curve: CurveContent, tmp_path: Path) -> None:
    bare = dataclasses.replace(
        curve, walls=(), volumes=(), subjects=(), wall_differences=(), overlays=(), bulls_eyes=(), surfaces=(),
        trainings=(), rules=(), lineage={}, sizes=(5,),
        figures=tuple(f for f in curve.figures if f.on == "test" and f.model.size in (0, 5) and "Dice" in f.figure),
        differences=(),
    )  # fmt: skip
    written = write_curve_report(bare, tmp_path)
    assert {path.stem for path in (tmp_path / "figures").iterdir()} == {"learning-curves"}
    with (tmp_path / "tables" / "figures.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    kept = json.loads((tmp_path / "tables" / "report.json").read_text())
    assert [float(line["mean_dice"]) for line in lines] == [row["mean_dice"] for row in kept["figures"]]
    assert "Hausdorff" not in re.sub(r"<p>.*?</p>", "", written.page.read_text())
    assert kept == written.tables
    assert set(written.files) == {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert written.findings[0] == bare.verdict


@pytest.mark.slow
def test_a_report_that_is_drawn_again_takes_its_own_files_away_and_no_others(
    curve: CurveContent, tmp_path: Path
) -> None:
    """Whatever the list of the earlier one says, nothing outside its two folders is touched."""
    fewer = dataclasses.replace(curve, overlays=(), bulls_eyes=(), surfaces=(), walls=(), wall_differences=())
    folder = tmp_path / "report"
    first = write_curve_report(curve, folder)
    mine = [folder / "figures" / "mine.png", folder / "notes.txt", tmp_path / "outside.txt"]
    for path in mine:
        path.write_text("mine")
    listed = json.loads((folder / "files.json").read_text())
    (folder / "files.json").write_text(json.dumps([*listed, "notes.txt", "../outside.txt", "figures/../notes.txt", 7]))
    second = write_curve_report(fewer, folder)
    assert set(second.files) < set(first.files)
    assert {path for path in folder.rglob("*") if path.is_file()} == {
        *mine[:2],
        *(folder / name for name in second.files),
    }
    assert [path.read_text() for path in mine] == ["mine"] * 3


def test_text_from_outside_is_escaped(curve: CurveContent) -> None:
    evil = dataclasses.replace(
        curve, title="<script>alert(1)</script>", warnings=('<img src="x">',), settings="</pre><b>",
        surfaces=tuple(dataclasses.replace(surface, source='"><i>') for surface in curve.surfaces),
    )  # fmt: skip
    text = rendered(evil)
    assert "<script>alert" not in text
    assert '<img src="x">' not in text
    assert "</pre><b>" not in text
    assert '"><i>' not in text


def test_content_that_does_not_fit_together_is_refused(curve: CurveContent) -> None:
    surface, wall = curve.surfaces[0], curve.walls[0]
    with pytest.raises(InputError, match=r"V thicknesses"):
        dataclasses.replace(surface, thickness=surface.thickness[1:])
    with pytest.raises(InputError, match=r"triangles of 10 vertices"):
        dataclasses.replace(surface, vertices=surface.vertices[:10], thickness=surface.thickness[:10])
    with pytest.raises(InputError, match="one length"):
        dataclasses.replace(wall, seen=np.zeros(3))
    with pytest.raises(InputError, match="at least one arm"):
        dataclasses.replace(curve, arms=())
