"""One law for every kind of hostile or broken package: refused with the reason, nothing executed, nothing left outside.

A kind is a function from the members of a sound package to the bytes of a file; what it must be told is beside it.
"""

import io
import json
import pickle
import shutil
import stat
import struct
import tempfile
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from safetensors.torch import load, save

from medgraft.core.errors import WeightsError
from medgraft.core.task import LV_WALL, SAX_RANGE
from medgraft.exchange import archive, card_text, read_facts, unpack
from medgraft.exchange.package import read_package
from medgraft.exchange.vectors import TOLERANCE, vectors_error
from medgraft.recipe import VolumeRecipe

from .conftest import RULES, SEEN, Trap, forged, members_of, zipped

Members = dict[str, bytes]
Kind = Callable[[Members], bytes]


def swapped(name: str, content: bytes) -> Kind:
    """Another content under a name, digests left as they were."""
    return lambda members: zipped({**members, name: content})


def passed_off(name: str, content: Callable[[bytes], bytes]) -> Kind:
    """Another content under a name, digests made to fit: what a sender can do who means harm."""
    return lambda members: zipped(forged({**members, name: content(members[name])}))


def claims(*without: str, **changes: Any) -> Kind:
    """Other facts, digests made to fit."""
    return lambda members: zipped(forged(members, *without, **changes))


def saw(trainings: Any) -> Kind:
    """Other trainings before it."""
    return claims(seen={"trainings": trainings})


def hashed(subjects: Any) -> Kind:
    """Other hashes of subjects."""
    return saw([{"name": "one", "subjects": subjects}])


def with_member(name: str, content: bytes = b"owned", **attributes: Any) -> Kind:
    """One more member, with attributes of its own."""

    def add(members: Members) -> bytes:
        content_ = io.BytesIO(zipped(members))
        with zipfile.ZipFile(content_, "a") as archive_:
            info = zipfile.ZipInfo("placeholder")
            info.filename = name
            for attribute, value in attributes.items():
                setattr(info, attribute, value)
            archive_.writestr(info, content)
        return content_.getvalue()

    return add


def without(name: str) -> Kind:
    return lambda members: zipped({key: value for key, value in members.items() if key != name})


def linked(members: Members) -> bytes:
    """The weights are a link to a file outside."""
    rest = {name: content for name, content in members.items() if name != "model.safetensors"}
    mode = (stat.S_IFLNK | 0o777) << 16
    return with_member("model.safetensors", b"/etc/passwd", external_attr=mode)(rest)


def doubled(members: Members) -> bytes:
    """Two members of one name."""
    with pytest.warns(UserWarning, match="Duplicate name"):
        return with_member("README.md")(members)


def bomb(members: Members) -> bytes:
    """A card that unpacks to a thousand times its size."""
    return zipped({**members, "README.md": bytes(4 << 20)}, zipfile.ZIP_DEFLATED)


def huge(members: Members) -> bytes:
    """A card that says it unpacks to a gigabyte."""
    return patched(zipped(members), "README.md", 24, struct.pack("<L", 1 << 30))


def encrypted(members: Members) -> bytes:
    return patched(zipped(members), "README.md", 8, struct.pack("<H", 1))


def patched(content: bytes, name: str, offset: int, value: bytes) -> bytes:
    """A zip file with bytes of a member's line in the list (APPNOTE 4.3.12) replaced."""
    line = content.rindex(b"PK\x01\x02", 0, content.rindex(name.encode()))
    return content[: line + offset] + value + content[line + offset + len(value) :]


def many(members: Members) -> bytes:
    """More members than are ever listed."""
    return zipped({**members, **{f"{number:05}": b"" for number in range(2000)}})


def more_than_32_bits(members: Members) -> bytes:
    """An end that says the list is elsewhere (zip64)."""
    content = zipped(members)
    return content[:-22] + struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1) + content[-22:]


def pickled(save_it: Callable[[Any, Any], object]) -> Callable[[bytes], bytes]:
    def write(_: bytes) -> bytes:
        content = io.BytesIO()
        save_it({"head.scores.bias": Trap()}, content)
        return content.getvalue()

    return write


