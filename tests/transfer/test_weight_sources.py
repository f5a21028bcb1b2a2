import pickle
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import h5py
import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image

from medgraft.core.contract import InputContract
from medgraft.core.digest import file_digest
from medgraft.core.errors import InputError, WeightsError
from medgraft.core.lineage import Hop, Lineage
from medgraft.core.task import task_from_codes
from medgraft.exchange import Seen, Training, write_archive
from medgraft.exchange.package import ModelPackage, write_package
from medgraft.networks import NETWORKS, spec
from medgraft.networks.classifier import Classifier, build
from medgraft.networks.model import build_base
from medgraft.recipe import PAPER
from medgraft.transfer.load import load_weights, would_load
from medgraft.transfer.sources import ImageNet, PackageWeights, Random, WeightFile, parse_source
from medgraft.transfer.weights import Weights

REAL = Path(__file__).parents[3] / "shared/data/weights"
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="the real weights are not beside this repository")
HALF = InputContract(size=224, mean=(0.5,) * 3, std=(0.5,) * 3)


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Who was asked over the network; nobody answers."""
    addresses: list[object] = []

    def refuse(_: socket.socket, address: object) -> None:
        addresses.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return addresses


@pytest.mark.parametrize("name", NETWORKS)
def test_offline_is_one_sentence_with_what_to_do(name: str, offline: None, asked: list[object]) -> None:
    with pytest.raises(WeightsError) as caught:
        ImageNet().load(spec(name))
    assert asked == []
    text = str(caught.value)
    assert name in text
    assert "weights: file:PATH" in text
    assert "\n" not in text
    assert caught.value.__cause__ is None
    assert not spec(name).keras_file or spec(name).keras_file in text


def test_a_machine_without_a_way_out_says_so_soon(
    monkeypatch: pytest.MonkeyPatch, offline: None, asked: list[object]
) -> None:
    """After one question: who asks again and again has people wait."""
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # the discard port: nobody answers
    with pytest.raises(WeightsError, match=r"download https://huggingface\.co/timm/resnet18\.tv_in1k/resolve/main"):
        ImageNet().load(spec("resnet18"))
    assert asked == [("127.0.0.1", 9)]


class Mirror(BaseHTTPRequestHandler):
    """A hub within a hospital; its one file is at FILE."""

    FILE = "/hub/timm/resnet18.tv_in1k/resolve/main/model.safetensors"
    content = b""

    def do_GET(self) -> None:
        there = self.path == self.FILE
        self.send_response(200 if there else 404)
        self.send_header("ETag", '"one"')
        self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("Content-Length", str(len(self.content) if there else 0))
        self.end_headers()
        if there and self.command == "GET":
            self.wfile.write(self.content)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *args: object) -> None:
        """Nothing on the terminal of the tests."""


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch, offline: None) -> Iterator[str]:
    """The address of a mirror, as HF_ENDPOINT at the start of the process would make it the hub's."""
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}/hub"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
    template = f"{address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
    yield address
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_mirror_is_asked_instead_of_the_hub(mirror: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import timm

    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # the hub itself is out of reach
    monkeypatch.setattr(Mirror, "content", safetensors.torch.save(timm.create_model("resnet18").state_dict()))
    assert "fc.weight" in ImageNet().load(spec("resnet18")).state


def test_what_a_mirror_lacks_is_said_with_its_address(mirror: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WeightsError, match=f"download {mirror}/timm/resnet50"):
        ImageNet().load(spec("resnet50"))


def test_imagenet_weights_in_the_cache_are_used_without_internet(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, offline: None
) -> None:
    # The hub's own layout, filled as a download would fill it.
    folder = tmp_path / "models--timm--resnet18.tv_in1k"
    file = folder / "snapshots" / "abc" / "model.safetensors"
    file.parent.mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("abc")
    import timm

    torch.manual_seed(1)
    whole = timm.create_model("resnet18").state_dict()
    safetensors.torch.save_file(whole, file)
    monkeypatch.setattr("huggingface_hub.file_download.HF_HUB_CACHE", str(tmp_path), raising=False)
    model = build("resnet18", n_classes=3)
    weights = ImageNet().load(spec("resnet18"))
    assert weights.seen.unknown == (), "it shows no patients"
    report = load_weights(model, weights)
    assert (report.share, report.missing, report.skipped) == (1.0, (), ("fc.weight", "fc.bias"))
    assert torch.equal(model.base.layer4[1].conv2.weight, whole["layer4.1.conv2.weight"])
    assert report.digest == file_digest(file)
    assert report.licence == "bsd-3-clause"


def test_random_weights_are_those_the_model_is_built_with() -> None:
    model = build("cbr_small", n_classes=3, key=(7, 1))
    state = Random(key=(7, 1)).load(spec("cbr_small")).state
    assert all(torch.equal(state[name], value) for name, value in model.base.state_dict().items())
    assert Random(key=1).load(spec("cbr_small")).digest != Random(key=2).load(spec("cbr_small")).digest


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".safetensors"])
@pytest.mark.parametrize("prefix", ["", "base.", "module.", "module.base."])
def test_a_saved_base_comes_back(suffix: str, prefix: str, tmp_path: Path) -> None:
    state = {f"{prefix}{name}": value for name, value in build_base(spec("cbr_small"), key=5).state_dict().items()}
    path = tmp_path / f"weights{suffix}"
    save = safetensors.torch.save_file if suffix == ".safetensors" else torch.save
    save(state, path)
    model = build("cbr_small", n_classes=3, key=6)
    report = load_weights(model, WeightFile(path).load(spec("cbr_small")))
    assert (report.share, report.missing, report.skipped) == (1.0, (), ())
    assert torch.equal(model.base.blocks[0][0].weight, state[f"{prefix}blocks.0.0.weight"])
    assert (report.digest, report.origin) == (file_digest(path), path.name)


