"""Studies of a project: whole or absent, the same everywhere, and never done twice."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from medgraft.core.errors import InputError, ProjectError
from medgraft.core.progress import Progress
from medgraft.core.seeds import rng
from medgraft.core.stack import FoundStack
from medgraft.exchange import Seen, Training, hash_subjects
from medgraft.exchange.package import read_package, write_package
from medgraft.phantoms import short_axis_heart
from medgraft.study import Desk, StudyFile, read_study_file, resolved_yaml
from medgraft.workspace import Project, study_states
from medgraft.workspace.kept.outcomes import study_outcome
from medgraft.workspace.kept.results_folder import asked_file
from medgraft.workspace.studies.process import main as resuming
from medgraft.workspace.studies.running import plan_study, show_study, start_study
from medgraft.workspace.studies.samples import image_reader, project_samples

Tiny = Callable[..., StudyFile]
Labelled = Callable[[], Project]


class CutOffError(Exception):
    """Stands for a process that ends."""


def files(folder: Path) -> dict[str, bytes]:
    """Every file that repeats byte for byte, by its place."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "seconds.json"
    }


def cut_off_at(stage: str, done: int) -> Callable[[Progress], None]:
    def report(progress: Progress) -> None:
        if progress.stage == stage and progress.done >= done:
            raise CutOffError

    return report


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Grows with every training that is really done."""
    done: list[object] = []
    work = Desk.work

    def counting(*args: Any, **kwargs: Any) -> Any:
        trained = work(*args, **kwargs)
        done.extend(item.identity for item in trained)
        return trained

    monkeypatch.setattr(Desk, "work", counting)
    return done


def test_what_a_study_leaves(studied: Project) -> None:
    folder = studied.studies / "tiny"
    stages = [f"mobilenetv1_025-random-depth-{depth}-seed-7" for depth in (0, 1)]
    assert {path.name for path in folder.iterdir()} == {"study.yaml", "results", "models", "runs.txt"}
    assert json.loads((folder / "results" / "stages.json").read_text()) == {"stages": stages, "lost": []}
    for stage in stages:
        assert set(files(folder / "results" / stage)) == {"out_of_fold.csv", "test.csv", "stage.json"}
    assert {p.name for p in (folder / "models").iterdir()} == {stage.removesuffix("-seed-7") for stage in stages}
    assert [(state.name, state.finished) for state in study_states(studied)] == [("leaky", True), ("tiny", True)]


def test_what_is_shown_is_what_was_found(labelled: Labelled, tiny: Tiny) -> None:
    project = labelled()
    started = start_study(project, tiny())
    assert show_study(project, "tiny") == started
    written = json.loads((project.studies / "tiny" / "results" / "figures.json").read_text())
    for row, line in zip(started.rows, written, strict=True):
        assert (row.model, row.decision) == (line["model"], line["decision"])
        assert row.macro_f1.value == pytest.approx(line["figures"]["macro_f1"]["value"], rel=1e-8)
        assert row.accuracy.low == pytest.approx(line["figures"]["accuracy"]["low"], rel=1e-8)
    assert started.best in {row.model.partition(" [")[0] for row in started.rows}
    assert (started.subjects, started.images) == (9, 9 * 7 * 2)


def test_equal_studies_give_equal_bytes_wherever_they_run(labelled: Labelled, tiny: Tiny, fits: list[object]) -> None:
    one, other = labelled(), labelled()
    start_study(one, tiny())
    n_fits = len(fits)
    start_study(other, tiny(), checkpoint_seconds=0)
    assert len(fits) == 2 * n_fits
    assert files(one.studies) == files(other.studies)
    assert files(one.runs) == files(other.runs)
    # Moved and started again: nothing is trained, nothing changes.
    moved = Project.open(Path(shutil.move(one.root, one.root.with_name("moved"))))
    start_study(moved, tiny())
    assert len(fits) == 2 * n_fits
    assert files(moved.studies) == files(other.studies)


def test_the_plan_counts_what_a_start_does(labelled: Labelled, tiny: Tiny, fits: list[object]) -> None:
    project = labelled()
    plan = plan_study(project, tiny())
    assert study_states(project) == ()
    start_study(project, tiny())
    assert len(fits) == sum(stage.trainings for stage in plan.stages)


def test_a_study_that_is_being_run_is_not_started_twice(labelled: Labelled, tiny: Tiny) -> None:
    project = labelled()
    refused: list[str] = []

    def start_again(progress: Progress) -> None:
        if progress.stage == "study" and progress.done and not refused:
            with pytest.raises(ProjectError) as caught:
                start_study(project, tiny())
            refused.append(str(caught.value))

    start_study(project, tiny(), report=start_again)
    assert refused == ["tiny is being run by another process. Do: wait for it."]


def test_an_unfinished_study_has_no_results_and_goes_on(labelled: Labelled, tiny: Tiny, fits: list[object]) -> None:
    project = labelled()
    with pytest.raises(CutOffError):
        start_study(project, tiny(), report=cut_off_at("study", 4))
    assert [(state.name, state.finished) for state in study_states(project)] == [("tiny", False)]
    with pytest.raises(ProjectError, match="goes on from where it was"):
        study_outcome(project, "tiny")
    n_done = len(fits)
    start_study(project, tiny())
    plan = plan_study(project, tiny())
    assert 4 <= n_done < len(fits) == sum(stage.trainings for stage in plan.stages)


def test_results_stay_until_those_of_another_question_are_whole(
    labelled: Labelled, tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A study file that was changed, a start that did not end, and the process that resumes it."""
    project = labelled()
    folder = project.studies / "tiny"
    started = start_study(project, tiny())
    before = {place: content for place, content in files(folder).items() if place != "runs.txt"}
    for study in (tiny(), tiny(draws=1)):
        with pytest.raises(CutOffError):
            start_study(project, study, report=cut_off_at("study", 1))
        assert before.items() <= files(folder).items()
        assert show_study(project, "tiny") == started
    assert read_study_file(asked_file(folder / "study.yaml")) == tiny(draws=1)
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # of the process that tests
    monkeypatch.setattr(sys, "stdin", StringIO())
    resuming([str(project.root), "tiny"])
    assert study_outcome(project, "tiny").study == tiny(draws=1)
    assert {path.name for path in folder.iterdir()} == {"study.yaml", "results", "models", "runs.txt"}