def header(change: Callable[[dict[str, Any]], object]) -> Callable[[bytes], bytes]:
    """Safetensors with another header."""

    def write(weights: bytes) -> bytes:
        length = int.from_bytes(weights[:8], "little")
        said = json.loads(weights[8 : 8 + length])
        change(said)
        text = json.dumps(said).encode()
        return len(text).to_bytes(8, "little") + text + weights[8 + length :]

    return write


def outside(said: dict[str, Any]) -> None:
    said["head.scores.bias"]["data_offsets"] = [1 << 40, (1 << 40) + 12]


def overlapping(said: dict[str, Any]) -> None:
    said["head.scores.bias"]["data_offsets"] = said["head.hidden.bias"]["data_offsets"]


def tensors(change: Callable[[dict[str, torch.Tensor]], object]) -> Callable[[bytes], bytes]:
    """Safetensors with other tensors."""

    def write(weights: bytes) -> bytes:
        state = load(weights)
        change(state)
        return save(state)

    return write


def not_a_number(state: dict[str, torch.Tensor]) -> None:
    state["head.scores.bias"][0] = np.nan


def beyond_single_precision(state: dict[str, torch.Tensor]) -> None:
    state["head.scores.bias"] = torch.full((3,), 1e300, dtype=torch.float64)


def complex_numbers(state: dict[str, torch.Tensor]) -> None:
    state["head.scores.bias"] = state["head.scores.bias"].to(torch.complex64)


def of_four_bits(state: dict[str, torch.Tensor]) -> None:
    state["head.scores.bias"] = torch.zeros(2, dtype=torch.uint8).view(torch.float4_e2m1fn_x2)


def another_shape(state: dict[str, torch.Tensor]) -> None:
    state["head.scores.bias"] = torch.zeros(7)


def another_tensor(state: dict[str, torch.Tensor]) -> None:
    state["head.extra"] = torch.zeros(7)


#: Answers to no inputs.
NONE = torch.zeros(0, 3)


def lacking(ending: str) -> Callable[[dict[str, torch.Tensor]], object]:
    """Without the first tensor whose name ends so."""
    return lambda state: state.pop(min(name for name in state if name.endswith(ending)))


def shaken(state: dict[str, torch.Tensor]) -> None:
    state["head.scores.bias"] += 1 + torch.arange(3)


PAINTED = replace(SAX_RANGE, classes=tuple(replace(c, colour="url(https://localhost)") for c in SAX_RANGE.classes))


def facts_text(text: bytes) -> Kind:
    return swapped("package.json", text)


def nested(members: Members) -> bytes:
    return facts_text(b'{"a":' * 100_000 + b"1" + b"}" * 100_000)(members)


#: Where no package may write.
OUTSIDE = Path(tempfile.gettempdir(), "evil.txt")
TERMINAL = {**RULES.answers, "site": "\x1b[2J"}
DEEP: Any = None
for _ in range(150):
    DEEP = [DEEP]

