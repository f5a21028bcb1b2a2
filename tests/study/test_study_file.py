"""The study file: documented, strict, and the paper's where it says nothing."""

from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from medgraft.core.errors import InputError, StudyFileError
from medgraft.study import (
    NetworkEntry,
    StageEntry,
    StudyFile,
    model_plans,
    parse_study,
    read_study_file,
    resolved_yaml,
)
from medgraft.study.study_file import CacheEntry, HeldOut

PARTS = (StudyFile, NetworkEntry, StageEntry, CacheEntry, HeldOut)
LEAST = {"networks": ["vgg16"]}


def written(folder: Path, text: str) -> Path:
    file = folder / "study.yaml"
    file.write_text(text)
    return file


@pytest.mark.parametrize("part", PARTS)
def test_every_key_is_documented(part: type[BaseModel]) -> None:
    undocumented = [name for name, field in part.model_fields.items() if not field.description]
    assert undocumented == []


def test_what_is_not_said_is_the_papers() -> None:
    study = parse_study(LEAST)
    head, block = study.stages
    assert (head.depth, head.rates, head.epochs) == (0, (1e-2, 1e-3, 1e-4), 50)
    assert (block.depth, block.rates, block.epochs) == (1, (1e-3, 1e-4, 1e-5), 50)
    (scratch,) = study.scratch_stages
    assert (scratch.depth, scratch.rates, scratch.epochs) == ("all", (1e-2, 1e-3, 1e-4), 50)
    assert (study.folds, study.batch_size, study.rotation, study.crop) == (5, 32, 45, 0.6)
    assert (study.balance, study.task, study.weights) == (None, "sax-range", "imagenet")
    assert study.staging == "per-fold"


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"epoch": 3}, ["epoch"]),
        ({"folds": 1, "crop": 1.5}, ["folds", "crop"]),
        (
            {"stages": [{"depth": -1, "rates": [], "epochs": 0}]},
            ["stages.0.depth", "stages.0.rates", "stages.0.epochs"],
        ),
        ({"cache": {"dtype": "int8"}}, ["cache.dtype"]),
        ({"networks": []}, ["networks"]),
        ({"networks": [{"network": "vgg16", "name": "../vgg"}]}, ["name"]),
        ({"seeds": [7, 7]}, ["seeds must differ"]),
        ({"networks": [{"network": "vgg16", "sise": 64}]}, ["sise: no such key; did you mean size?"]),
        ({"fold": 3, "nonsense": 1}, ["fold: no such key; did you mean folds?", "nonsense: no such key\n"]),
        ({"name": "../elsewhere"}, ["name"]),
        ({"staging": "leaky"}, ["staging"]),
        ({"test": "test"}, ["test"]),
        ({"folds": "five", "seeds": []}, ["folds", "seeds"]),
        ({"cache": {"limit_gb": float("inf")}}, ["cache.limit_gb"]),
    ],
)
def test_every_wrong_key_is_named(wrong: dict[str, object], named: list[str]) -> None:
    with pytest.raises(StudyFileError) as caught:
        parse_study({**LEAST, **wrong}, where="hearts.yaml")
    complaints = str(caught.value).rpartition("Keys:")[0]
    assert complaints.startswith("hearts.yaml")
    assert [name for name in named if name not in complaints] == []
    assert "networks" in str(caught.value).rpartition("\nKeys:")[2]


def test_a_list_is_too_short_only_if_nothing_else_is_wrong_with_it() -> None:
    with pytest.raises(StudyFileError) as caught:
        parse_study({**LEAST, "stages": [{"depth": 0, "rates": [-1], "epochs": 1}], "scratch_stages": []})
    complaints = str(caught.value).rpartition("\nKeys:")[0].splitlines()[1:]
    assert [line.split(":")[0].strip() for line in complaints] == ["stages.0.rates.0", "scratch_stages"]


def test_networks_must_be_named() -> None:
    with pytest.raises(StudyFileError, match="networks"):
        parse_study({"folds": 3})