def test_a_package_answers_as_its_study_said(studied: Project) -> None:
    """Every tensor, the recipe and the scaling travelled: the test set is scored again from the package alone."""
    outcome = study_outcome(studied, "tiny")
    samples = project_samples(studied, "sax-range")
    for stage in outcome.stages:
        package = read_package(studied.studies / "tiny" / "models" / stage.folder.removesuffix("-seed-7"))
        with studied.cohort() as cohort, torch.inference_mode():
            read = image_reader(cohort)
            held_out = [item.unit for item in samples.items if item.split == "test"]
            pictures = torch.cat([package.slice_recipe.render(read(unit), package.size) for unit in held_out])
            scores = package.classifier()(pictures).softmax(1).numpy()
        assert stage.test is not None
        np.testing.assert_allclose(stage.test.y_score, scores, atol=1e-5)
        assert package.lineage.hops[0].what == "random"
        assert package.lineage.hops[-1].weights_digest == package.weights_digest
        written = json.loads((studied.studies / "tiny" / "results" / "figures.json").read_text())
        (line,) = [row for row in written if row["model"] == f"{stage.title} [test]" and row["decision"] == "stack"]
        assert package.figures["macro_f1 (stack) [test]"] == pytest.approx(line["figures"]["macro_f1"]["value"])


@pytest.mark.parametrize("known_by", ["its stacks", "another stack", "its hash"])
def test_weights_that_have_seen_a_subject_are_refused_before_training(
    labelled: Labelled, studied: Project, tiny: Tiny, tmp_path: Path, fits: list[object], *, known_by: str
) -> None:
    """A model of the project knows its stacks, labelled or not; a packed one its subjects, whatever their images."""
    project = labelled()
    with project.cohort() as cohort:
        held_out = next(entry for entry in cohort.entries() if entry.split == "test")
        unlabelled = short_axis_heart(subject=20, size=32, n_phases=2).stack
        other = cohort.add(FoundStack(stack=unlabelled, subject=held_out.subject, series_key="other"))
    package = read_package(studied.studies / "tiny" / "models" / "mobilenetv1_025-random-depth-1")
    trainings = {
        "its stacks": package.seen.trainings,
        "another stack": (Training(name="here", stacks=(other.id,)),),
        "its hash": (Training(name="home", subjects=hash_subjects([held_out.subject], secret="home")),),
    }
    model = write_package(replace(package, seen=Seen(trainings=trainings[known_by])), tmp_path / "seen")
    network = {"network": "mobilenetv1_025", "weights": f"package:{model}", "size": 32}
    for verb in (plan_study, start_study):
        with pytest.raises(InputError, match="as each is validated or tested here, got"):
            verb(project, tiny(name="next", networks=[network]))
    assert not fits
    assert "next" not in {state.name for state in study_states(project)}


