"""The report of a study says the numbers that the study found, and warns of what flatters them."""

import html
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from medgraft.core.errors import ProjectError
from medgraft.exchange import NOBODY, Seen, Training
from medgraft.exchange.package import read_package, write_package
from medgraft.labels import LabelEvent
from medgraft.study import find
from medgraft.workspace import Project
from medgraft.workspace.kept.outcomes import study_outcome
from medgraft.workspace.models.explaining import explain_model
from medgraft.workspace.studies import reporting
from medgraft.workspace.studies.reporting import report_study
from medgraft.workspace.studies.running import show_study
from medgraft.workspace.studies.samples import project_samples
from medgraft.workspace.studies.summary import study_summary

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 14, tzinfo=UTC)
SEEN = "every fold starts from a model that has seen the fold's own validation patients"
NO_TEST = "There is no held-out test set"
ANSWERS = {"argmax": "highest score", "stack": "decoded jointly"}


@pytest.fixture(scope="module", params=["tiny", "leaky"])
def reported(
    request: pytest.FixtureRequest, studied: Project, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Project, str, Path]:
    """A project, the name of a study, and its report's folder."""
    project = Project.open(Path(shutil.copytree(studied.root, tmp_path_factory.mktemp("reported") / "heart")))
    made = report_study(project, request.param, now=NOW)
    assert made.study == request.param
    assert Path(made.page) == project.studies / request.param / "report" / "report.html"
    return project, request.param, Path(made.page).parent


def text_of(folder: Path) -> str:
    return html.unescape((folder / "report.html").read_text())


def tables_of(folder: Path) -> dict[str, list[dict[str, Any]]]:
    tables: dict[str, list[dict[str, Any]]] = json.loads((folder / "tables" / "report.json").read_text())
    return tables


def test_figures_are_those_of_the_study(reported: tuple[Project, str, Path]) -> None:
    project, study, folder = reported
    written = json.loads((project.studies / study / "results" / "figures.json").read_text())
    found = {(row["model"], row["decision"]): row["figures"] for row in written}
    tables = tables_of(folder)
    sections = {"results": "test", "cross-validation": "out of fold"} if study == "tiny" else {"results": "out of fold"}
    compared = 0
    for section, on in sections.items():
        for row in tables[section]:
            name = row["model"] if row["depth"] is None else f"mobilenetv1_025-random, depth {row['depth']}"
            decision = next(rule for rule, shown in ANSWERS.items() if shown == row["answer"])
            figures = found.pop((f"{name} [{on}]", decision))
            for key in ("macro_f1", "accuracy", "soft_accuracy", "auc_micro", "f1_IN"):
                if row[key] is None:
                    continue
                compared += 1
                assert row[key] == pytest.approx(figures[key]["value"], abs=1e-6)
                assert row[f"{key}_low"] == pytest.approx(figures[key]["low"], abs=1e-6)
                assert row[f"{key}_high"] == pytest.approx(figures[key]["high"], abs=1e-6)
    assert compared >= 4 * 5
    assert found == {}


def test_choices_and_counts_are_those_of_the_study(reported: tuple[Project, str, Path]) -> None:
    project, study, folder = reported
    outcome = study_outcome(project, study)
    tables = tables_of(folder)
    first = [stages[0] for stages in outcome.by_title().values()]
    assert [(float(row["rate"]), row["epoch"]) for row in tables["choices"]] == [
        (stage.choice.rate, stage.choice.epoch) for stage in first
    ]
    assert [row["trials"] for row in tables["minutes"]] == [len(stage.runs) for stage in first]
    held_out = {"test": 3} if study == "tiny" else {}
    assert {row["split"]: row["subjects"] for row in tables["cohort"]} == {
        "cross-validation": 9 - len(held_out) * 3
    } | held_out
    assert {row["input_size"] for row in tables["networks"]} == {32}
    assert sum(row["images"] for row in tables["cohort"]) == 9 * 7 * 2
    counted = sum(row["count"] for row in tables["confusion"] if row["answer"] == "highest score")
    rows = first[0].test if first[0].test is not None else first[0].out_of_fold
    assert counted == len(rows) * (len(first) + 2)


def test_what_flatters_is_said(reported: tuple[Project, str, Path]) -> None:
    _, study, folder = reported
    text = text_of(folder)
    assert (SEEN in text) == (study == "leaky")
    assert (NO_TEST in text) == (study == "leaky")
    assert "14 March 2026" in text


def test_the_verdict_is_the_same_wherever_it_is_read(reported: tuple[Project, str, Path]) -> None:
    project, study, folder = reported
    said = show_study(project, study).verdict
    assert said.startswith("Against “baseline: position”, which sees no pixels")
    assert said in text_of(folder)


def test_a_class_that_no_image_has_is_named(studied: Project) -> None:
    outcome = study_outcome(studied, "tiny")
    assert study_summary(outcome, find(outcome)).unlabelled == ()
    for stage in outcome.stages:
        for part in filter(None, (stage.out_of_fold, stage.test)):
            part.y_true[part.y_true == 0] = 1
    assert study_summary(outcome, find(outcome)).unlabelled == (outcome.task.codes[0],)


def test_random_weights_carry_nobodys_licence(reported: tuple[Project, str, Path]) -> None:
    _, _, folder = reported
    assert {row["weights_origin"] for row in tables_of(folder)["networks"]} == {"random"}
    assert not any(row["licence"] for row in tables_of(folder)["networks"])


def test_the_report_repeats(reported: tuple[Project, str, Path], tmp_path: Path) -> None:
    project, study, folder = reported
    report_study(project, study, folder=tmp_path, now=NOW)
    first = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    again = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert first.keys() == again.keys()
    assert [str(place) for place in first if first[place] != again[place]] == []


def test_labels_that_changed_since_are_said(studied: Project, tmp_path: Path) -> None:
    project = Project.open(Path(shutil.copytree(studied.root, tmp_path / "heart")))
    said = next(iter(project_samples(project, "sax-range").items)).unit
    with project.labels() as store:
        store.record([LabelEvent(reader="ana", unit=said, task="sax-range", value="OAP", source="app")])
    page = report_study(project, "tiny", folder=tmp_path / "report", now=NOW).page
    assert "have changed since this study was run" in Path(page).read_text()
    assert {row["split"]: row["images"] for row in tables_of(tmp_path / "report")["cohort"]} == {
        "cross-validation": 6 * 7 * 2,
        "test": 3 * 7 * 2,
    }
    with pytest.raises(ProjectError, match=r"labels have changed.*Do run the study again"):
        explain_model(project, "leaky/mobilenetv1_025-random-depth-0", tmp_path)


def test_trainings_of_unknown_patients_are_said(
    studied: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the study's own, nor ImageNet, which shows no patients."""
    monkeypatch.setattr(reporting, "_pictures", lambda *_: {})
    project = Project.open(Path(shutil.copytree(studied.root, tmp_path / "heart")))
    for folder in (project.studies / "tiny" / "models").iterdir():
        package = read_package(folder)
        before = Training(name="ImageNet", subjects=NOBODY), Training(name="timm theirs.h5")
        write_package(replace(package, seen=Seen(trainings=(*before, *package.seen.trainings))), folder)
    made = report_study(project, "tiny", now=NOW)
    assert "they bring no hashes of timm theirs.h5." in text_of(Path(made.page).parent)


def test_studies_without_results_have_no_report(studied: Project) -> None:
    with pytest.raises(ProjectError, match="Available: leaky, tiny"):
        report_study(studied, "hearts")
