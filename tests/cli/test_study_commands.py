"""A study on the command line, from its plan to answers for new images, on tiny synthetic patients."""

import csv
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from medgraft.workspace import Project
from medgraft.workspace.curves import running as curves

Run = Callable[..., Any]

STUDY = """\
name: tiny
networks:
  - {network: mobilenetv1_025, weights: random, size: 32}
stages:
  - {depth: 0, rates: [0.01], epochs: 1}
  - {depth: 1, rates: [0.01], epochs: 1}
folds: 2
draws: 1
"""
CURVE = """\
name: walls
network: unet2d
spacing: null
shape: [1, 32, 32]
window: {low: 1, high: 99, of: percentile}
arms: {scratch: {rates: [0.0001]}}
sizes: [1]
draws: 1
epochs: 1
updates: 2
batch_size: 4
thickness: false
"""
MODEL = "mobilenetv1_025-random-depth-0"


@pytest.fixture(scope="module")
def labelled(medgraft: Run, shared_scans: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with labels."""
    folder = tmp_path_factory.mktemp("labelled")
    for words in (["import", shared_scans], ["label", "from-masks"]):
        assert medgraft(*words, "-P", "heart", cwd=folder).code == 0
    return folder / "heart"


@pytest.fixture(scope="module")
def finished(medgraft: Run, labelled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with a finished study."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "tiny.yaml").write_text(STUDY)
    heart = shutil.copytree(labelled, folder / "heart")
    done = medgraft("study", "run", "tiny.yaml", "-P", heart, cwd=folder)
    assert done.code == 0, done.err
    return Path(heart)


@pytest.fixture
def heart(labelled: Path, tmp_path: Path) -> Path:
    """A project with labels for one test, and a study file beside it."""
    (tmp_path / "tiny.yaml").write_text(STUDY)
    return Path(shutil.copytree(labelled, tmp_path / "heart"))


@pytest.fixture
def studied(finished: Path, tmp_path: Path) -> Path:
    """The project with a finished study for one test."""
    return Path(shutil.copytree(finished, tmp_path / "heart"))


@pytest.mark.slow
def test_a_study_is_run_listed_and_shown(medgraft: Run, heart: Path, tmp_path: Path) -> None:
    first = medgraft("study", "run", "tiny.yaml", "-P", heart, "--json", cwd=tmp_path)
    again = medgraft("study", "run", "tiny.yaml", "-P", heart, "--json", cwd=tmp_path)
    shown = medgraft("study", "show", "tiny", "-P", heart, "--json", cwd=tmp_path)
    assert first.out == again.out == shown.out
    rows = json.loads(first.out)["rows"]
    assert {row["decision"] for row in rows} == {"argmax", "stack"}
    assert all(0 <= row[figure]["value"] <= 1 for row in rows for figure in ("macro_f1", "accuracy"))
    listed = json.loads(medgraft("study", "list", "-P", heart, "--json", cwd=tmp_path).out)
    assert listed == {"studies": [{"name": "tiny", "kind": "study", "finished": True, "folder": "studies/tiny"}]}
    table = medgraft("study", "show", "tiny", "-P", heart, cwd=tmp_path).out
    assert "baseline: position" in table
    assert f"best by validation loss: {json.loads(first.out)['best']}" in table


@pytest.mark.slow
def test_a_plan_trains_nothing_and_counts_what_a_run_does(medgraft: Run, heart: Path, tmp_path: Path) -> None:
    arguments = ["study", "run", "tiny.yaml", "-P", heart, "--dry-run"]
    plan = json.loads(medgraft(*arguments, "--json", cwd=tmp_path).out)
    assert not (heart / "runs").exists()
    assert not (heart / "studies").exists()
    twice = json.loads(medgraft(*arguments, "--set", "seeds=[1, 2]", "--json", cwd=tmp_path).out)
    assert twice["trainings"] == 2 * plan["trainings"]
    text = medgraft(*arguments, cwd=tmp_path).out
    assert "features" in text, "frozen features are cached"
    assert medgraft("study", "run", "tiny.yaml", "-P", heart, cwd=tmp_path).code == 0
    assert len(list((heart / "runs").glob("*/run.json"))) == plan["trainings"]


@pytest.mark.slow
def test_keys_are_changed_on_the_command_line(medgraft: Run, heart: Path, tmp_path: Path) -> None:
    changes = ["--set", "name=other", "--set", "cache.dtype=float16", "--set", "folds=2"]
    assert medgraft("study", "run", "tiny.yaml", "-P", heart, *changes, cwd=tmp_path).code == 0
    written = (heart / "studies" / "other" / "study.yaml").read_text()
    assert "dtype: float16" in written


@pytest.fixture
def one(medgraft: Run, tmp_path: Path) -> Path:
    """A project with a subject to train on, one to validate, one to test, and a curve file beside it."""
    (tmp_path / "walls.yaml").write_text(CURVE)
    assert medgraft("phantoms", "three", "--subjects", 3, "--size", 32, "--phases", 2, cwd=tmp_path).code == 0
    assert medgraft("import", "three", "-P", "one", cwd=tmp_path).code == 0
    listed = json.loads(medgraft("cohort", "-P", "one", "--json", cwd=tmp_path).out)
    subjects = sorted({stack["subject"] for stack in listed["stacks"]})
    for subject, split in zip(subjects, ("train", "validation", "test"), strict=True):
        assert medgraft("correct", "--subject", subject, "--split", split, "-P", "one", cwd=tmp_path).code == 0
    return tmp_path / "one"


def test_a_project_without_studies_says_so(medgraft: Run, tmp_path: Path) -> None:
    Project.create(tmp_path / "heart")
    assert medgraft("study", "list", "-P", "heart", cwd=tmp_path).out == "no study and no learning curve yet\n"


@pytest.mark.slow
def test_a_curve_is_listed_shown_and_packed_as_a_study_is(medgraft: Run, one: Path, tmp_path: Path) -> None:
    done = medgraft("study", "curve", "walls.yaml", "-P", one, "--json", cwd=tmp_path)
    shown = medgraft("study", "show", "walls", "-P", one, "--json", cwd=tmp_path)
    assert (done.code, shown.out) == (0, done.out)
    listed = json.loads(medgraft("study", "list", "-P", one, "--json", cwd=tmp_path).out)
    assert listed == {"studies": [{"name": "walls", "kind": "curve", "finished": True, "folder": "curves/walls"}]}
    assert medgraft("study", "list", "-P", one, cwd=tmp_path).out.split()[:4] == ["study", "kind", "state", "folder"]
    table = medgraft("study", "show", "walls", "-P", one, cwd=tmp_path).out
    found = json.loads(done.out)
    assert found["verdict"]["text"] in table
    assert "careful: scratch: in 1 of 1 training the last epoch was the best" in table, "the only one"
    assert f"95 % Hausdorff pool, {found['distance_unit']}" in table
    assert "\n\n\n" not in table
    assert medgraft("pack", "walls", "walls.medgraft", "-P", one, cwd=tmp_path).code == 0
    missing = medgraft("study", "show", "nowhere", "-P", one, cwd=tmp_path)
    assert "Available: walls" in missing.err


@pytest.mark.slow
def test_a_curve_is_planned_before_it_is_run(medgraft: Run, one: Path, tmp_path: Path) -> None:
    """Nothing is written, and what is planned is done."""
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    arguments = ["study", "curve", "walls.yaml", "-P", one, "--dry-run", "--set", "epochs=3"]
    text = medgraft(*arguments, cwd=tmp_path)
    plan = json.loads(medgraft(*arguments, "--json", cwd=tmp_path).out)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()} == before
    assert (plan["trainings"], plan["done"], plan["updates"], plan["assessments"]) == (1, 0, 6, 1), (
        "three epochs of two"
    )
    assert {role: len(names) for role, names in plan["subjects"].items()} == {
        "train": 1, "validation": 1, "test": 1, "home": 0, "others": 0,
    }  # fmt: skip
    for names in plan["subjects"].values():
        assert all(name in text.out for name in names)
    assert "1 training to do" in text.out
    assert min(plan[name] for name in ("seconds", "memory_bytes", "volume_bytes", "run_bytes")) > 0
    assert medgraft("study", "curve", "walls.yaml", "-P", one, "--set", "epochs=3", cwd=tmp_path).code == 0
    after = json.loads(medgraft(*arguments, "--json", cwd=tmp_path).out)
    assert (after["trainings"], after["done"], after["updates"]) == (1, 1, 0)


@pytest.mark.parametrize(("answer", "code", "left"), [("n\n", 1, True), ("", 1, True), ("y\n", 0, False)])
def test_a_study_is_removed_only_after_asking(
    medgraft: Run, heart: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, *, left: bool
) -> None:
    """Nobody to ask is no."""
    folder = heart / "studies" / "begun"
    folder.mkdir(parents=True)
    (folder / "study.yaml").write_text("name: begun\n")
    (folder / "runs.txt").touch()
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    done = medgraft("study", "remove", "begun", "-P", heart, cwd=heart)
    assert (done.code, folder.exists()) == (code, left)
    assert "goes: studies/begun" in done.err
    assert ("removed: studies/begun" in done.out) == (not left)


def test_a_curve_that_is_stopped_says_how_it_goes_on(
    medgraft: Run, heart: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(curves, "start_curve", stopped)
    (tmp_path / "walls.yaml").write_text(CURVE)
    done = medgraft("study", "curve", "walls.yaml", "-P", heart, cwd=tmp_path)
    assert (done.code, done.out) == (130, "")
    assert done.err.strip().endswith("stopped; the same command goes on")


@pytest.mark.slow
def test_a_curve_on_two_devices_is_that_of_one(medgraft: Run, one: Path, tmp_path: Path) -> None:
    shutil.copytree(one, tmp_path / "two")
    alone, shared = (
        medgraft("study", "curve", "walls.yaml", "-P", project, *options, "--json", cwd=tmp_path)
        for project, options in {"one": [], "two": ["--devices", 2]}.items()
    )
    assert (alone.code, shared.code) == (0, 0)
    rows, same = (json.loads(said.out)["findings"]["rows"] for said in (alone, shared))
    assert [row["figure"] for row in same] == [row["figure"] for row in rows]
    for row, other in zip(rows, same, strict=True):
        near = 0.01 if "Dice" in row["figure"] else 1.0
        assert other["value"]["value"] == pytest.approx(row["value"]["value"], abs=near)


@pytest.mark.parametrize("options", [["--workers", 2], ["--on", "ray"]], ids=lambda options: options[0])
def test_devices_share_trainings_and_do_no_others(
    medgraft: Run, heart: Path, tmp_path: Path, options: list[Any]
) -> None:
    (tmp_path / "walls.yaml").write_text(CURVE)
    done = medgraft("study", "curve", "walls.yaml", "-P", heart, "--devices", 2, *options, cwd=tmp_path)
    assert done.code == 1
    assert "Do: give only one of them" in " ".join(done.err.split())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["folds=one"], "folds"),
        (["fold=2"], "Keys: name, task"),
        (["networks=[nothing_like_it]"], "nothing_like_it"),
        (["name=../up"], "name"),
        (["nonsense"], "key=value"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_wrong_study_is_1_and_names_the_key(
    medgraft: Run, heart: Path, tmp_path: Path, changes: list[str], said: str
) -> None:
    options = [word for change in changes for word in ("--set", change)]
    done = medgraft("study", "run", "tiny.yaml", "-P", heart, *options, cwd=tmp_path)
    assert done.code == 1
    assert said in done.err
    assert "Traceback" not in done.err
    assert not (heart / "studies").exists()


@pytest.mark.parametrize("weights", ["file:weights/none.pth", "file:~/no such folder/none.pth"])
def test_weights_are_found_from_the_study_file(medgraft: Run, heart: Path, tmp_path: Path, weights: str) -> None:
    studies = tmp_path / "studies"
    studies.mkdir()
    (studies / "tiny.yaml").write_text(STUDY.replace("weights: random", f'weights: "{weights}"'))
    done = medgraft("study", "run", "studies/tiny.yaml", "-P", heart, cwd=tmp_path, HOME=str(tmp_path / "home"))
    assert done.code == 1
    sought = {"f": studies / "weights" / "none.pth", "~": tmp_path / "home" / "no such folder" / "none.pth"}
    assert str(sought["~" if "~" in weights else "f"]) in done.err


@pytest.mark.parametrize("words", [["study", "show"], ["report"], ["explain"]], ids=" ".join)
def test_a_study_that_is_not_there_is_1(medgraft: Run, heart: Path, tmp_path: Path, words: list[str]) -> None:
    done = medgraft(*words, "nowhere", "-P", heart, cwd=tmp_path)
    assert done.code == 1
    assert "nowhere" in done.err
    assert "Available: none" in done.err


def test_listing_studies_does_not_load_torch(heart: Path) -> None:
    program = (
        "import sys; from medgraft.cli.main import main\n"
        f"sys.argv = ['medgraft', 'study', 'list', '-P', {str(heart)!r}]\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "assert 'torch' not in sys.modules, 'torch was loaded'"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_report_is_written_where_it_is_asked_for(medgraft: Run, studied: Path, tmp_path: Path) -> None:
    usual = medgraft("report", "tiny", "-P", studied, cwd=tmp_path)
    page = Path(usual.out.removeprefix("report: ").strip())
    assert page.is_relative_to(studied / "studies" / "tiny" / "report")
    assert "<html" in page.read_text().lower()
    other = json.loads(medgraft("report", "tiny", "-P", studied, "--out", "here", "--json", cwd=tmp_path).out)
    assert (tmp_path / other["page"]).is_relative_to(tmp_path / "here")
    assert (tmp_path / other["page"]).is_file()


@pytest.mark.slow
def test_new_images_are_answered(medgraft: Run, studied: Path, scans: Path, tmp_path: Path) -> None:
    package = studied / "studies" / "tiny" / "models" / MODEL
    by_folder = medgraft("predict", package, scans, "--json", cwd=tmp_path)
    by_name = medgraft("predict", f"tiny/{MODEL}", scans, "-P", studied, "--json", cwd=tmp_path)
    assert by_folder.out == by_name.out
    slices = json.loads(by_folder.out)["slices"]
    assert all(abs(sum(row["probabilities"].values()) - 1) < 1e-5 for row in slices)
    table = medgraft("predict", package, scans, "--csv", "answers.csv", cwd=tmp_path).out
    with (tmp_path / "answers.csv").open(newline="") as file:
        written = list(csv.DictReader(file))
    assert [row["plain"] for row in written] == [row["plain"] for row in slices]
    assert all(row["joint"] in row for row in written), "one of the classes that have a column"
    assert table.splitlines()[0].split() == list(written[0])


@pytest.mark.slow
def test_answers_are_drawn(medgraft: Run, studied: Path, scans: Path, tmp_path: Path) -> None:
    arguments = ["predict", "tiny", scans, "-P", studied, "--out", "sheets", "--maps", "--json"]
    sheets = json.loads(medgraft(*arguments, cwd=tmp_path).out)["sheets"]
    assert len(sheets) == 4, "two patients, two phases"
    assert all((tmp_path / sheet).read_bytes().startswith(b"\x89PNG") for sheet in sheets)


def test_maps_need_a_folder(medgraft: Run, tmp_path: Path, scans: Path) -> None:
    done = medgraft("predict", "tiny", scans, "--maps", cwd=tmp_path)
    assert done.code == 2
    assert "--out" in done.err


@pytest.mark.slow
def test_a_model_is_explained(medgraft: Run, studied: Path, tmp_path: Path) -> None:
    found = json.loads(medgraft("explain", f"tiny/{MODEL}", "-P", studied, "--json", cwd=tmp_path).out)
    assert Path(found["sheet"]).is_relative_to(studied / "studies" / "tiny" / "explanation")
    assert found["likeness"]["shuffles"] == 10
    told = medgraft("explain", "tiny", "-P", studied, "--out", "here", cwd=tmp_path).out
    assert list((tmp_path / "here").glob("*.png"))
    assert "likeness" in told
