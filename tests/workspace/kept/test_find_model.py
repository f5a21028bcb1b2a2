"""Models are found by what people write; what is not there is answered with what there is."""

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from medgraft.core.errors import InputError, ProjectError
from medgraft.exchange import FACTS
from medgraft.exchange.package import read_package
from medgraft.study import resolved_yaml
from medgraft.study.curve import parse_curve
from medgraft.study.findings import best_title
from medgraft.workspace import Project
from medgraft.workspace.curves.running import curve_outcome
from medgraft.workspace.kept.curve_folder import CURVE_FILE, FINDINGS, FOUND
from medgraft.workspace.kept.find_model import find_model
from medgraft.workspace.kept.outcomes import study_outcome
from medgraft.workspace.kept.results_folder import only_once

MODEL = "mobilenetv1_025-random-depth-1"
ARMS = {"scratch": "random", "paper": "normal", "fine-tuned": "package"}


def keep_curve(project: Project, arm: str | None, size: int | None) -> Path:
    """A finished curve `two` of the sizes 2 and 4, as far as finding its models goes."""
    folder = project.curves / "two"
    asked = {"name": "two", "network": "unet3d", "shape": [16, 16, 16], "sizes": [2, 4], "package": "home.medgraft"}
    starts = {name: {"start": start} for name, start in ARMS.items()}
    folder.mkdir(parents=True)
    (folder / CURVE_FILE).write_text(resolved_yaml(parse_curve({**asked, "arms": starts})))
    (folder / FINDINGS).parent.mkdir()
    (folder / FINDINGS).write_text(json.dumps({**dict.fromkeys(FOUND), "verdict": {"arm": arm, "size": size}}))
    for name in (f"{arm}-{size}" for arm in ARMS for size in (2, 4)):
        (folder / "models" / name).mkdir(parents=True)
        (folder / "models" / name / FACTS).write_text("{}")
    return folder


def test_models_are_found_by_path_study_or_name(studied: Project) -> None:
    model = find_model(f"tiny/{MODEL}", studied.root)
    assert model == studied.studies / "tiny" / "models" / MODEL
    assert find_model(str(model)) == model
    best = find_model("leaky", studied.root)
    assert read_package(best).name == f"leaky: {best_title(study_outcome(studied, 'leaky'))}"
    assert best.parent == studied.studies / "leaky" / "models"


def test_the_best_model_is_the_best_over_all_seeds(studied: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not of the last seed alone."""
    import medgraft.workspace.kept.find_model as module

    outcome = study_outcome(studied, "leaky")
    values = {(0, 7): 1.0, (0, 8): 2.0, (1, 7): 1.8, (1, 8): 1.9}
    stages = tuple(
        dataclasses.replace(stage, choice=dataclasses.replace(stage.choice, value=values[stage.depth, stage.seed]))
        for stage in outcome.stages
    )
    monkeypatch.setattr(module, "study_outcome", lambda *_: dataclasses.replace(outcome, stages=stages))
    assert find_model("leaky", studied.root).name == "mobilenetv1_025-random-depth-0"


@pytest.mark.parametrize(("arm", "size"), [("fine-tuned", 2), ("fine-tuned", 4), ("scratch", 4), ("paper", 2)])
def test_a_curve_stands_for_the_model_that_its_verdict_names(project: Project, arm: str, size: int) -> None:
    models = keep_curve(project, arm, size) / "models"
    assert find_model("two", project.root) == models / f"{arm}-{size}"
    assert {name: find_model(f"two/{name}-4", project.root) for name in ARMS} == {
        name: models / f"{name}-4" for name in ARMS
    }


def test_a_verdict_that_names_no_model_leaves_the_choice(project: Project) -> None:
    keep_curve(project, None, None)
    available = ", ".join(f"two/{arm}-{size}" for arm in sorted(ARMS) for size in (2, 4))
    for text, why in {"two": ", whose verdict is to use the travelling model as it is", "two/scratch-3": ""}.items():
        with pytest.raises(InputError, match=f"of this project, got '{text}'{why}. Available: {available}"):
            find_model(text, project.root)


def test_models_that_are_not_there_teach(studied: Project, project: Project, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="CURVE/MODEL or packages/MODEL, got 'tiny'"):
        find_model("tiny")
    with pytest.raises(InputError, match="CURVE/MODEL"):
        find_model("tiny", tmp_path)
    with pytest.raises(InputError, match=rf"depth-9'. Available: tiny/{MODEL[:-1]}0, tiny/{MODEL}\.$"):
        find_model(f"tiny/{MODEL[:-1]}9", studied.root)
    with pytest.raises(InputError, match=rf"got 'nowhere'. Available: leaky/.* tiny/{MODEL}\.$"):
        find_model("nowhere", studied.root)
    with pytest.raises(InputError, match=r"got 'nowhere'. Available: none\."):
        find_model("nowhere", project.root)


def test_a_package_that_is_not_there_is_called_missing(project: Project) -> None:
    for asked in (project.root, None):
        with pytest.raises(InputError, match=r"got 'nope\.medgraft', and there is no such file\."):
            find_model("nope.medgraft", asked)


def test_what_has_not_ended_says_so(project: Project) -> None:
    shutil.rmtree((keep_curve(project, "fine-tune", 4) / FINDINGS).parent)
    with pytest.raises(ProjectError, match=r"got two, which was stopped\. Do: medgraft study curve with the file"):
        find_model("two", project.root)
    with only_once(project.curves / "two"), pytest.raises(ProjectError, match=r"which is running\. Do: wait for it"):
        curve_outcome(project, "two")