def test_studies_that_are_not_there_teach(studied: Project, tiny: Tiny, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"'hearts'\. Available: leaky, tiny"):
        study_outcome(studied, "hearts")
    empty = Project.create(tmp_path / "empty")
    with pytest.raises(ProjectError, match="Available: none"):
        study_outcome(empty, "hearts")
    with pytest.raises(InputError, match="Expected labelled slices"):
        start_study(empty, tiny())


def test_results_that_were_damaged_are_refused(labelled: Labelled, tiny: Tiny) -> None:
    project = labelled()
    start_study(project, tiny(stages=[{"depth": 0, "rates": [0.1], "epochs": 1}]))
    stage = next((project.studies / "tiny" / "results").glob("*/stage.json"))
    whole = stage.read_text()
    for damaged in (whole[:100], "{}", whole.replace('"choice"', '"chosen"')):
        stage.write_text(damaged)
        with pytest.raises(ProjectError, match="finished study"):
            study_outcome(project, "tiny")


def is_half_filled(path: Path) -> bool:
    """Whether a file of frozen features is shorter than its header says."""
    try:
        np.load(path, mmap_mode="r")
    except ValueError:
        return True
    return False


#: Waits where it is told to, so that a kill lands there.
SCRIPT = """
import sys, time
from pathlib import Path
import torch
from medgraft.study import read_study_file
from medgraft.workspace import Project
from medgraft.workspace.studies.running import start_study

torch.set_num_threads(1)
folder, study, stage, count = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
seen = 0

def report(progress):
    global seen
    seen += progress.stage == stage and 0 < progress.done < progress.total
    if seen > count:
        print("here", flush=True)
        time.sleep(600)

print("ready", flush=True)
start_study(Project.open(folder), read_study_file(study), checkpoint_seconds=0, report=report)
print("done", flush=True)
"""


@pytest.mark.slow
def test_killed_at_six_moments_ends_as_if_left_alone(labelled: Labelled, tiny: Tiny, tmp_path: Path) -> None:
    study = tiny(
        stages=[{"depth": 0, "rates": [0.1, 0.01], "epochs": 4}, {"depth": 1, "rates": [0.02, 0.002], "epochs": 4}]
    )
    file = tmp_path / "study.yaml"
    file.write_text(resolved_yaml(study))
    calm, troubled = labelled(), labelled()

    def start(project: Project, stage: str = "", count: int = 0) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", SCRIPT, project.root, file, stage, str(count)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    def kill(stage: str, count: int) -> None:
        process = start(troubled, stage, count)
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        process.kill()
        process.communicate()

    def on_disk() -> tuple[bool, int, int]:
        """Whether a cache is half filled, trainings saved between epochs, finished runs."""
        unfinished = list((troubled.runs / "unfinished").glob("*.safetensors"))
        return (
            any(is_half_filled(path) for path in troubled.cache.glob("*/*.npy")),
            len(unfinished),
            len(list(troubled.runs.glob("*/run.json"))),
        )

    undisturbed = start(calm)
    random = rng("six moments")
    kill("frozen features", int(random.integers(1, 3)))
    assert on_disk() == (True, 0, 0)
    kill("epochs", int(random.integers(0, 3)))  # of heads side by side, which begin again
    assert on_disk() == (False, 0, 0)
    kill("study", int(random.integers(3, 6)))
    finished = on_disk()[2]
    assert finished >= 4
    kill("epochs", int(random.integers(0, 3)))  # of one training, which goes on
    assert on_disk()[1:] == (1, finished)
    for _ in range(2):
        process = start(troubled)
        with suppress(subprocess.TimeoutExpired):  # a quick machine may be done by then
            process.communicate(timeout=float(random.uniform(0.05, 0.6)))
        process.kill()
        process.communicate()
        assert on_disk()[2] >= finished
        finished = on_disk()[2]
    for process in (start(troubled), undisturbed):
        assert process.communicate()[0] == "done\n"
    assert files(troubled.studies) == files(calm.studies)
    finished_runs = files(calm.runs)
    assert {place: content for place, content in files(troubled.runs).items() if "unfinished" not in place} == {
        place: content for place, content in finished_runs.items() if "unfinished" not in place
    }