def test_a_checkpoint_with_its_optimiser_is_opened(tmp_path: Path) -> None:
    model = build("cbr_small", n_classes=3, key=5)
    torch.save({"epoch": 3, "state_dict": model.state_dict(), "optimizer": {"lr": 0.1}}, tmp_path / "last.pth")
    report = load_weights(build("cbr_small", n_classes=3), WeightFile(tmp_path / "last.pth").load(spec("cbr_small")))
    assert report.share == 1
    assert set(report.skipped) == {f"head.{name}" for name in model.head.state_dict()}


class Code:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('code in a weight file ran')",)


def test_a_pickle_with_code_is_refused_and_not_run(tmp_path: Path) -> None:
    torch.save({"weight": Code()}, tmp_path / "evil.pth")
    with pytest.raises(WeightsError, match="a pickle that would run code"):
        WeightFile(tmp_path / "evil.pth").load(spec("cbr_small"))
    (tmp_path / "old.pth").write_bytes(pickle.dumps(Code()))
    with pytest.raises(WeightsError, match=r"old\.pth"):
        WeightFile(tmp_path / "old.pth").load(spec("cbr_small"))


@pytest.mark.parametrize("name", ["cut.pth", "cut.safetensors", "cut.h5"])
@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04 cut short", bytes(64), pickle.PROTO + b"\2" + pickle.BININT + b"\0"],
    ids=["empty", "cut", "zeros", "a number cut short"],
)
def test_a_damaged_file_is_refused(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError, match=name.replace(".", r"\.")):
        WeightFile(tmp_path / name).load(spec("mobilenetv1_025"))


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".pth", ".safetensors", ".h5"])
def test_mutated_files_are_read_or_refused(suffix: str, tmp_path: Path) -> None:
    state = build_base(spec("mobilenetv1_025")).state_dict()
    path, kinds = tmp_path / f"whole{suffix}", {".pth": torch.save, ".safetensors": safetensors.torch.save_file}
    kinds.get(suffix, save_as_keras)(state, path)
    whole, generator = path.read_bytes(), np.random.default_rng(4)
    refused = 0
    for turn in range(150):
        mutated = bytearray(whole[: generator.integers(len(whole))] if turn % 3 == 0 else whole)
        for place in generator.integers(min(len(mutated), 4000 if turn % 3 == 1 else len(whole)), size=8):
            mutated[place] = generator.integers(256)
        path.write_bytes(mutated)
        try:
            WeightFile(path).load(spec("mobilenetv1_025"))
        except WeightsError:
            refused += 1
    assert refused > 50  # at least every file that was cut


