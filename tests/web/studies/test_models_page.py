"""The Models page: what packages say of themselves, whether they are intact, and whether new stacks fit."""

import shutil
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from medgraft.core.digest import file_digest
from medgraft.core.errors import NotFoundError
from medgraft.exchange.package import read_package
from medgraft.workspace import Project
from medgraft.workspace.kept.packages import check_package, package_card, package_cards
from medgraft.workspace.models.fit import stack_fit

from .conftest import MODEL, served

API = "/api/v1/models"


@pytest.fixture
def altered(studied: Project, tmp_path: Path) -> Project:
    """The studied project with room to do harm to its packages."""
    kept = shutil.ignore_patterns("runs", "cache")
    return Project.open(Path(shutil.copytree(studied.root, tmp_path / "heart", ignore=kept)))


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
