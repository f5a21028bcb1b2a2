"""Every JSON document of the program has exactly the keys that docs/reference/json.md promises."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer

from medgraft.cli.main import app
from medgraft.core.lineage import Lineage
from medgraft.core.task import LV_WALL
from medgraft.exchange import QUESTIONS, Seen, blank_form
from medgraft.exchange.package import ModelPackage, write_package
from medgraft.networks.segmenter import build_segmenter
from medgraft.recipe import PercentileWindow, VolumeRecipe
from medgraft.study import parse_study
from medgraft.workspace import Project
from medgraft.workspace.demos import one_clinic as demonstration

Run = Callable[..., Any]
Write = Callable[..., Path]

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "json.md"


def json_commands(group: Any, words: tuple[str, ...] = ()) -> Iterator[str]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from json_commands(command, (*words, name))
        elif any("--json" in parameter.opts for parameter in command.params):
            yield " ".join((*words, name))


JSON_COMMANDS = set(json_commands(typer.main.get_command(app)))


def key_paths(value: object, prefix: str = "") -> set[str]:
    """The keys of a JSON document, for example {"stacks", "stacks[].id"}."""
    match value:
        case dict():
            inner = {f"{prefix}.{key}".lstrip("."): item for key, item in value.items()}
            return set(inner).union(*(key_paths(item, path) for path, item in inner.items()))
        case list():
            return set().union(*(key_paths(item, f"{prefix}[]") for item in value))
        case _:
            return set()


def documented_keys(name: str) -> tuple[set[str], set[str]]:
    """The key paths of a command's JSON, and those under which keys are data (written `path.*`)."""
    section = re.search(rf"^## `medgraft {name}`\n(.*?)(?=^## |\Z)", REFERENCE.read_text(), re.M | re.S)
    assert section, f"no section for {name}"
    rows = re.findall(r"^\| `([^`]+)` \|", section[1], re.M)
    return {row for row in rows if not row.endswith(".*")}, {row[:-2] for row in rows if row.endswith(".*")}


def is_documented(path: str, fixed: set[str], free: set[str]) -> bool:
    return path in fixed or any(path.startswith(f"{root}.") for root in free)


def check_keys(name: str, document: dict[str, Any]) -> None:
    """A document has the documented keys: all at the top, and no others anywhere."""
    fixed, free = documented_keys(name)
    found = key_paths(document)
    assert not {path for path in found if not is_documented(path, fixed, free)}, f"undocumented keys of {name}"
    top = {path for path in fixed if "." not in path and "[" not in path}
    assert top == set(document), f"keys of {name}"


def test_json_documents_have_the_documented_keys(medgraft: Run, tmp_path: Path, write_rtstruct: Write) -> None:
    """What every command says about a project of phantoms, each building on those before it."""
    (tmp_path / "contours").mkdir()
    (tmp_path / "contours" / "IM-0001-0001-icontour-auto.txt").write_text("4 4\n12 4\n12 12\n4 12\n")
    fill_in_rules(tmp_path)
    make_segmenter(tmp_path / "walls")
    documents: dict[str, Any] = {}
    session = chain(json_session(documents, tmp_path), structure_session(tmp_path, write_rtstruct))
    said = list(run_session(session, documents, medgraft, tmp_path))
    assert set(said) | set(STUDY_SESSION) == JSON_COMMANDS | {"study run --dry-run", "study curve --dry-run"}
    for name in said:
        check_keys(name, documents[name])