def save_as_keras(state: dict[str, torch.Tensor], path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [name.encode() for name in state]
        for name, value in state.items():
            group = file.create_group(name)
            group.attrs["weight_names"] = [b"layer/kernel:0"]
            group["layer/kernel:0"] = value.numpy()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors", ".h5"])
def test_weights_that_are_no_numbers_are_refused(suffix: str, tmp_path: Path) -> None:
    state = build_base(spec("mobilenetv1_025")).state_dict() | {"bn1.running_var": torch.full((8,), torch.nan)}
    path, kinds = tmp_path / f"diverged{suffix}", {".pth": torch.save, ".safetensors": safetensors.torch.save_file}
    kinds.get(suffix, save_as_keras)(state, path)
    with pytest.raises(WeightsError, match=rf"finite numbers in .*diverged\{suffix}, .* in bn1\.running_var"):
        WeightFile(path).load(spec("mobilenetv1_025"))


def test_tensors_without_names_are_refused(tmp_path: Path) -> None:
    torch.save([torch.zeros(3)], tmp_path / "list.pth")
    with pytest.raises(WeightsError, match="Expected tensors by name"):
        WeightFile(tmp_path / "list.pth").load(spec("cbr_small"))


@pytest.mark.parametrize(
    ("name", "says"), [("none.pth", "found none"), ("notes.txt", r"Expected one of \.safetensors")]
)
def test_a_file_that_is_no_weight_file_is_refused(name: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(WeightsError, match=says):
        WeightFile(tmp_path / name).load(spec("cbr_small"))


def weights_of(name: str, **changes: torch.Tensor) -> Weights:
    given = Random(key=9).load(spec(name))
    return replace(given, state={**given.state, **{key.replace("__", "."): value for key, value in changes.items()}})


def test_every_name_is_accounted_for() -> None:
    given = weights_of("cbr_small", blocks__0__0__weight=torch.zeros(1, 2), extra=torch.zeros(4))
    given = replace(given, state={name: value for name, value in given.state.items() if name != "blocks.1.1.weight"})
    model = build("cbr_small", n_classes=3)
    report = load_weights(model, given, partial=True)
    assert set(report.skipped) == {"blocks.0.0.weight: (1, 2) does not fit (32, 3, 7, 7)", "extra"}
    assert set(report.missing) == {"blocks.0.0.weight", "blocks.1.1.weight"}
    assert len(report.matched) == len(given.state) - 2
    assert report.filled == "18 of 20 tensors"
    assert report.text.endswith("of the base's parameters; left at random: blocks.0.0.weight, blocks.1.1.weight")


def test_a_network_that_would_stay_partly_random_is_refused_and_unchanged() -> None:
    whole = weights_of("cbr_small")
    model = build("cbr_small", n_classes=3)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    running = replace(whole, state={name: v for name, v in whole.state.items() if not name.endswith("running_var")})
    says = (
        r"whole of cbr_small, random fills 16 of 20 tensors, 100% .*random: blocks\.0\.1\.running_var, .*partial: true"
    )
    for refused in (lambda: load_weights(model, running), lambda: would_load(spec("cbr_small"), running)):
        with pytest.raises(WeightsError, match=says):
            refused()
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    counters = replace(whole, state={name: v for name, v in whole.state.items() if "num_batches" not in name})
    assert load_weights(model, counters).missing == ()


@pytest.mark.parametrize("name", [name for name, network in NETWORKS.items() if network.answers == "classes"])
def test_what_would_load_is_what_loads(name: str) -> None:
    given = weights_of(name)
    said = would_load(spec(name), given)
    assert (said.missing, said.skipped, said.share) == ((), (), 1.0)


def test_weights_of_another_network_are_refused_and_change_nothing() -> None:
    model = build("cbr_small", n_classes=3)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(WeightsError, match="made for another network"):
        load_weights(model, Random(key=9).load(spec("cbr_tiny")))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_three_colours_are_summed_for_one_channel() -> None:
    given = weights_of("cbr_small")
    model = build("cbr_small", n_classes=3, channels=1)
    report = load_weights(model, given)
    assert report.resized == ("blocks.0.0.weight: 3 input channels summed to 1",)
    assert report.contract.channels == 1
    assert torch.equal(model.base.blocks[0][0].weight, given.state["blocks.0.0.weight"].sum(1, keepdim=True))
    with pytest.raises(WeightsError, match="sum_stem"):
        load_weights(model, replace(given, contract=InputContract(size=224)))
    standardised = "timm:resnetv2_50x1_bit"
    with pytest.raises(WeightsError, match=r"plain first convolution .* got resnetv2_50x1_bit"):
        load_weights(build(standardised, n_classes=3, channels=1), replace(weights_of(standardised), contract=HALF))


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("imagenet", ImageNet()),
        ("random", Random(key=3)),
        ("file: a/b.pth", WeightFile(Path("a/b.pth"))),
        ("package: a/b", PackageWeights(Path("a/b"))),
    ],
)
def test_sources_are_named_in_a_word(text: str, source: object) -> None:
    assert parse_source(text, key=3) == source


def packaged(trained: Classifier) -> ModelPackage:
    return ModelPackage(
        name="hospital: hearts",
        task=task_from_codes("two", ["a", "b"]),
        network=trained.spec.name,
        size=96,
        contract=HALF,
        recipe=PAPER,
        lineage=Lineage(hops=(Hop(what="ImageNet", weights_digest="1", licence="Apache-2.0"),)),
        figures={},
        state=trained.state_dict(),
        seen=Seen(trainings=(Training(name="hearts", stacks=("00ff",)),)),
    )


