"""Laws of model packages: what is read is what was written, and anything else is refused with its reason."""

import dataclasses
import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from medgraft.core.contract import InputContract
from medgraft.core.digest import digest, file_digest
from medgraft.core.errors import WeightsError
from medgraft.core.lineage import Hop, Lineage
from medgraft.core.task import SAX_LEVELS, SAX_RANGE, task_from_codes
from medgraft.exchange import ModelPackage, package, read_package, write_package
from medgraft.networks import spec
from medgraft.networks.classifier import build
from medgraft.recipe import PAPER

LINEAGE = Lineage(
    hops=(
        Hop(what="ImageNet", weights_digest="ab", licence="Apache-2.0"),
        Hop(
            what="Häuser ♥",
            weights_digest="cd",
            data_digest="ef",
            task="sax-range",
            stages=("a", "b"),
            result={"f1": 0.5},
        ),
    )
)
PICTURES = torch.rand(2, 1, 64, 64, generator=torch.Generator().manual_seed(1))


def made(
    network: str = "mobilenetv1_025", task: Any = SAX_RANGE, contract: InputContract | None = None
) -> ModelPackage:
    contract = contract or spec(network).contract
    model = build(network, n_classes=len(task.codes), channels=contract.channels, contract=contract, key=4)
    return ModelPackage(
        name="best",
        task=task,
        network=network,
        size=64,
        contract=contract,
        recipe=PAPER,
        lineage=LINEAGE,
        figures={"macro_f1": 1 / 3, "accuracy": np.float32(0.5)},
        state=model.state_dict(),
    )


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_package(made(), tmp_path_factory.mktemp("packages") / "best.v1")


def copied(packed: Path, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    return shutil.copytree(packed, folder)


@pytest.mark.parametrize(
    ("network", "task", "contract"),
    [
        ("mobilenetv1_025", SAX_RANGE, None),
        ("mobilenetv1_025", SAX_LEVELS, InputContract(size=64, mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6), order="BGR")),
        pytest.param("mobilenetv2_035", SAX_RANGE, None, marks=pytest.mark.slow),
        (
            "mobilenetv1_025",
            task_from_codes("t", ["a", "b"]),
            InputContract(size=64, channels=1, mean=(0.5,), std=(0.5,)),
        ),
        pytest.param("timm:test_resnet", SAX_RANGE, None, marks=pytest.mark.slow),
    ],
)
def test_what_is_read_is_what_was_written(
    tmp_path: Path, network: str, task: Any, contract: InputContract | None
) -> None:
    written = made(network, task, contract)
    read = read_package(write_package(written, tmp_path / "best"))
    for name in (field.name for field in dataclasses.fields(ModelPackage) if field.name != "state"):
        assert getattr(read, name) == getattr(written, name), name
    assert {name: value.numpy().tobytes() for name, value in read.state.items()} == {
        name: value.numpy().tobytes() for name, value in written.state.items()
    }
    model = build(
        network, n_classes=len(task.codes), channels=written.contract.channels, contract=written.contract, key=4
    )
    assert not read.model().training
    with torch.no_grad():
        torch.testing.assert_close(read.model()(PICTURES), model.eval()(PICTURES), rtol=1e-6, atol=1e-6)


def test_equal_packages_have_equal_bytes(tmp_path: Path, packed: Path) -> None:
    again = write_package(made(), tmp_path / "again")
    assert {path.name: path.read_bytes() for path in again.iterdir()} == {
        path.name: path.read_bytes() for path in packed.iterdir()
    }


def test_a_package_replaces_an_older_one_of_its_name(tmp_path: Path) -> None:
    write_package(made(), tmp_path / "best")
    write_package(dataclasses.replace(made(), task=SAX_LEVELS, state={"a": torch.ones(2)}), tmp_path / "best")
    assert read_package(tmp_path / "best").task == SAX_LEVELS
    assert [path.name for path in tmp_path.iterdir()] == ["best"]


@given(data=st.data())
def test_a_changed_byte_anywhere_is_refused(
    tmp_path_factory: pytest.TempPathFactory, packed: Path, data: st.DataObject
) -> None:
    folder = copied(packed, tmp_path_factory.getbasetemp() / "flipped")
    path = data.draw(st.sampled_from(sorted(folder.iterdir())))
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    reason = refusal(folder)
    # A blank in the JSON text may become another blank: the facts are the same.
    same = (
        path.name == "package.json"
        and not reason
        and json.loads(content) == json.loads((packed / path.name).read_text())
    )
    assert same or path.name in reason or str(folder) in reason


def refusal(folder: Path) -> str:
    """Why a package is refused, "" if it is not."""
    try:
        read_package(folder)
    except WeightsError as error:
        return str(error)
    return ""