KINDS: dict[str, tuple[Kind, str]] = {
    # The file.
    "nothing": (lambda _: b"", "cut short or of another kind"),
    "no zip file": (lambda _: b"GIF89a" * 100, "cut short or of another kind"),
    "cut short": (lambda members: zipped(members)[:-100], "cut short or of another kind"),
    "cut out": (lambda members: zipped(members)[5000:], "outside the file"),
    "a list elsewhere (zip64)": (more_than_32_bits, "too large"),
    "too many members": (many, "too many members"),
    "a bit flipped in a member": (lambda members: flipped(zipped(members)), "CRC|altered or damaged|damaged"),
    # Members.
    "zip slip": (with_member("../evil.txt"), "no file of a package"),
    "zip slip, backslashes": (with_member("..\\evil.txt"), "no file of a package"),
    "an absolute path": (with_member(str(OUTSIDE)), "no file of a package"),
    "a drive": (with_member("C:\\evil.txt"), "no file of a package"),
    "a device of Windows": (with_member("NUL"), "no file of a package"),
    "a name with NUL": (with_member("README.md\0.sh"), "no file of a package|damaged"),
    "a name in another case": (with_member("MODEL.SAFETENSORS"), "no file of a package"),
    "a folder": (with_member("sub/"), "no file of a package"),
    "an extra file": (with_member("run.py"), "no file of a package"),
    "a pickle beside the weights": (with_member("model.pt"), "no file of a package"),
    "a link": (linked, "is a link"),
    "a name twice": (doubled, "occurs twice"),
    "encrypted": (encrypted, "is encrypted"),
    "an unknown compression": (
        lambda members: patched(zipped(members), "README.md", 10, struct.pack("<H", 97)),
        "compressed in an unknown way",
    ),
    "a bomb": (bomb, "unpacks to far more"),
    "a bomb that says it is small": (
        lambda members: patched(bomb(members), "README.md", 24, struct.pack("<L", 100)),
        "damaged",
    ),
    "a size beyond the limit": (huge, "is too large"),
    # What was packed.
    "altered weights": (swapped("model.safetensors", b"other"), "model.safetensors is not the one that was packed"),
    "an altered card": (swapped("README.md", b"# Trust me"), "README.md is not the one that was packed"),
    "altered vectors": (swapped("vectors.safetensors", b""), "vectors.safetensors is not the one that was packed"),
    "no facts": (without("package.json"), "Expected a model package"),
    "no weights": (without("model.safetensors"), "model.safetensors .* found no such file"),
    "no card": (without("README.md"), "README.md .* found no such file"),
    "a digest that is wrong": (
        lambda members: zipped({**members, "package.json": members["package.json"].replace(b'"best"', b'"Best"')}),
        "package.json are not those that were packed",
    ),
    "a file too few in the facts": (claims(files={}), "Expected the files"),
    "a file elsewhere in the facts": (
        claims(files={"../../secret": {"sha256": "0" * 64, "bytes": 1}}),
        "Expected the files",
    ),
    # Facts.
    "format 1": (claims(format=1), "format 3 .* pack it again"),
    "format 2": (claims(format=2), "format 3 .* pack it again"),
    "a later format": (claims(format=4), "Expected a package of format 3"),
    "no format": (claims("format"), "Expected a package of format 3"),
    "no task": (claims("task"), "task"),
    "an unknown fact": (claims(run="rm -rf /"), "run"),
    "a name that is a number": (claims(name=7), "name"),
    "a name that writes to the terminal": (claims(name="\x1b]0;owned\x07"), "plain letters"),
    "a name of a million letters": (claims(name="x" * 10**6), "at most 200 plain letters"),
    "rules that write to the terminal": (claims(rules={"answers": TERMINAL, "more": {}}), "plain letters"),
    "a property that stacks do not have": (
        claims(fingerprint={**asdict(SEEN), "ranges": [{**asdict(SEEN.ranges[0]), "name": "\x1b[2J"}]}),
        "property of stacks",
    ),
    "a size that is text": (claims(size="64"), "size"),
    "a size beyond reason": (claims(size=10**9), "Expected size of 0 to 4096"),
    "a size of a thousand digits": (claims(size=10**1000), "size"),
    "channels beyond reason": (
        claims(contract={"size": 64, "channels": 10**9, "mean": [0.5], "std": [0.5], "order": "RGB"}),
        "Expected channels of 0 to 64",
    ),
    "pictures of no size": (claims(size=0), "side in pixels"),
    "a class twice": (claims(task={**asdict(SAX_RANGE), "classes": [asdict(SAX_RANGE.classes[0])] * 3}), "class codes"),
    "a colour that loads a page": (claims(task=asdict(PAINTED)), "a colour such as"),
    "an order of other classes": (claims(task={**asdict(SAX_RANGE), "along_stack": ["up", "down"]}), "class codes"),
    "a scaling that divides by nothing": (
        claims(contract={"size": 64, "channels": 3, "mean": [0.5] * 3, "std": [0.0] * 3, "order": "RGB"}),
        "std above 0",
    ),
    "colours in an order of its own": (
        claims(contract={"size": 64, "channels": 3, "mean": [0.5] * 3, "std": [0.5] * 3, "order": "XYZ"}),
        "'RGB' or 'BGR'",
    ),
    "a crop of nothing": (claims(recipe={"after": [{"step": "centre-crop", "fraction": 0.0}]}), "recipe .* crop"),
    "a window that is none": (
        claims(recipe={"before": [{"step": "percentile-window", "low": 99.0, "high": 1.0}]}),
        "recipe .* percentiles",
    ),
    "rules that nobody can have": (claims(rules={"answers": {"site": "here"}, "more": {}}), "annotation rule"),
    "nothing said of whom it saw": (claims("seen"), "seen"),
    "trainings without end": (saw([{"name": "one"}] * 10_000), "at most 32 trainings"),
    "trainings of nobody knows what": (saw([None]), "seen.trainings"),
    "a training without a name": (saw([{"subjects": None}]), "name"),
    "a training that writes to the terminal": (saw([{"name": "\x1b[2J"}]), "plain letters"),
    "stacks that are numbers": (saw([{"name": "one", "stacks": [7]}]), "stacks"),
    "hashes without a salt": (hashed({"hashes": []}), "salt"),
    "a short salt": (hashed({"salt": "00", "hashes": []}), "32 hexadecimal digits"),
    "a salt of megabytes": (hashed({"salt": "0" * (4 << 20), "hashes": []}), "32 hexadecimal digits"),
    "a salt that is no text": (hashed({"salt": "\ud800" * 32, "hashes": []}), "damaged"),
    "hashes that are numbers": (hashed({"salt": "0" * 32, "hashes": [7] * 10_000}), "hashes"),
    "hashes that are ids": (hashed({"salt": "0" * 32, "hashes": ["P1"]}), "32 hexadecimal digits"),
    "more subjects than anybody has": (
        hashed({"salt": "0" * 32, "hashes": ["0" * 32] * 100_001}),
        "at most 100,000 subjects",
    ),
    "hashes of another kind": (hashed({"salt": "0" * 32, "hashes": [], "cost": 1 << 30}), "cost"),
    "an unknown step of the recipe": (claims(recipe={"before": [{"step": "run-code"}]}), "run-code"),
    "a recipe that is a list": (claims(recipe=["resize"]), "recipe"),
    "a recipe of a hundred storeys": (claims(recipe={"before": DEEP}), "recipe|damaged"),
    "volumes of a trillion voxels": (
        claims(task=asdict(LV_WALL), recipe=VolumeRecipe(shape=(10**4, 10**4, 10**4)).as_dict()),
        "more than a machine can hold",
    ),
    "voxels of no size": (
        claims(task=asdict(LV_WALL), recipe=VolumeRecipe(shape=(8, 8, 8)).as_dict() | {"spacing": 1e-300}),
        "spacing of 0.01 to 200 mm, got 1e-300",
    ),
    "voxels of a kilometre": (
        claims(task=asdict(LV_WALL), recipe=VolumeRecipe(shape=(8, 8, 8)).as_dict() | {"spacing": 1e6}),
        "spacing of 0.01 to 200 mm",
    ),
    "a window of words": (
        claims(
            task=asdict(LV_WALL),
            recipe={**VolumeRecipe(shape=(8, 8, 8)).as_dict(), "window": {"window": "hu", "low": "a", "high": "b"}},
        ),
        "volume recipe",
    ),
    "volumes of half a slice": (
        claims(task=asdict(LV_WALL), recipe={**VolumeRecipe(shape=(8, 8, 8)).as_dict(), "shape": [8.5, 8, 8]}),
        "shape.0 Input should be a valid integer",
    ),
    "a recipe that turns pictures by nothing": (claims(recipe={"before": [{"step": "rotation"}]}), "recipe step"),
    "a recipe of a step of steps": (claims(recipe={"before": [{"step": ["resize"]}]}), "recipe step"),
    "a recipe of slices for volumes": (claims(task=asdict(LV_WALL)), "volume recipe"),
    "facts that are a list": (facts_text(b"[1, 2]"), "damaged file"),
    "facts that are no text": (facts_text(b"\xff\xfe\x00\x9f"), "damaged file"),
    "facts with NaN": (facts_text(b'{"size": NaN}'), "damaged file"),
    "facts with a huge number": (facts_text(b'{"size": 1' + b"0" * 10_000 + b"}"), "damaged file"),
    "facts of a hundred thousand storeys": (nested, "damaged file"),
    "a network that nobody knows": (claims(network="no-such-net"), "no-such-net"),
    "a network from a hub": (claims(network="hf-hub:someone/something"), "hf-hub:someone/something"),
    "another network": (claims(network="resnet18"), "says it is resnet18, its tensors are not"),
    # Tensors.
    "a pickle as weights": (passed_off("model.safetensors", pickled(pickle.dump)), "cannot be read"),
    "a checkpoint of torch as weights": (passed_off("model.safetensors", pickled(torch.save)), "cannot be read"),
    "weights of nothing": (passed_off("model.safetensors", lambda _: b""), "cannot be read"),
    "weights cut short": (passed_off("model.safetensors", lambda weights: weights[:1000]), "cannot be read"),
    "a header beyond the file": (
        passed_off("model.safetensors", lambda weights: (1 << 60).to_bytes(8, "little") + weights[8:]),
        "cannot be read",
    ),
    "offsets outside": (passed_off("model.safetensors", header(outside)), "cannot be read"),
    "offsets that overlap": (passed_off("model.safetensors", header(overlapping)), "cannot be read"),
    "weights that are no numbers": (passed_off("model.safetensors", tensors(not_a_number)), "finite numbers"),
    "weights beyond single precision": (
        passed_off("model.safetensors", tensors(beyond_single_precision)),
        "finite numbers",
    ),
    "weights of complex numbers": (passed_off("model.safetensors", tensors(complex_numbers)), "plain tensors"),
    "weights of four bits": (passed_off("model.safetensors", tensors(of_four_bits)), "plain tensors"),
    "a tensor of another shape": (passed_off("model.safetensors", tensors(another_shape)), "its tensors are not"),
    "a tensor too many": (passed_off("model.safetensors", tensors(another_tensor)), "its tensors are not"),
    "a weight too few": (passed_off("model.safetensors", tensors(lacking(".weight"))), "its tensors are not"),
    "a counter too few": (
        passed_off("model.safetensors", tensors(lacking("_tracked"))),
        "its tensors are not",
    ),
    "vectors of other names": (
        passed_off("vectors.safetensors", tensors(lambda found: found.pop("inputs"))),
        "inputs and expected",
    ),
    "vectors of nothing": (
        passed_off(
            "vectors.safetensors", tensors(lambda found: found.update(inputs=found["inputs"][:0], expected=NONE))
        ),
        "answers differ",
    ),
    "vectors that are no probabilities": (
        passed_off("vectors.safetensors", tensors(lambda found: found.update(expected=found["expected"] > 2))),
        "answers differ",
    ),
    "weights that answer otherwise": (passed_off("model.safetensors", tensors(shaken)), "answers differ"),
}


