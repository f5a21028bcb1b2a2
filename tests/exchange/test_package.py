"""Laws of model packages: what is read is what was written, whole or absent, and the same in a fresh process."""

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from medgraft.core.contract import InputContract
from medgraft.core.errors import InputError, WeightsError
from medgraft.core.task import SAX_LEVELS, SAX_RANGE, task_from_codes
from medgraft.exchange import NOBODY, Seen, SubjectHashes, Training, unpack, write_archive
from medgraft.exchange import package as package_module
from medgraft.exchange.package import ModelPackage, read_package, write_package
from medgraft.exchange.vectors import vectors_error
from medgraft.networks.classifier import build

from .conftest import PICTURES, forged, made, members_of

TENSORS = {"state", "vectors"}


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
@pytest.mark.parametrize("as_file", [False, True])
def test_what_is_read_is_what_was_written(
    tmp_path: Path, network: str, task: Any, contract: InputContract | None, as_file: bool
) -> None:
    written = made(network, task, contract)
    folder = write_package(written, tmp_path / "best")
    read = read_package(write_archive(folder, tmp_path / "best.medgraft") if as_file else folder)
    for name in {field.name for field in dataclasses.fields(ModelPackage)} - TENSORS:
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
    assert read.vectors is not None
    assert vectors_error(read.model(), read.vectors) <= 1e-5


def test_a_package_of_bare_necessities_is_read_too(tmp_path: Path) -> None:
    bare = dataclasses.replace(made(), notes="", seen=Seen(), rules=None, fingerprint=None, vectors=None, figures={})
    read = read_package(write_package(bare, tmp_path / "bare"))
    assert (read.rules, read.fingerprint, read.seen, read.vectors) == (None, None, Seen(), None)


def test_equal_packages_have_equal_bytes(tmp_path: Path, packed: Path) -> None:
    again = write_package(made(), tmp_path / "again")
    assert members_of(again) == members_of(packed)
    first, second = (write_archive(folder, tmp_path / f"{folder.name}.medgraft") for folder in (again, packed))
    assert first.read_bytes() == second.read_bytes()
    assert members_of(unpack(first, tmp_path / "unpacked")) == members_of(packed)


@pytest.mark.slow
def test_a_package_answers_its_test_vectors_in_a_fresh_process(tmp_path: Path, packed: Path) -> None:
    file = write_archive(packed, tmp_path / "best.medgraft")
    program = (
        "from pathlib import Path\n"
        "from medgraft.exchange.package import read_package\n"
        "from medgraft.exchange.vectors import vectors_error\n"
        f"package = read_package(Path({str(file)!r}))\n"
        "print(vectors_error(package.model(), package.vectors))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert float(done.stdout) <= 1e-5


def test_other_weights_do_not_answer_the_test_vectors(packed: Path) -> None:
    package = read_package(packed)
    assert package.vectors is not None
    other = build("mobilenetv1_025", n_classes=3, contract=package.contract, key=5)
    assert vectors_error(other, package.vectors) > 1e-3
    wider = build("mobilenetv1_025", n_classes=4, contract=package.contract, key=5)
    assert vectors_error(wider, package.vectors) == float("inf")


def test_a_package_replaces_an_older_one_of_its_name(tmp_path: Path) -> None:
    write_package(made(), tmp_path / "best")
    write_package(dataclasses.replace(made(), task=SAX_LEVELS, state={"a": torch.ones(2)}), tmp_path / "best")
    assert read_package(tmp_path / "best").task == SAX_LEVELS
    assert [path.name for path in tmp_path.iterdir()] == ["best"]


@given(data=st.data())
def test_a_changed_byte_anywhere_is_refused(
    tmp_path_factory: pytest.TempPathFactory, packed: Path, data: st.DataObject
) -> None:
    folder = tmp_path_factory.getbasetemp() / "flipped"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(packed, folder)
    path = data.draw(st.sampled_from(sorted(folder.iterdir())))
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
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


def test_nothing_there_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"Expected a model package .* studies/NAME/models"):
        read_package(tmp_path / "nowhere")


