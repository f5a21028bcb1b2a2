"""A learning curve knows whom the travelling model has seen, at whatever site."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from medgraft.cohort import Cohort
from medgraft.core.errors import InputError, StudyFileError
from medgraft.core.lineage import Lineage
from medgraft.core.progress import Progress
from medgraft.core.stack import FoundStack
from medgraft.core.task import LV_WALL
from medgraft.evaluation import MEAN_DICE
from medgraft.exchange import Seen, Training, hash_subjects
from medgraft.exchange.package import ModelPackage, read_package, write_package
from medgraft.networks.segmenter import build_segmenter
from medgraft.phantoms import short_axis_heart
from medgraft.study.curve import CurveFile, Verdict, parse_curve, read_curve_file
from medgraft.workspace import Project
from medgraft.workspace.curves import running as curves
from medgraft.workspace.curves.planning import plan_curve
from medgraft.workspace.curves.running import start_curve
from medgraft.workspace.kept.curve_folder import CURVE_FILE, read_findings
from medgraft.workspace.kept.find_model import find_model
from medgraft.workspace.models.packing import pack_model
from medgraft.workspace.stacks.correction import correct_subject

TINY = {"network": "unet2d", "spacing": None, "shape": [1, 32, 32], "epochs": 1, "updates": 1, "draws": 1, "sizes": [1]}
ARMS = {"scratch": {}, "fine-tuned": {"start": "package"}}


@pytest.fixture
def subjects(project: Project) -> Sequence[str]:
    """The project's subjects: to train on, to validate, to test."""
    with project.cohort() as cohort:
        names = cohort.subjects()
    for subject, split in zip(names, ("train", "validation", "test"), strict=True):
        correct_subject(project, subject, split=split)
    return names


def curve_from(root: Path, *trainings: Training, **changes: object) -> CurveFile:
    """A curve that fine-tunes a model of some trainings."""
    tiny = {**TINY, **changes}
    model = build_segmenter("unet2d", n_classes=3, key=1)
    package = ModelPackage(
        name="walls",
        task=LV_WALL,
        network="unet2d",
        recipe=parse_curve({**tiny, "name": "any", "arms": {"scratch": {}}}).recipe,
        lineage=Lineage(),
        figures={},
        state=model.state_dict(),
        seen=Seen(trainings=trainings),
    )
    return parse_curve({**tiny, "name": "tiny", "package": str(write_package(package, root / "walls")), "arms": ARMS})


def hashed(name: str, *subjects: str) -> Training:
    return Training(name=name, subjects=hash_subjects(subjects, secret=name))


@pytest.mark.parametrize("held_out", [1, 2])
@pytest.mark.parametrize("hop", [0, 1])
def test_nobody_is_held_out_whom_any_training_saw(
    project: Project, subjects: Sequence[str], tmp_path: Path, held_out: int, hop: int
) -> None:
    trainings = [hashed("site 1", "S1"), hashed("site 2", "S2")]
    trainings[hop] = hashed("site 3", "S3", subjects[held_out])
    with pytest.raises(InputError, match=f"nor chosen on, got {subjects[held_out]}"):
        start_curve(project, curve_from(tmp_path, *trainings))
    assert not list(project.runs.glob("*/*")), "refused before anything was trained"


def test_a_subject_is_known_by_any_of_its_stacks(project: Project, subjects: Sequence[str], tmp_path: Path) -> None:
    with project.cohort() as cohort:
        (stack,) = (entry.id for entry in cohort.entries() if entry.subject == subjects[2])
    with pytest.raises(InputError, match=f"nor chosen on, got {subjects[2]}"):
        start_curve(project, curve_from(tmp_path, Training(name="not packed", stacks=(stack,))))


def test_who_chose_for_the_travelling_model_tests_it_no_more(
    project: Project, subjects: Sequence[str], tmp_path: Path
) -> None:
    """The validation subject of the first curve is to be the test subject of a second."""
    first = parse_curve({**TINY, "name": "first", "arms": {"scratch": {}}, "thickness": False})
    start_curve(project, first)
    correct_subject(project, subjects[1], split="test")
    correct_subject(project, subjects[2], split="validation")
    again = parse_curve({**TINY, "name": "second", "package": str(find_model("first", project.root)), "arms": ARMS})
    with pytest.raises(InputError, match=f"nor chosen on, got {subjects[1]}"):
        start_curve(project, again)


def test_a_subject_is_known_by_a_stack_that_has_no_mask(
    project: Project, subjects: Sequence[str], tmp_path: Path
) -> None:
    bare = replace(short_axis_heart(subject=9, size=32, n_phases=2).stack, mask=None, mask_phases=())
    with project.cohort() as cohort:
        other = cohort.add(FoundStack(stack=bare, subject=subjects[2], series_key="other"))
    with pytest.raises(InputError, match=f"nor chosen on, got {subjects[2]}"):
        start_curve(project, curve_from(tmp_path, Training(name="not packed", stacks=(other.id,))))