def flipped(content: bytes) -> bytes:
    place = content.index(b"model.safetensors") + 5000
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def use(file: Path, folder: Path) -> None:
    """Everything a receiver does with a package."""
    package = read_package(unpack(file, folder))
    model = package.model()
    assert package.vectors is not None
    if not vectors_error(model, package.vectors) <= TOLERANCE:
        raise WeightsError("answers differ")


def files_below(root: Path, but: Path) -> Iterator[tuple[str, bytes]]:
    """All files below a folder with their bytes, but those of one folder in it."""
    for path in sorted(root.rglob("*")):
        if (path.is_symlink() or path.is_file()) and not path.is_relative_to(but):
            yield path.relative_to(root).as_posix(), b"" if path.is_symlink() else path.read_bytes()


def test_a_sound_package_is_used(packed: Path, tmp_path: Path) -> None:
    (tmp_path / "sound.medgraft").write_bytes(zipped(forged(members_of(packed)), zipfile.ZIP_DEFLATED))
    use(tmp_path / "sound.medgraft", tmp_path / "model")
    assert members_of(tmp_path / "model").keys() == members_of(packed).keys()


@pytest.mark.parametrize("kind", KINDS)
def test_a_hostile_package_is_refused_runs_nothing_and_writes_nothing_elsewhere(
    tmp_path: Path, packed: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    harm, reason = KINDS[kind]
    monkeypatch.chdir(tmp_path)
    file, folder = tmp_path / "in" / "hostile.medgraft", tmp_path / "a" / "b" / "model"
    file.parent.mkdir()
    folder.parent.mkdir(parents=True)
    file.write_bytes(harm(members_of(packed)))
    before = dict(files_below(tmp_path, folder))
    with pytest.raises(WeightsError, match=f"(?s){reason}") as caught:
        use(file, folder)
    assert dict(files_below(tmp_path, folder)) == before
    assert not OUTSIDE.exists()
    assert len(str(caught.value)) < 2000, "a reason is no flood"
    assert not folder.exists() or not any(path.is_symlink() for path in folder.rglob("*"))


@pytest.mark.parametrize(
    "kind",
    [
        "too many members",
        "a bomb",
        "a bomb that says it is small",
        "a size beyond the limit",
        "a size of a thousand digits",
        "facts of a hundred thousand storeys",
        "trainings without end",
        "a salt of megabytes",
        "more subjects than anybody has",
        "a header beyond the file",
        "offsets outside",
    ],
)
def test_refusing_takes_little_time_and_memory(tmp_path: Path, packed: Path, kind: str) -> None:
    content, begun = KINDS[kind][0](members_of(packed)), time.process_time()
    (tmp_path / "hostile.medgraft").write_bytes(content)
    tracemalloc.start()
    with pytest.raises(WeightsError):
        use(tmp_path / "hostile.medgraft", tmp_path / "model")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64 << 20
    assert time.process_time() - begun < 10


@given(data=st.data())
def test_a_changed_byte_anywhere_in_a_file_is_refused_or_means_nothing(
    tmp_path_factory: pytest.TempPathFactory, packed: Path, data: st.DataObject
) -> None:
    root = tmp_path_factory.getbasetemp() / "changed"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    content = bytearray(zipped(members_of(packed)))
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    (root / "changed.medgraft").write_bytes(content)
    try:
        folder = unpack(root / "changed.medgraft", root / "model")
    except WeightsError:
        assert [path.name for path in root.iterdir()] == ["changed.medgraft"]
    else:
        assert members_of(folder) == members_of(packed)


def test_links_in_a_folder_are_not_followed(tmp_path: Path, packed: Path) -> None:
    folder, secret = unpack(sound(packed, tmp_path), tmp_path / "model"), tmp_path / "secret"
    secret.write_bytes(members_of(packed)["model.safetensors"])
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to(secret)
    with pytest.raises(WeightsError, match="no such file"):
        read_package(folder)


def test_an_extra_file_in_a_folder_is_refused(tmp_path: Path, packed: Path) -> None:
    folder = unpack(sound(packed, tmp_path), tmp_path / "model")
    (folder / "sitecustomize.py").write_text("raise SystemExit")
    with pytest.raises(WeightsError, match=r"found 'sitecustomize\.py' too"):
        read_package(folder)


def sound(packed: Path, folder: Path) -> Path:
    """The package as one file."""
    (folder / "sound.medgraft").write_bytes(zipped(members_of(packed)))
    return folder / "sound.medgraft"


@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_full_disk_leaves_nothing(tmp_path: Path, packed: Path, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    file = sound(packed, tmp_path)
    written: list[str] = []
    extract = archive._extract

    def full(opened: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
        if len(written) == after:
            (folder / member.filename).write_bytes(b"half")
            raise OSError(28, "No space left on device")
        written.append(member.filename)
        extract(opened, member, folder)

    monkeypatch.setattr(archive, "_extract", full)
    with pytest.raises(OSError, match="No space left"):
        unpack(file, tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["sound.medgraft"]


SCRIPT = (
    "<script>alert(1)</script>[click](javascript:alert(2))\x1b]0;owned\x07\x1b[2J| x |\\`code` \\| y |\n"
    "[a]: https://localhost/seen\n![picture][a]\n# Approved by the FDA"
)


def test_words_of_a_package_are_shown_as_text(tmp_path: Path, packed: Path) -> None:
    facts = json.loads(members_of(packed)["package.json"])
    plain = "".join(letter for letter in SCRIPT if letter.isprintable())
    answers = {**facts["rules"]["answers"], "site": plain}
    changes = {"name": plain, "notes": SCRIPT, "rules": {"answers": answers, "more": {plain: plain}}}
    (tmp_path / "words.medgraft").write_bytes(zipped(forged(members_of(packed), **changes)))
    shown = card_text(read_facts(unpack(tmp_path / "words.medgraft", tmp_path / "model")))
    assert "<script" not in shown
    parsed = MarkdownIt("commonmark").enable("table").parse(shown)
    assert {part.type for token in parsed for part in token.children or []} <= {"text", "softbreak"}
    assert {token.type for token in parsed}.isdisjoint({"html_block", "code_block"})
    assert {"x", "y"}.isdisjoint(token.content for token in parsed), "no cells of its own"
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert not any(line.startswith("# Approved") for line in shown.splitlines())
    assert shown.count("Approved by the FDA") == 5