def test_a_packaged_model_is_the_next_hops_weights(tmp_path: Path) -> None:
    network = spec("mobilenetv1_025")
    trained = build(network, n_classes=2, key="trained", contract=HALF)
    package = packaged(trained)
    weights = PackageWeights(write_package(package, tmp_path / "hearts")).load(network)
    model = build(network, n_classes=3, contract=weights.contract)
    report = load_weights(model, weights)
    images = torch.rand(2, 1, 96, 96)
    assert (report.share, report.skipped, weights.licence) == (1.0, (), "Apache-2.0")
    assert torch.equal(model.eval().features(images), trained.eval().features(images))
    assert (weights.seen, weights.lineage) == (package.seen, package.lineage)


def test_weights_beside_facts_of_another_kind_are_weights(tmp_path: Path) -> None:
    """Programs in JavaScript have a package.json, too."""
    (tmp_path / "package.json").write_text("{}")
    state = build_base(spec("cbr_small")).state_dict()
    safetensors.torch.save_file(state, tmp_path / "cbr.safetensors")
    assert WeightFile(tmp_path / "cbr.safetensors").load(spec("cbr_small")).state.keys() == state.keys()


@pytest.mark.parametrize("place", ["hearts/model.safetensors", "hearts.medgraft"])
def test_a_packages_weights_are_read_as_a_package_or_not_at_all(place: str, tmp_path: Path) -> None:
    """As a plain file they would be of nobody known, and evade the check for subjects they have seen."""
    network = spec("mobilenetv1_025")
    package = packaged(build(network, n_classes=2))
    write_archive(write_package(package, tmp_path / "hearts"), tmp_path / "hearts.medgraft")
    with pytest.raises(WeightsError, match=r"whom it has learned from\. Do: package:(\S+)") as caught:
        parse_source(f"file:{tmp_path / place}").load(network)
    named = str(caught.value).partition("Do: ")[2]
    assert parse_source(named).load(network).contract == HALF


@pytest.mark.parametrize("text", ["", "imagenett", "imagenet:", "file:", "run:abc", "package:", "random:7", "file"])
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="Available: imagenet, random, file:PATH, package:PATH"):
        parse_source(text)


@needs_real
@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("mobilenetv1_025", "mobilenetv1_025_notop_timm.pth"),
        ("mobilenetv1_025", "mobilenet_2_5_224_tf_no_top.h5"),
        ("mobilenetv2_035", "mobilenetv2_035_notop_timm.pth"),
    ],
)
def test_the_real_files_fill_their_networks(name: str, file: str) -> None:
    report = load_weights(build(name, n_classes=3), WeightFile(REAL / file).load(spec(name)))
    assert (report.share, report.missing, report.skipped, report.contract) == (1.0, (), (), HALF)


@needs_real
def test_the_converted_file_gives_the_features_of_the_keras_file() -> None:
    got = []
    for file in ("mobilenetv1_025_notop_timm.pth", "mobilenet_2_5_224_tf_no_top.h5"):
        model = build("mobilenetv1_025", n_classes=3).eval()
        load_weights(model, WeightFile(REAL / file).load(model.spec))
        got.append(model.features(photograph("cat.bmp")))
    torch.testing.assert_close(*got, rtol=0, atol=1e-6)


@needs_real
@pytest.mark.parametrize(
    ("photo", "word"), [("cat.bmp", "cat"), ("dragonfly.bmp", "dragonfly"), ("parrot.jpg", "macaw")]
)
def test_any_timm_network_with_arguments_recognises_photographs(photo: str, word: str) -> None:
    network = replace(spec("mobilenetv2_100"), arguments={"pad_type": "same", "bn_eps": 1e-3}, contract=HALF)
    weights = WeightFile(REAL / "mobilenetv2_100_timm_1001.pth").load(network)
    model = build(network, n_classes=3).eval()
    report = load_weights(model, weights)
    assert (report.share, report.skipped) == (1.0, ("classifier.weight", "classifier.bias"))
    with torch.no_grad():
        scores = model.features(photograph(photo)) @ weights.state["classifier.weight"].T
    labels = (REAL / "imagenet_labels.txt").read_text().splitlines()
    best = (scores + weights.state["classifier.bias"]).argmax().item()
    assert word in labels[best - (1001 - len(labels))].lower()


def photograph(name: str) -> torch.Tensor:
    pixels = np.asarray(Image.open(REAL / name).convert("RGB").resize((224, 224), Image.Resampling.BILINEAR))
    return torch.from_numpy(pixels / np.float32(127.5) - 1).permute(2, 0, 1)[None]