@pytest.mark.slow
def test_subjects_seen_before_are_said_and_hashes_travel_on(
    project: Project, subjects: Sequence[str], tmp_path: Path
) -> None:
    told: list[Progress] = []
    home, bundle = hashed("site 1", "S1", subjects[0]), Training(name="bundle")
    found = start_curve(project, curve_from(tmp_path, home, bundle), report=told.append)
    assert (found.seen_before, found.unknown_trainings) == ((subjects[0],), ("bundle",))
    findings = read_findings(project.curves / "tiny")
    assert (findings["seen_before"], findings["unknown_trainings"]) == ([subjects[0]], ["bundle"])
    assert told[0] == Progress(stage="subjects compared", done=1, total=3)
    scratch, tuned = (read_package(project.curves / "tiny" / "models" / f"{arm}-1").seen for arm in ARMS)
    assert (len(scratch.trainings), tuned.trainings[:2]) == (1, (home, bundle))
    assert tuned.own == scratch.own
    with project.cohort() as cohort:
        chose = tuple(entry.id for entry in cohort.entries() if entry.subject == subjects[1])
    assert {seen.trainings[-1].chosen_on for seen in (scratch, tuned)} == {chose}
    for arm in ARMS:
        kept = read_package(project.curves / "tiny" / "models" / f"{arm}-1")
        assert kept.lineage.hops[-1].weights_digest == kept.weights_digest
        (row,) = (row for row in found.findings.rows if (row.arm, row.figure) == (arm, MEAN_DICE))
        assert kept.figures["test Dice"] == pytest.approx(row.value.value), "there is but one draw"
        assert kept.figures["test subjects"] == 1
    pack_model(project, "tiny/fine-tuned-1", tmp_path / "tuned.medgraft")
    packed = read_package(tmp_path / "tuned.medgraft").seen
    assert packed.among([*subjects, "S1"]) == tuple(sorted([subjects[0], subjects[1], "S1"])), "who chose is seen too"
    assert packed.unknown == ("bundle",)


@pytest.mark.slow
def test_what_speaks_against_a_curve_is_told_before_it_is_run(
    project: Project, subjects: Sequence[str], tmp_path: Path
) -> None:
    home, bundle = hashed("site 1", "S1", subjects[0]), Training(name="bundle")
    there = {path: path.stat().st_mtime_ns for path in project.root.rglob("*") if path.is_file()}
    plan = plan_curve(project, curve_from(tmp_path, home, bundle))
    assert {path: path.stat().st_mtime_ns for path in project.root.rglob("*") if path.is_file()} == there
    assert (plan.seen_before, plan.unknown_trainings) == ((subjects[0],), ("bundle",))
    assert any("which flatters it" in caution for caution in plan.cautions)
    wanted = dict.fromkeys(("train", "validation", "test"), 1) | {"home": 0, "others": 0}
    assert {role: len(names) for role, names in plan.estimate.subjects.items()} == wanted
    with pytest.raises(InputError, match="nor chosen on, got"):
        plan_curve(project, curve_from(tmp_path, hashed("site 2", subjects[2])))


@pytest.mark.slow
@pytest.mark.usefixtures("subjects")
def test_the_model_that_the_verdict_names_is_kept(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever these few updates gave, the smaller of two sizes is advised."""
    advised = Verdict(advice="train anew", arm="scratch", size=1, text="")
    monkeypatch.setattr(curves, "verdict", lambda _: advised)
    fourth = short_axis_heart(subject=4, size=32, n_phases=2)
    with project.cohort() as cohort:
        cohort.add(FoundStack(stack=fourth.stack, subject=fourth.subject, series_key="sax", series="sax"))
    start_curve(project, parse_curve({**TINY, "name": "tiny", "arms": {"scratch": {}}, "sizes": [1, 2]}))
    models = project.curves / "tiny" / "models"
    assert {path.name for path in models.iterdir()} == {"scratch-1", "scratch-2"}
    kept = find_model("tiny", project.root)
    assert kept == models / "scratch-1"
    assert len(read_package(kept).seen.own) == 1
    assert pack_model(project, "tiny", tmp_path / "advised.medgraft").subjects == 1


@pytest.mark.parametrize(("centred", "refused"), [(True, True), (False, False)])
@pytest.mark.usefixtures("subjects")
def test_what_is_seen_of_the_middle_must_be_what_the_travelling_model_sees(
    project: Project, tmp_path: Path, centred: bool, refused: bool
) -> None:
    """A patch may be of another size, since it slides over the whole image afterwards."""
    asked = curve_from(tmp_path, centred=centred).model_copy(update={"shape": (1, 16, 16)})
    if refused:
        with pytest.raises(StudyFileError, match=r"shape \[1, 32, 32\] there, \[1, 16, 16\] here"):
            start_curve(project, asked)
    else:
        assert start_curve(project, asked).name == "tiny"


@pytest.mark.parametrize(
    ("window", "modality", "of"),
    [({}, "MR", "percentile"), ({"window": {"low": -100}}, "MR", "hu"), ({}, "CT", "hu"), ({}, "", "hu")],
)
@pytest.mark.usefixtures("subjects")
def test_a_window_that_is_not_given_follows_from_the_images(
    project: Project, monkeypatch: pytest.MonkeyPatch, window: dict[str, object], modality: str, of: str
) -> None:
    """What was asked is kept with the window, and whoever names one has it."""
    with project.cohort() as cohort:
        known = cohort.entries()
    monkeypatch.setattr(Cohort, "entries", lambda _: tuple(replace(entry, modality=modality) for entry in known))
    asked = parse_curve({**TINY, "name": "tiny", "arms": {"scratch": {}}, "thickness": False, **window})
    found = start_curve(project, asked)
    assert read_curve_file(project.curves / "tiny" / CURVE_FILE).window.of == of
    assert any("are read as HU" in caution for caution in found.cautions) == (modality == "MR" and of == "hu")


@pytest.mark.usefixtures("subjects")
def test_a_curve_takes_no_name_of_a_study(project: Project) -> None:
    (project.studies / "tiny").mkdir(parents=True)
    with pytest.raises(InputError, match="Expected a name that no study has, got 'tiny'"):
        start_curve(project, parse_curve({**TINY, "name": "tiny", "arms": {"scratch": {}}}))
    assert not (project.curves / "tiny").exists()