def test_a_package_is_not_unpacked_over_something(tmp_path: Path, packed: Path) -> None:
    file = write_archive(packed, tmp_path / "best.medgraft")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="new or an empty folder"):
        unpack(file, tmp_path / "mine")
    assert members_of(tmp_path / "mine") == {"notes.txt": b"mine"}


@pytest.mark.parametrize("place", [".", "../stood in"])
def test_a_package_is_not_unpacked_where_one_stands(
    tmp_path: Path, packed: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    file = write_archive(packed, tmp_path / "best.medgraft")
    (tmp_path / "stood in").mkdir()
    monkeypatch.chdir(tmp_path / "stood in")
    with pytest.raises(InputError, match="the one you are in"):
        unpack(file, Path(place))


@pytest.mark.parametrize("step", ["write_tensors", "write_vectors", "card_text", "write_facts"])
@pytest.mark.parametrize("before", [False, True])
def test_a_writing_that_was_stopped_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, before: bool
) -> None:
    folder = tmp_path / "best"
    if before:
        write_package(made(), folder)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(package_module, step, stop)
        with pytest.raises(KeyboardInterrupt):
            write_package(dataclasses.replace(made(), name="second"), folder)
    assert [path.name for path in tmp_path.iterdir()] == (["best"] if before else [])
    assert not before or read_package(folder).name == "best"


HASHED = Training(name="first", subjects=SubjectHashes(salt="0" * 32, hashes=("1" * 32, "2" * 32)))
UNKNOWN = Training(name="bundle", stacks=("00ff",))
CHOSEN = dataclasses.replace(HASHED, stacks=("00ff",), chosen_on=("11ee",))
DOGS = Training(name="first", subjects=NOBODY)


@pytest.mark.parametrize(
    ("trainings", "rows"),
    [
        ((), []),
        ((HASHED,), ["| first | 2, hashed |"]),
        ((UNKNOWN,), ["| bundle | unknown |"]),
        ((UNKNOWN, HASHED), ["| bundle | unknown |", "| first | 2, hashed |"]),
        ((CHOSEN,), ["| first | 2, hashed; those of 1 stack chose rate and epoch |"]),
        ((DOGS, UNKNOWN), ["| first | none |", "| bundle | unknown |"]),
    ],
)
def test_a_card_says_whose_hashes_are_there_and_whose_are_unknown(
    tmp_path: Path, trainings: tuple[Training, ...], rows: list[str]
) -> None:
    packed = dataclasses.replace(made(), seen=Seen(trainings=trainings))
    card = (write_package(packed, tmp_path / "best") / "README.md").read_text()
    shown = card.partition("## Whose images")[2].splitlines()
    assert [line for line in shown if line.startswith(("| first", "| bundle"))] == rows
    assert ("Unknown is not nobody" in card) == (UNKNOWN in trainings)
    assert ("salted scrypt hashes" in card) == (HASHED in trainings or CHOSEN in trainings)


def test_who_chose_travels_and_a_package_that_does_not_say_is_read(tmp_path: Path) -> None:
    folder = write_package(dataclasses.replace(made(), seen=Seen(trainings=(CHOSEN,))), tmp_path / "best")
    assert read_package(folder).seen.trainings == (CHOSEN,)
    facts = json.loads((folder / "package.json").read_text())
    del facts["seen"]["trainings"][0]["chosen_on"]
    before = forged(members_of(folder), seen=facts["seen"])
    (folder / "package.json").write_bytes(before["package.json"])
    assert read_package(folder).seen.trainings == (dataclasses.replace(CHOSEN, chosen_on=()),)


def test_more_than_anybody_reads_is_not_written(tmp_path: Path) -> None:
    endless = Training(name="all", stacks=tuple(f"{number:016x}" for number in range(400_000)))
    with pytest.raises(InputError, match="at most 8 MiB of itself"):
        write_package(dataclasses.replace(made(), seen=Seen(trainings=(endless,))), tmp_path / "best")
    assert not list(tmp_path.iterdir())