@pytest.mark.parametrize(
    ("override", "where", "value"),
    [
        ("folds=3", ("folds",), 3),
        ("cache.dtype=float16", ("cache", "dtype"), "float16"),
        ("test.split=held out", ("test", "split"), "held out"),
        ("seeds=[1, 2]", ("seeds",), (1, 2)),
        ("balance.IN=2", ("balance", "IN"), 2),
        ("stages=[{depth: 0, rates: [0.5], epochs: 2}]", ("stages",), (StageEntry(depth=0, rates=(0.5,), epochs=2),)),
        ("test=null", ("test",), None),
        ("networks=[densenet121]", ("networks",), ("densenet121",)),
    ],
)
def test_overrides_change_one_place(tmp_path: Path, override: str, where: tuple[str, ...], value: object) -> None:
    file = written(tmp_path, "networks: [vgg16]\n")
    study = read_study_file(file, [override])
    found: object = study
    for key in where:
        found = found[key] if isinstance(found, dict) else getattr(found, key)
    assert found == value
    untouched = set(StudyFile.model_fields) - {where[0]}
    plain = read_study_file(file)
    assert all(getattr(study, key) == getattr(plain, key) for key in untouched)


def test_later_overrides_win(tmp_path: Path) -> None:
    assert read_study_file(written(tmp_path, "networks: [vgg16]"), ["folds=3", "folds=4"]).folds == 4


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("folds", "key=value"),
        ("folds.of=3", "folds"),
        ("name.first=3", "keys of its own"),
        ("folds=[", "YAML value"),
        ("name=2026-02-30", "YAML value"),
        ("unknown=1", "unknown"),
    ],
)
def test_overrides_that_fit_nothing_teach(tmp_path: Path, override: str, says: str) -> None:
    file = written(tmp_path, "networks: [vgg16]\nname: hearts\n")
    with pytest.raises(StudyFileError, match=says):
        read_study_file(file, [override])


@pytest.mark.parametrize("text", ["networks: [", "- vgg16", "", "\x00", "name: 2026-02-30"])
def test_files_that_are_no_study_teach(tmp_path: Path, text: str) -> None:
    with pytest.raises(StudyFileError, match=r"study\.yaml"):
        read_study_file(written(tmp_path, text))
    with pytest.raises(StudyFileError, match="nowhere"):
        read_study_file(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize(
    "study",
    [
        LEAST,
        {"networks": ["cbr_tiny", {"network": "vgg16", "size": 64, "name": "small"}], "test": {"split": "test"}},
        {"networks": ["vgg16"], "seeds": [1, 2], "stages": [{"depth": "all", "rates": [1e-5], "epochs": 1}]},
        {"networks": ["vgg16"], "balance": "balanced"},
        {"networks": ["vgg16"], "balance": {}, "cache": {"dtype": "float16"}, "reader": "Å"},
    ],
)
def test_the_resolved_file_says_the_same(tmp_path: Path, study: dict[str, object]) -> None:
    first = parse_study(study)
    text = resolved_yaml(first)
    assert read_study_file(written(tmp_path, text)) == first
    assert resolved_yaml(parse_study(yaml.safe_load(text))) == text
    assert set(yaml.safe_load(text)) == set(StudyFile.model_fields)


def test_networks_from_scratch_go_their_own_way() -> None:
    study = parse_study({"networks": ["vgg16", "cbr_tiny", {"network": "vgg16", "weights": "random"}]})
    pretrained, scratch, random = model_plans(study)
    assert (pretrained.weights, pretrained.stages, pretrained.size) == ("imagenet", study.stages, None)
    assert (scratch.weights, scratch.stages) == ("random", study.scratch_stages)
    assert (random.weights, random.stages) == ("random", study.stages)
    assert [plan.name for plan in (pretrained, scratch, random)] == [
        "vgg16-pretrained",
        "cbr_tiny-random",
        "vgg16-random",
    ]


@pytest.mark.parametrize(
    ("networks", "says"),
    [
        (["vgg16", "vgg16"], "vgg16-pretrained twice"),
        ([{"network": "vgg16", "name": "x"}, {"network": "cbr_tiny", "name": "x"}], "names of networks must differ"),
        (["vgg61"], "vgg61"),
        ([{"network": "cbr_tiny", "size": 32}], "76 pixels"),
        ([{"network": "vgg16", "stages": [{"depth": 9, "rates": [0.1], "epochs": 1}]}], "depth"),
        ([{"network": "vgg16", "stages": [{"depth": 1, "rates": [0.1], "epochs": 1}] * 2}], "every depth once"),
    ],
)
def test_what_no_network_can_do_is_refused(networks: list[object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        model_plans(parse_study({"networks": networks}))


def test_rates_are_written_as_people_write_them(tmp_path: Path) -> None:
    """YAML 1.1 takes 1e-2 for text."""
    text = "networks: [vgg16]\nstages: [{depth: 0, rates: [1e-2, 0.001, 1.0e-4], epochs: 50}]"
    assert read_study_file(written(tmp_path, text)).stages[0].rates == (0.01, 0.001, 0.0001)
