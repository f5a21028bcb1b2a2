"""A model leaves one project and arrives at another: what is packed, what is found out there, what is refused."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from medgraft.core.errors import InputError, WeightsError
from medgraft.core.lineage import Hop, Lineage
from medgraft.core.stack import FoundStack
from medgraft.core.task import LV_WALL
from medgraft.exchange import QUESTIONS, Seen, Training, blank_form, hash_subjects
from medgraft.exchange.package import ModelPackage, read_package, write_package
from medgraft.networks.segmenter import build_segmenter
from medgraft.phantoms import PhantomHeart, short_axis_heart
from medgraft.recipe import PercentileWindow, VolumeRecipe
from medgraft.workspace import Project
from medgraft.workspace.kept.find_model import find_model
from medgraft.workspace.kept.packages import check_package, package_cards
from medgraft.workspace.kept.results_folder import claimed
from medgraft.workspace.models.fit import stack_fit
from medgraft.workspace.models.inspection import Suitability, inspect_package
from medgraft.workspace.models.packing import add_package, pack_model, unpack_model, verify_package

Hearts = tuple[PhantomHeart, ...]


@pytest.fixture
def home(project: Project, hearts: Hearts) -> Project:
    """A project with a segmenter that was trained on the first two of its three hearts."""
    with project.cohort() as cohort:
        trained = tuple(entry.id for entry in cohort.entries() if entry.subject != hearts[2].subject)
    model = build_segmenter("unet2d", n_classes=3, key=1)
    package = ModelPackage(
        name="walls",
        task=LV_WALL,
        network="unet2d",
        recipe=VolumeRecipe(shape=(1, 16, 16), spacing=None, window=PercentileWindow()),
        lineage=Lineage(hops=(Hop(what="scratch", weights_digest="00"),)),
        figures={"Dice": 0.5},
        state=model.state_dict(),
        seen=Seen(trainings=(Training(name="walls", stacks=trained),)),
    )
    write_package(package, project.curves / "first" / "models" / "scratch-2")
    return project


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    form = blank_form()
    for question in QUESTIONS:
        form = form.replace(f"\n{question.key}:\n", f"\n{question.key}: {(*question.answers, 'Lyon')[0]}\n")
    (tmp_path / "rules.yaml").write_text(form)
    return tmp_path / "rules.yaml"


@pytest.fixture
def packed(home: Project, tmp_path: Path, rules: Path) -> Path:
    (tmp_path / "notes.md").write_text("For research. Ask the heart group.")
    pack_model(home, "first/scratch-2", tmp_path / "walls.medgraft", rules=rules, notes=tmp_path / "notes.md")
    return tmp_path / "walls.medgraft"


def elsewhere(root: Path, hearts: Hearts) -> Project:
    """Another project with some hearts."""
    project = Project.create(root)
    with project.cohort() as cohort:
        for heart in hearts:
            cohort.add(FoundStack(stack=heart.stack, subject=heart.subject, series_key="sax", series="sax"))
    return project


def suitability(packed: Path, project: Project) -> Suitability:
    found = inspect_package(packed, against=project).suitability
    assert found is not None
    return found


def test_what_is_packed_speaks_of_the_stacks_trained_on_and_no_others(
    home: Project, packed: Path, hearts: Hearts
) -> None:
    facts = inspect_package(packed).facts
    assert facts.fingerprint is not None
    assert facts.rules is not None
    assert (facts.fingerprint.stacks, facts.fingerprint.subjects) == (2, 2)
    names = [heart.subject for heart in hearts]
    assert facts.seen.among(names) == tuple(names[:2])
    assert facts.seen.unknown == ()
    with home.cohort() as cohort:
        widths = [entry.spacing[2] for entry in cohort.entries() if entry.subject != names[2] and entry.spacing]
    (pixel,) = (one for one in facts.fingerprint.ranges if one.name == "pixel")
    assert (pixel.low, pixel.high) == (min(widths), max(widths))


def test_a_file_that_nobody_would_take_for_a_model_is_not_written(home: Project, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"NAME\.medgraft to pack into, got walls\.zip"):
        pack_model(home, "first/scratch-2", tmp_path / "walls.zip")
    assert not list(tmp_path.glob("walls*"))


def test_no_subject_can_be_read_in_the_file(packed: Path, hearts: Hearts) -> None:
    assert not any(heart.subject.encode() in packed.read_bytes() for heart in hearts)


def test_the_card_says_who_to_ask_how_it_was_drawn_and_on_what(packed: Path) -> None:
    card = inspect_package(packed).card
    for words in (
        "Ask the heart group",
        "Papillary muscles belong to | pool |",
        "2 stacks of 2 subjects",
        "Dice | 0.5 |",
    ):
        assert words in card


def test_what_is_unpacked_is_what_was_packed(packed: Path, tmp_path: Path) -> None:
    unpacked = unpack_model(packed, tmp_path / "model")
    assert (unpacked.name, unpacked.network, unpacked.task) == ("walls", "unet2d", "lv-wall")
    original = read_package(packed)
    arrived = read_package(tmp_path / "model")
    assert arrived.weights_digest == original.weights_digest
    assert verify_package(tmp_path / "model").error <= 1e-5
    assert verify_package(packed).inputs == 2


def test_a_model_from_elsewhere_is_one_of_a_project_s_models(packed: Path, hearts: Hearts, tmp_path: Path) -> None:
    there = elsewhere(tmp_path / "there", hearts[2:])
    arrived = add_package(there, packed)
    assert Path(arrived.folder) == find_model("packages/walls", there.root) == there.packages / "walls"
    (card,) = package_cards(there)
    assert (card.kind, card.study, card.model, card.title) == ("elsewhere", "packages", "walls", "walls")
    assert card.rules
    assert check_package(there, "packages", "walls").intact
    assert stack_fit(there, "packages", "walls").trained == 2
    with pytest.raises(InputError, match="new or an empty folder"):
        add_package(there, packed)
    with pytest.raises(InputError, match="Available: packages/walls"):
        find_model("packages/wall", there.root)


@pytest.mark.parametrize("home", ["studies", "curves"])
def test_no_study_may_be_called_as_models_from_elsewhere_are(tmp_path: Path, home: str) -> None:
    with pytest.raises(InputError, match="another name than 'packages'"):
        claimed(tmp_path / home / "packages", tmp_path / "other" / "packages")


def test_shared_subjects_are_found_by_name_and_shared_stacks_by_content(
    packed: Path, hearts: Hearts, tmp_path: Path
) -> None:
    shared = suitability(packed, elsewhere(tmp_path / "shared", hearts[1:]))
    assert shared.shared_subjects == (hearts[1].subject,)
    assert len(shared.shared_stacks) == 1
    assert not shared.disjoint
    strangers = tuple(short_axis_heart(subject=number, site="b", size=32, n_phases=2) for number in (11, 12))
    apart = suitability(packed, elsewhere(tmp_path / "apart", strangers))
    assert (apart.checked, apart.shared_subjects, apart.shared_stacks) == (2, (), ())
    assert apart.disjoint


def test_images_unlike_those_trained_on_are_doubted(packed: Path, hearts: Hearts, tmp_path: Path) -> None:
    larger = short_axis_heart(subject=9, size=48, n_phases=3)
    fit = suitability(packed, elsewhere(tmp_path / "other", (larger,))).fit
    assert fit is not None
    assert (fit.trained, fit.others) == (2, 1)
    (doubt,) = fit.doubts
    assert {"columns 48 pixels", "phases 3"} <= set(doubt.reasons)
    assert {one.name for one in fit.ranges} >= {"pixel", "bright (99 %)"}


def test_rules_that_differ_are_shown(packed: Path, rules: Path) -> None:
    assert inspect_package(packed, rules=rules).rule_differences == ()
    rules.write_text(rules.read_text().replace("\ntrabeculae: pool\n", "\ntrabeculae: myocardium\n"))
    differences = inspect_package(packed, rules=rules).rule_differences
    assert differences is not None
    assert [(rule.key, rule.ours, rule.theirs) for rule in differences] == [("trabeculae", "myocardium", "pool")]


def test_a_model_goes_by_a_monai_bundle_and_comes_back(home: Project, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    pack_model(home, "first/scratch-2", tmp_path / "walls.medgraft", monai_bundle=bundle)
    unpacked = unpack_model(bundle, tmp_path / "model")
    assert unpacked.network == "unet2d"
    sent, back = read_package(tmp_path / "walls.medgraft"), read_package(tmp_path / "model")
    assert back.weights_digest == sent.weights_digest
    assert verify_package(tmp_path / "model").error <= 1e-5
    with pytest.raises(InputError, match="new or an empty folder"):
        unpack_model(bundle, tmp_path / "model")


def test_what_is_not_packed_cannot_be_compared_and_says_so(home: Project, rules: Path) -> None:
    bare = home.curves / "first" / "models" / "scratch-2"
    suits = suitability(bare, home)
    assert (suits.shared_subjects, suits.unknown_trainings, suits.fit) == ((), ("walls",), None)
    assert len(suits.shared_stacks) == 2
    asked = inspect_package(bare, rules=rules)
    assert (asked.rule_differences, "This package brings no annotation rules" in asked.card) == (None, True)
    with pytest.raises(WeightsError, match=r"with test vectors.* medgraft pack"):
        verify_package(bare)


def test_a_model_is_packed_where_its_training_images_are(home: Project, hearts: Hearts, tmp_path: Path) -> None:
    stranger = elsewhere(tmp_path / "stranger", hearts[:1])
    model = str(home.curves / "first" / "models" / "scratch-2")
    with pytest.raises(InputError, match=r"2 stacks .* found 1"):
        pack_model(stranger, model, tmp_path / "walls.medgraft")
    assert not (tmp_path / "walls.medgraft").exists()


def test_answers_that_differ_from_those_packed_are_refused(packed: Path, tmp_path: Path) -> None:
    package = read_package(packed)
    state = {name: value + 0.01 * torch.ones_like(value) for name, value in package.state.items()}
    write_package(replace(package, state=state), tmp_path / "changed")
    with pytest.raises(WeightsError, match=r"got others by up to .*allowed: 1e-05"):
        verify_package(tmp_path / "changed")


@pytest.mark.parametrize(("text", "reason"), [("x" * 30_000, "at most 20,000 letters"), (None, "cannot be read")])
def test_notes_that_cannot_be_packed_are_refused(home: Project, tmp_path: Path, text: str | None, reason: str) -> None:
    if text is not None:
        (tmp_path / "notes.md").write_text(text)
    with pytest.raises(InputError, match=reason):
        pack_model(home, "first/scratch-2", tmp_path / "walls.medgraft", notes=tmp_path / "notes.md")


def test_whom_earlier_trainings_saw_travels_on(home: Project, hearts: Hearts, tmp_path: Path) -> None:
    """Three sites, the first with hashes, the second without; then two trainings here, of which one was not packed."""
    elsewhere_ = Training(name="site 1", subjects=hash_subjects(["S1"], secret="site 1"))
    bundle = Training(name="bundle", stacks=("00ff",))
    with home.cohort() as cohort:
        earlier, *_ = (entry.id for entry in cohort.entries() if entry.subject == hearts[2].subject)
    folder = home.curves / "first" / "models" / "scratch-2"
    package = read_package(folder)
    before = (elsewhere_, bundle, Training(name="earlier", stacks=(earlier,)))
    write_package(replace(package, seen=Seen(trainings=(*before, *package.seen.trainings))), folder)
    pack_model(home, "first/scratch-2", tmp_path / "walls.medgraft", monai_bundle=tmp_path / "bundle")
    unpack_model(tmp_path / "walls.medgraft", tmp_path / "model")
    unpack_model(tmp_path / "bundle", tmp_path / "back")
    names = [heart.subject for heart in hearts]
    for model in ("walls.medgraft", "model", "back"):
        seen = read_package(tmp_path / model).seen
        assert seen.among([*names, "S1", "S2"]) == tuple(sorted([*names, "S1"]))
        assert seen.unknown == ("bundle",)
        assert seen.trainings[0] == elsewhere_
        salts = [training.subjects.salt for training in seen.trainings if training.subjects]
        assert len(set(salts)) == 3


@pytest.mark.slow
def test_a_package_is_inspected_and_sites_agree_without_torch(packed: Path, home: Project) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from medgraft.workspace import Project\n"
        "from medgraft.workspace.models.inspection import inspect_package\n"
        "from medgraft.workspace.sites.agreement import agree_sites\n"
        f"home = Path({str(home.root)!r})\n"
        f"inspect_package(Path({str(packed)!r}), against=Project.open(home))\n"
        "agree_sites(home, home)\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_study_packs_the_stacks_it_trained_on_without_those_of_the_test(studied: Project, tmp_path: Path) -> None:
    packed = pack_model(studied, "tiny", tmp_path / "tiny.medgraft")
    with studied.cohort() as cohort:
        test = {entry.subject for entry in cohort.entries() if entry.split == "test"}
    found = suitability(tmp_path / "tiny.medgraft", studied)
    assert packed.subjects == len(found.shared_subjects) > 0
    assert not test & set(found.shared_subjects)
    assert verify_package(tmp_path / "tiny.medgraft").error <= 1e-5