def edited(**changes: Any) -> Callable[[Path], None]:
    """Changes the facts of a package, its digest kept as it was."""

    def edit(folder: Path) -> None:
        facts = json.loads((folder / "package.json").read_text())
        (folder / "package.json").write_text(json.dumps({**facts, **changes}))

    return edit


def forged(*without: str, **changes: Any) -> Callable[[Path], None]:
    """Changes the facts of a package and makes the digests fit."""

    def forge(folder: Path) -> None:
        facts = json.loads((folder / "package.json").read_text())
        del facts["sha256"]
        facts = {**facts, "weights_sha256": file_digest(folder / "model.safetensors"), **changes}
        facts = {name: value for name, value in facts.items() if name not in without}
        (folder / "package.json").write_text(json.dumps({**facts, "sha256": digest(facts)}))

    return forge


def written(name: str, content: bytes) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return write


def removed(name: str) -> Callable[[Path], None]:
    def remove(folder: Path) -> None:
        (folder / name).unlink()

    return remove


def cut_short(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    forged()(folder)


DAMAGES = {
    "no facts": (removed("package.json"), "Expected a model package"),
    "no weights": (removed("model.safetensors"), "model.safetensors, found no such file"),
    "another name": (edited(name="other"), "package.json are not those that were packed"),
    "another network": (edited(network="resnet18"), "package.json are not those that were packed"),
    "a later format": (forged(format=2), "Expected a package of format 1 .* got 2"),
    "no format": (forged("format"), "Expected a package of format 1 .* got None"),
    "no digest of the weights": (forged("weights_sha256"), "model.safetensors are not those that were packed"),
    "no task": (forged("task"), "cannot be read.*task"),
    "no recipe": (forged("recipe"), "cannot be read.*recipe"),
    "a recipe with an unknown step": (forged(recipe={"before": [{"step": "run-code"}]}), "run-code"),
    "a recipe that is a list": (forged(recipe=["resize"]), "cannot be read"),
    "a task that is nothing": (forged(task=None), "cannot be read"),
    "hops that are text": (forged(lineage={"hops": ["a"]}), "cannot be read"),
    "facts that are a list": (written("package.json", b"[1, 2]"), "damaged file"),
    "facts that are text": (written("package.json", b'"sha256"'), "damaged file"),
    "facts that are empty": (written("package.json", b""), "damaged file"),
    "facts that are no text": (written("package.json", b"\xff\xfe\x00\x9f"), "damaged file"),
    "weights of nothing": (written("model.safetensors", b""), "model.safetensors are not those that were packed"),
    "weights cut short, digests made to fit": (cut_short, "cannot be read"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_not_as_packed_is_refused_by_name(tmp_path: Path, packed: Path, damage: str) -> None:
    harm, words = DAMAGES[damage]
    folder = copied(packed, tmp_path / "best")
    harm(folder)
    with pytest.raises(WeightsError, match=f"(?s){words}"):
        read_package(folder)


def test_nothing_there_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"Expected a model package .* studies/NAME/models"):
        read_package(tmp_path / "nowhere")


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("save", [pickle.dump, torch.save])
def test_a_pickle_is_never_read(tmp_path: Path, packed: Path, save: Callable[[Any, Any], None]) -> None:
    folder, sprung = copied(packed, tmp_path / "best"), tmp_path / "sprung"
    with (folder / "model.safetensors").open("wb") as file:
        save({"head.scores.bias": Trap(sprung)}, file)
    forged()(folder)
    with pytest.raises(WeightsError, match="cannot be read"):
        read_package(folder)
    assert not sprung.exists()


@pytest.mark.parametrize(
    ("network", "words"), [("resnet18", "says it is resnet18, its tensors are not"), ("no-such-net", "no-such-net")]
)
def test_tensors_of_another_network_are_refused(network: str, words: str) -> None:
    with pytest.raises(WeightsError, match=words) as caught:
        dataclasses.replace(made(), network=network).model()
    assert len(str(caught.value)) < 1500


@pytest.mark.parametrize("step", ["save_file", "file_digest", "digest"])
@pytest.mark.parametrize("before", [False, True])
def test_a_writing_that_was_stopped_never_looks_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, before: bool
) -> None:
    folder = tmp_path / "best"
    if before:
        write_package(made(), folder)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    second = dataclasses.replace(made(), name="second")
    with monkeypatch.context() as patch:
        patch.setattr(package, step, stop)
        with pytest.raises(KeyboardInterrupt):
            write_package(second, folder)
    assert folder.exists() == before
    if before:
        assert read_package(folder).name == "best"
    for left in tmp_path.glob("*.partial"):
        with pytest.raises(WeightsError):
            read_package(left)
    write_package(dataclasses.replace(made(), name="third"), folder)
    assert [path.name for path in tmp_path.iterdir()] == ["best"]
    assert read_package(folder).name == "third"