@pytest.mark.slow
def test_json_documents_of_studies_have_the_documented_keys(
    medgraft: Run, tmp_path: Path, scans: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tiny.yaml").write_text(STUDY)
    fill_in_rules(tmp_path)
    (tmp_path / "curve.yaml").write_text(CURVE)
    make_demonstration_small(monkeypatch)
    for words in (["import", scans], ["label", "from-masks"]):
        assert medgraft(*words, "-P", "heart", cwd=tmp_path).code == 0
    make_project_of_walls(medgraft, tmp_path)
    documents: dict[str, Any] = {}
    for name in run_session(STUDY_SESSION.items(), documents, medgraft, tmp_path):
        check_keys(name, documents[name])


def fill_in_rules(folder: Path) -> None:
    """The annotation rules of two sites that differ in the last."""
    for name, answer in {"rules": 0, "theirs": 1}.items():
        form = blank_form()
        for question in QUESTIONS:
            words = question.answers[answer if question == QUESTIONS[-1] else 0] if question.answers else "Lyon"
            form = form.replace(f"\n{question.key}:\n", f"\n{question.key}: {words}\n")
        (folder / f"{name}.yaml").write_text(form)


def make_project_of_walls(medgraft: Run, folder: Path) -> None:
    """Three subjects with masks, one to train on, one to validate, one to test."""
    words = ["phantoms", "three", "--subjects", 3, "--size", 32, "--phases", 2]
    assert medgraft(*words, cwd=folder).code == 0
    assert medgraft("import", "three", "-P", "walls", cwd=folder).code == 0
    listed = json.loads(medgraft("cohort", "-P", "walls", "--json", cwd=folder).out)
    subjects = sorted({stack["subject"] for stack in listed["stacks"]})
    for subject, split in zip(subjects, ("train", "validation", "test"), strict=True):
        assert medgraft("correct", "--subject", subject, "--split", split, "-P", "walls", cwd=folder).code == 0


def make_segmenter(folder: Path) -> None:
    """A model of the wall that has learned nothing."""
    recipe = VolumeRecipe(shape=(1, 32, 32), spacing=None, window=PercentileWindow())
    state = build_segmenter("unet2d", n_classes=3).state_dict()
    package = ModelPackage(
        name="walls",
        task=LV_WALL,
        network="unet2d",
        recipe=recipe,
        lineage=Lineage(),
        figures={},
        state=state,
        seen=Seen(),
    )
    write_package(package, folder)


def make_demonstration_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demonstration's own steps on fewer and smaller images."""
    for name, value in {"_HOSPITAL": 3, "_CLINIC": 3, "_CLINIC_TEST": 1, "_SIZE": 32}.items():
        monkeypatch.setattr(demonstration, name, value)
    network = {"network": "mobilenetv1_025", "weights": "random", "size": 32, "name": "hospital"}
    stages = [{"depth": "all", "rates": [0.01], "epochs": 1}]
    hospital = {"name": "hospital", "networks": [network], "stages": stages, "folds": 2, "draws": 1}
    monkeypatch.setattr(demonstration, "_SOURCE_STUDY", parse_study(hospital))


def run_session(
    session: Iterable[tuple[str, list[str]]], documents: dict[str, Any], medgraft: Run, folder: Path
) -> Iterator[str]:
    """Run commands with --json one after the other; what they say is put among the documents."""
    for name, arguments in session:
        done = medgraft(*name.split(), *arguments, "--json", cwd=folder)
        assert done.code == 0, f"{name}: {done.err}"
        documents[name] = json.loads(done.out)
        yield name


STUDY = """
name: tiny
networks: [{network: mobilenetv1_025, weights: random, size: 32}]
stages: [{depth: 0, rates: [0.01], epochs: 1}]
folds: 2
draws: 1
"""
IN_HEART = ["--project", "heart"]
STUDY_SESSION = {
    "study run --dry-run": ["tiny.yaml", *IN_HEART],
    "study run": ["tiny.yaml", *IN_HEART],
    "study list": IN_HEART,
    "study show": ["tiny", *IN_HEART],
    "report": ["tiny", *IN_HEART],
    "predict": ["tiny", "scans", "--out", "sheets", *IN_HEART],
    "explain": ["tiny", *IN_HEART],
    "cache": IN_HEART,
    "pack": ["tiny", "tiny.medgraft", "--rules", "rules.yaml", *IN_HEART],
    "inspect": ["tiny.medgraft", "--verify", "--against", "heart", "--rules", "theirs.yaml"],
    "unpack": ["tiny.medgraft", *IN_HEART],
    "study curve --dry-run": ["curve.yaml", "--project", "walls"],
    "study curve": ["curve.yaml", "--project", "walls"],
    "study remove": ["tiny", "--yes", *IN_HEART],
    "demo": ["--project", "demo"],
}
CURVE = """
name: tiny
network: unet2d
spacing: null
shape: [1, 32, 32]
window: {low: 1, high: 99, of: percentile}
arms: {scratch: {rates: [0.001]}}
sizes: [1]
draws: 1
epochs: 1
updates: 1
"""


def json_session(documents: dict[str, Any], folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Commands with their arguments; each may use what those before it said."""
    here = ["--project", "heart"]
    yield "phantoms", ["scans", "--subjects", "2", "--size", "32", "--phases", "2"]
    yield "import", ["scans", *here]
    yield "cohort", here
    yield "notes", here
    stack = documents["cohort"]["stacks"][0]["id"]
    yield "correct", ["--stack", stack, "--base", "first", *here]
    yield "masks repair", ["--dry-run", *here]
    yield "masks export", ["--out", "drawn", "--images", *here]
    yield "masks import", ["drawn", *here]
    yield "label from-masks", here
    yield "label status", here
    yield "measure", ["--slices", "labels", "--model", "walls", *here]
    yield "predict", ["walls", "scans", "--out", "seen", "--images"]
    yield "label export", ["labels.csv", *here]
    yield "label import", ["labels.csv", *here]
    yield from reading_session(folder)
    yield "sites rules", ["rules.yaml", "theirs.yaml"]
    yield "sites agree", ["heart", "twice", "--rules-a", "rules.yaml", "--rules-b", "theirs.yaml"]
    yield "networks", []
    # Contours speak about instance numbers, which DICOM has.
    yield "phantoms", ["cine", "--subjects", "1", "--size", "32", "--phases", "2", "--layout", "dicom"]
    yield "import", ["cine/dicom", "--project", "beating"]
    yield "label from-contours", ["contours", "--project", "beating"]
    # Last: a later import would leave out what is removed here.
    subject = documents["cohort"]["stacks"][0]["subject"]
    yield "remove", ["--subject", subject, "--project", "twice", "--for-good"]


def structure_session(folder: Path, write_rtstruct: Write) -> Iterator[tuple[str, list[str]]]:
    """A square on the first slice of a cine, and one of a region that nobody knows."""
    here = ["--project", "traced"]
    yield "import", ["cine/dicom", *here]
    with Project.open(folder / "traced").cohort() as cohort:
        (entry,) = cohort.entries()
    corners = np.array([[4, 4, 0, 1], [12, 4, 0, 1], [12, 12, 0, 1], [4, 12, 0, 1]])
    square = (corners @ np.reshape(entry.affines[0], (4, 4)).T)[:, :3]
    write_rtstruct(folder / "rs.dcm", entry.subject, {"LV": [(square, "")], "cord": [(square, "")]})
    yield "masks from-rtstruct", ["rs.dcm", "--roi", "LV=pool", "--phase", "0", *here]
    yield "masks undo", here


def reading_session(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Two readers label the same stacks in sheets, made from that of the masks."""
    here = ["--project", "twice"]
    yield "import", ["scans", *here]
    for reader, changes in {"ana": {}, "bo": {",OBS,": ",IN,"}}.items():
        yield "readers add", [reader, *here]
        text = (folder / "labels.csv").read_text()
        for old, new in {"mask:pool": reader, **changes}.items():
            text = text.replace(old, new)
        (folder / f"{reader}.csv").write_text(text)
    yield "reading open", ["first", "--reader", "ana", "--reader", "bo", *here]
    for reader in ("ana", "bo"):
        yield "label import", [f"{reader}.csv", *here]
        yield "reading done", ["first", "--reader", reader, *here]
    yield "reading status", here
    yield "reading agreement", ["first", *here]
    yield "reading close", ["first", *here]
    yield "readers renew", ["ana", *here]
    yield "readers remove", ["bo", *here]
    yield "readers list", here
