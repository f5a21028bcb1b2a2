"""The Models page: what packages say of themselves, whether they are intact, and whether new stacks fit."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from markupsafe import escape
from starlette.testclient import TestClient

from medgraft.core.digest import file_digest
from medgraft.core.errors import NotFoundError, ProjectError
from medgraft.core.lineage import Lineage
from medgraft.core.task import LV_WALL
from medgraft.exchange import QUESTIONS, AnnotationRules, Seen, fingerprint
from medgraft.exchange.package import ModelPackage, read_package, write_package
from medgraft.networks.segmenter import build_segmenter
from medgraft.recipe import PercentileWindow, VolumeRecipe
from medgraft.workspace import Project
from medgraft.workspace.kept.packages import LOWER, SUBJECTS, UPPER, check_package, package_card, package_cards
from medgraft.workspace.kept.study_results import Figure, study_results
from medgraft.workspace.models.fit import stack_fit

from .conftest import MODEL, copied, served

API = "/api/v1/models"


@pytest.fixture
def altered(studied: Project, tmp_path: Path) -> Project:
    """The studied project with room to do harm to its packages."""
    return copied(studied, tmp_path / "heart", "runs", "cache")


def test_a_card_says_what_the_package_says(studied: Project) -> None:
    for card in package_cards(studied):
        package = read_package(studied.studies / card.study / "models" / card.model)
        assert card.error == ""
        assert (card.network, card.size, card.contract) == (package.network, package.size, package.contract)
        assert card.lineage == package.lineage.hops
        assert card.classes == package.task.classes
        assert [step.name for step in card.recipe if step.part == "before"] == [
            item["step"] for item in package.recipe.as_dict()["before"]
        ]


def test_the_page_shows_lineage_figures_and_digests(client: TestClient, studied: Project) -> None:
    card = package_card(studied, "tiny", MODEL)
    page = client.get("/models").text
    assert card.digest[:12] in page
    assert card.weights_digest[:12] in page
    assert all(hop.what in page for hop in card.lineage)
    assert page.count("lowest validation loss</span>") == 1
    assert "95 % intervals" in page
    assert client.get(API).json()[0]["study"] == "tiny"


def test_models_of_learning_curves_are_shown_and_checked(altered: Project) -> None:
    """A package says of itself what it says, whatever it is in."""
    shutil.copytree(altered.studies / "tiny" / "models" / MODEL, altered.curves / "sites" / "models" / "scratch-2")
    card = package_card(altered, "sites", "scratch-2")
    assert (card.kind, card.study, card.model) == ("curve", "sites", "scratch-2")
    assert card.weights_digest == package_card(altered, "tiny", MODEL).weights_digest
    assert [one.kind for one in package_cards(altered)] == ["curve", "study", "study"]
    assert check_package(altered, "sites", "scratch-2").intact
    client = served(altered).client("ana")
    page = client.get("/models").text
    assert "3 packages" in page
    assert page.count('<a class="from" href="/sites">curve sites</a>') == 1
    assert client.post(f"{API}/sites/scratch-2/check").json()["intact"] is True


def test_a_model_from_elsewhere_is_shown_with_its_origin(altered: Project) -> None:
    shutil.copytree(altered.studies / "tiny" / "models" / MODEL, altered.packages / "hearts")
    client = served(altered).client("ana")
    page = client.get("/models").text
    assert "3 packages" in page
    assert page.count('<span class="from dim">from elsewhere</span>') == 1
    assert client.post(f"{API}/packages/hearts/check").json()["intact"] is True
    (altered.packages / "hearts" / "package.json").write_text("{")
    assert "Do: unpack it again" in client.get("/models").text


@pytest.fixture
def curve_package(altered: Project) -> ModelPackage:
    """A model of a learning curve with all that a package can say of itself."""
    own = read_package(altered.studies / "tiny" / "models" / MODEL)
    answers = {question.key: question.answers[0] if question.answers else "<b>by hand" for question in QUESTIONS}
    with altered.cohort() as cohort:
        seen = fingerprint([entry for entry in cohort.entries() if entry.id in own.seen.own], cohort.pixels)
    package = replace(
        own,
        name="sites: scratch, 2 subjects",
        figures={"validation Dice": 0.8, "test Dice": 0.71, f"test Dice{LOWER}": 0.62, f"test Dice{UPPER}": 0.79,
                 SUBJECTS: 8},
        rules=AnnotationRules(answers=answers, more={"apex": "last slice with a cavity"}),
        fingerprint=seen,
    )  # fmt: skip
    write_package(package, altered.curves / "sites" / "models" / "scratch-2")
    return package


def test_a_card_has_the_figures_rules_and_images_that_its_package_says(
    altered: Project, curve_package: ModelPackage
) -> None:
    card = package_card(altered, "sites", "scratch-2")
    test, validation = Figure(value=0.71, low=0.62, high=0.79), Figure(value=0.8, low=None, high=None)
    assert (card.figures, card.subjects) == ({"validation Dice": validation, "test Dice": test}, 8)
    assert list(card.rules) == [*(question.text for question in QUESTIONS), "apex"]
    assert card.fingerprint == curve_package.fingerprint
    client = served(altered).client("ana")
    text = client.get("/models").text
    page = text[text.index('data-study="sites"') :]
    assert '0.71 <span class="dim">(0.62 to 0.79)</span>' in page
    assert "as the package says, 8 patients" in page
    assert page.count('<span class="dim">test Dice</span>') == 1, "the figure that stands for all"
    assert "Papillary muscles belong to</dt><dd>pool" in page
    assert "apex</dt><dd>last slice with a cavity" in page
    assert "&lt;b&gt;by hand" in page
    assert "4 stacks of 4 patients" in page
    assert "<td>pixel, mm</td>" in page
    assert "Do other stacks fit?" in page
    answer = client.get(f"{API}/sites/scratch-2").json()
    assert (answer["figures"]["test Dice"]["low"], answer["fingerprint"]["stacks"]) == (0.62, 4)


def test_a_model_of_volumes_says_what_it_reads(altered: Project) -> None:
    package = ModelPackage(
        name="walls",
        task=LV_WALL,
        network="unet2d",
        recipe=VolumeRecipe(spacing=None, shape=(1, 32, 32), window=PercentileWindow()),
        state=build_segmenter("unet2d", n_classes=3, key=1).state_dict(),
        lineage=Lineage(),
        figures={},
        seen=Seen(),
    )
    write_package(package, altered.curves / "sites" / "models" / "scratch-2")
    text = served(altered).client("ana").get("/models").text
    (page,) = (card for card in text.split('<details class="card model"') if 'data-study="sites"' in card)
    assert "shape 1 × 32 × 32, spacing as in the image, centred False, phases 8, window percentile" in page
    assert "scaling" not in page


def test_what_a_package_does_not_say_is_said_so(client: TestClient, studied: Project) -> None:
    """A study's package brings neither; what a task refers to is no rule of annotation."""
    page = client.get("/models").text
    assert page.count("<h3>Rules of annotation</h3>\n<p") == len(package_cards(studied))
    assert "<dt>rules</dt>" not in page
    assert f"<dt>reference</dt><dd>{package_card(studied, 'tiny', MODEL).reference}" in page
    assert "medgraft inspect NAME.medgraft" in page, "packages that lie elsewhere"


