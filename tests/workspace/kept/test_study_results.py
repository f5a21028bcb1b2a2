"""Results as they are shown are those that the study found: read twice, by two ways."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from medgraft.core.errors import InputError, ProjectError
from medgraft.core.seeds import rng
from medgraft.core.task import UnitKey
from medgraft.decoding import decode
from medgraft.evaluation import paired_difference
from medgraft.study import StudyFile
from medgraft.study.findings import best_title
from medgraft.workspace import Project
from medgraft.workspace.kept.outcomes import study_outcome
from medgraft.workspace.kept.study_results import model_predictions, model_tables, study_results
from medgraft.workspace.studies.answers import answer_table, stored_places
from medgraft.workspace.studies.comparison import ModelChoice, compare_models
from medgraft.workspace.studies.running import show_study, start_study
from medgraft.workspace.studies.samples import project_samples
from medgraft.workspace.studies.text import resolve_study

pytestmark = pytest.mark.slow

HEAD, DEEP = "mobilenetv1_025-random-depth-0", "mobilenetv1_025-random-depth-1"


@pytest.mark.parametrize("name", ["tiny", "leaky"])
def test_results_are_those_of_the_study(studied: Project, name: str) -> None:
    shown, outcome = study_results(studied, name), study_outcome(studied, name)
    first = [stage for stage in outcome.stages if stage.seed == outcome.study.seeds[0]]
    assert [model.title for model in shown.models] == [stage.title for stage in first]
    assert shown.model(shown.best).title == best_title(outcome)
    assert shown.task == outcome.task
    assert shown.seconds > 0
    for model, stage in zip(shown.models, first, strict=True):
        assert (model.rate, model.epoch) == (stage.choice.rate, stage.choice.epoch)
        np.testing.assert_array_equal(model.validation_loss, stage.curves.validation_loss)
        tables = dict(model_tables(shown, model))
        np.testing.assert_array_equal(tables["out of fold"].y_score, stage.out_of_fold.y_score)
        assert (stage.test is None) == ("test" not in tables)


def test_figures_are_those_of_the_summary(studied: Project) -> None:
    shown = study_results(studied, "tiny")
    for row in show_study(studied, "tiny").rows:
        title, _, on = row.model.removesuffix("]").partition(" [")
        line = shown.line(title, on, row.decision)
        assert line is not None
        assert line.figures["macro_f1"].value == pytest.approx(row.macro_f1.value, rel=1e-8)
        assert line.is_baseline == title.startswith("baseline")
    assert {item.other for item in shown.contrasts} == {"baseline: position"}


@pytest.mark.parametrize("on", ["test", "out of fold"])
def test_an_answer_is_shown_on_the_image_that_it_is_about(studied: Project, on: str) -> None:
    table = answer_table(studied, "tiny", DEEP, on)
    samples = project_samples(studied, "sax-range")
    truth = {item.unit: label for item, label in zip(samples.items, samples.labels.tolist(), strict=True)}
    units = [
        UnitKey(*place)
        for place in zip(table.rows.stack.tolist(), table.phase_at.tolist(), table.stored.tolist(), strict=True)
    ]
    assert [truth[unit] for unit in units] == table.rows.y_true.tolist()
    assert len(set(units)) == len(units)
    np.testing.assert_array_equal(table.joint, decode(table.rows, table.task, "stack"))


def test_answers_of_a_stack_that_is_gone_have_no_place(studied: Project, project: Project) -> None:
    rows = answer_table(studied, "tiny", HEAD, "test").rows
    stored, phase_at = stored_places(project, rows)
    with project.cohort() as cohort:
        here = np.isin(rows.stack, [entry.id for entry in cohort.entries()])
    np.testing.assert_array_equal(stored >= 0, here)
    np.testing.assert_array_equal(phase_at >= 0, here)


def test_models_and_sets_that_are_not_there_teach(studied: Project, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="Available: mobilenetv1_025-random-depth-0"):
        answer_table(studied, "tiny", "vgg16", "test")
    with pytest.raises(ProjectError, match="Expected answers on test or out of fold"):
        answer_table(studied, "leaky", HEAD, "test")
    with pytest.raises(ProjectError, match="Available: leaky, tiny"):
        study_results(studied, "../tiny")


def test_damaged_results_are_said_so(labelled: Callable[[], Project], tiny: Callable[..., StudyFile]) -> None:
    project = labelled()
    start_study(project, tiny(stages=[{"depth": 0, "rates": [0.1], "epochs": 1}]))
    results = project.studies / "tiny" / "results"
    for name, text in {"figures.json": "[{}]", "contrasts.json": "{", "stages.json": '{"stages": []}'}.items():
        whole = (results / name).read_text()
        (results / name).write_text(text)
        with pytest.raises(ProjectError, match="Expected the results of a finished study"):
            study_results(project, "tiny")
        (results / name).write_text(whole + " ")


def test_two_models_are_compared_on_what_both_answered(studied: Project) -> None:
    a, b = ModelChoice(study="tiny", model=DEEP), ModelChoice(study="leaky", model=HEAD)
    found = compare_models(studied, a, b, on="out of fold", decision="stack")
    tables = [answer_table(studied, one.study, one.model, "out of fold") for one in (a, b)]
    assert found.only_a == 0
    assert (found.images, found.only_b) == (len(tables[0].rows), len(tables[1].rows) - len(tables[0].rows))
    shared = np.isin(tables[1].rows.stack, tables[0].rows.stack)
    answers = [decode(rows, tables[0].task, "stack") for rows in (tables[0].rows, tables[1].rows.rows(shared))]
    expected = paired_difference(
        tables[0].rows, tables[1].rows.rows(shared), "macro_f1", y_pred_a=answers[0], y_pred_b=answers[1], n=1000
    )
    assert found.differences[0] == expected


def test_compared_answers_are_those_that_the_models_gave(studied: Project, tmp_path: Path) -> None:
    """One model answered for every other slice; the joint answers of the other are still those of its whole stacks."""
    project = Project.open(Path(shutil.copytree(studied.root, tmp_path / "heart")))
    part, whole = (study_results(project, "tiny").model(name) for name in (HEAD, DEEP))
    rows = model_predictions(whole, "test")
    rows = replace(rows, y_score=rng("other answers").dirichlet(np.ones(3), len(rows)))
    kept = rows.slice % 2 == 0
    rows.write_csv(whole.folder / "test.csv")
    rows.rows(kept).write_csv(part.folder / "test.csv")
    task = study_results(project, "tiny").task
    given = [decode(rows.rows(kept), task, "stack"), decode(rows, task, "stack")[kept]]
    right = [np.mean(answer == rows.y_true[kept]) for answer in given]
    assert right[0] != right[1]
    a, b = (ModelChoice(study="tiny", model=model.id) for model in (part, whole))
    found = compare_models(project, a, b, on="test", decision="stack")
    assert (found.images, found.only_a, found.only_b) == (kept.sum(), 0, (~kept).sum())
    accuracy = next(item for item in found.differences if item.metric == "accuracy")
    assert [accuracy.value_a, accuracy.value_b] == pytest.approx(right)


def test_a_model_is_as_good_as_itself(studied: Project) -> None:
    same = ModelChoice(study="tiny", model=DEEP)
    found = compare_models(studied, same, same, on="test")
    assert {(item.value, item.low, item.high) for item in found.differences} == {(0.0, 0.0, 0.0)}


def test_a_study_as_text_is_resolved_or_refused(studied: Project) -> None:
    resolved = resolve_study(studied, "name: next\nnetworks: [mobilenetv1_025]\nweights: run:tiny\n")
    assert resolved.name == "next"
    assert f"package:{studied.root}" in resolved.text
    for text, why in {
        "[1]": "Expected keys",
        "a: [": "Expected YAML",
        "name: 2026-02-30": "Expected YAML",
        "networks: [nowhere]": "nowhere",
        "networks: [mobilenetv1_025]\nweights: file:/etc/passwd": "command line",
        "networks: [{network: mobilenetv1_025, weights: 'package:/x'}]": "command line",
        "networks: []": "networks",
        "networks: [mobilenetv1_025]\nname: ../x": "name",
    }.items():
        with pytest.raises(InputError, match=why):
            resolve_study(studied, text)


def test_results_are_read_without_torch(studied: Project) -> None:
    program = (
        "import sys; from pathlib import Path; from medgraft.workspace import Project;"
        "from medgraft.workspace.kept.study_results import study_results; "
        "from medgraft.workspace.studies.process import main; "
        "from medgraft.workspace.studies.answers import answer_table; "
        "from medgraft.workspace.models.sights import kept_map;"
        "p = Project.open(Path(sys.argv[1])); r = study_results(p, 'tiny'); answer_table(p, 'tiny', r.best, 'test');"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program, studied.root], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