def test_figures_of_the_package_stand_in_for_results_that_are_lost(altered: Project) -> None:
    shutil.rmtree(altered.studies / "tiny" / "results")
    with pytest.raises(ProjectError) as lost:
        study_results(altered, "tiny")
    page = served(altered).client("ana").get("/models").text
    assert "as the package says" in page
    assert escape(str(lost.value)) in page


def test_altered_weights_are_found(client: TestClient, altered: Project) -> None:
    assert client.post(f"{API}/tiny/{MODEL}/check").json()["intact"] is True
    weights = altered.studies / "tiny" / "models" / MODEL / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x7f")
    found = check_package(altered, "tiny", MODEL)
    assert not found.intact
    assert found.found == file_digest(weights)
    weights.unlink()
    assert not check_package(altered, "tiny", MODEL).intact
    assert "missing" in package_card(altered, "tiny", MODEL).error


def test_altered_facts_are_said_so(altered: Project) -> None:
    facts = altered.studies / "tiny" / "models" / MODEL / "package.json"
    facts.write_text(facts.read_text().replace('"size": 32', '"size": 64'))
    assert "not those that were packed" in package_card(altered, "tiny", MODEL).error
    facts.write_text("{}")
    assert "format" in package_card(altered, "tiny", MODEL).error
    facts.write_text("{")
    assert "damaged" in package_card(altered, "tiny", MODEL).error


def test_a_model_that_is_not_there_is_said_so(client: TestClient, studied: Project) -> None:
    for wrong in ("tiny/nowhere", f"nowhere/{MODEL}", f"nowhere/{MODEL}/fit"):
        assert client.get(f"{API}/{wrong}").status_code == 404
    assert client.post(f"{API}/tiny/nowhere/check").status_code == 404
    with pytest.raises(NotFoundError, match="model package"):
        package_card(studied, "tiny", "nowhere")


def test_stacks_are_compared_with_those_trained_on(client: TestClient, studied: Project) -> None:
    fit = stack_fit(studied, "tiny", MODEL)
    assert (fit.trained, fit.others) == (4, 2)
    pixel = next(one for one in fit.ranges if one.name == "pixel")
    with studied.cohort() as cohort:
        spacings = [entry.spacing[2] for entry in cohort.entries() if entry.split == "train" and entry.spacing]
    assert (pixel.low, pixel.high) == (min(spacings), max(spacings))
    doubted = {doubt.stack for doubt in fit.doubts if any("pixel" in reason for reason in doubt.reasons)}
    assert len(doubted) == pixel.outside
    north = client.get(f"{API}/tiny/{MODEL}/fit?site=north").json()
    assert north["others"] == 1
