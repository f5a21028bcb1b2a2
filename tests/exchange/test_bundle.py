"""MONAI bundles: MONAI's own parser builds the same network from them, and what is not in our tables is refused."""

import dataclasses
import io
import json
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser, verify_net_in_out

from medgraft.core.errors import InputError, WeightsError
from medgraft.core.stack import Stack
from medgraft.core.task import LV_WALL
from medgraft.exchange.bundle import is_bundle, read_bundle, write_bundle
from medgraft.exchange.bundle.networks import bundle_networks
from medgraft.exchange.card import card_text
from medgraft.exchange.package import ModelPackage, package_facts, read_package, write_package
from medgraft.exchange.vectors import make_vectors, vectors_error
from medgraft.images import write_nifti
from medgraft.inference import predict_masks
from medgraft.networks import spec
from medgraft.networks.segmenter import build_segmenter
from medgraft.recipe import HuWindow, PercentileWindow, VolumeRecipe

from .conftest import LINEAGE, RULES, SAW, Trap, made

RECIPES = {
    2: VolumeRecipe(shape=(1, 16, 24), spacing=None, window=PercentileWindow()),
    3: VolumeRecipe(shape=(16, 16, 24), spacing=1.5, window=HuWindow(low=-100, high=500)),
    4: VolumeRecipe(shape=(16, 16, 24), spacing=1.0),
}


def segmenter(network: str = "segresnet3d", key: int = 4) -> ModelPackage:
    """A segmenter with everything that a package can carry."""
    model = build_segmenter(network, n_classes=3, key=key).eval()
    package = ModelPackage(
        name="walls",
        task=LV_WALL,
        network=network,
        recipe=RECIPES[spec(network).dims],
        lineage=LINEAGE,
        figures={"Dice": 0.9},
        state=model.state_dict(),
        seen=SAW,
        rules=RULES,
    )
    return dataclasses.replace(package, vectors=make_vectors(model, package.input_shape))


@pytest.mark.parametrize("network", ["unet2d", "unet3d", "segresnet3d", "segnet4d"])
def test_a_segmenter_is_packed_and_read_as_it_was(tmp_path: Path, network: str) -> None:
    written = segmenter(network)
    read = read_package(write_package(written, tmp_path / "walls"))
    assert read.volume_recipe == written.recipe
    assert read.task == LV_WALL
    assert read.vectors is not None
    assert vectors_error(read.model(), read.vectors) <= 1e-5
    with pytest.raises(WeightsError, match=r"made to segment\. Do: medgraft measure --model uses such a model"):
        read.classifier()
    with pytest.raises(WeightsError, match="made to segment"):
        _ = read.slice_recipe


def test_a_classifier_is_no_segmenter() -> None:
    with pytest.raises(WeightsError, match=r"made to classify\. Do: medgraft predict uses such a model"):
        made().segmenter()
    with pytest.raises(WeightsError, match="made to classify"):
        _ = made().volume_recipe


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(segmenter(), tmp_path_factory.mktemp("bundles") / "walls")


def parser_of(folder: Path) -> ConfigParser:
    parser = ConfigParser()
    parser.read_config(str(folder / "configs" / "inference.json"))
    parser.read_meta(str(folder / "configs" / "metadata.json"))
    parser["bundle_root"] = str(folder)
    return parser


@pytest.mark.parametrize("network", bundle_networks())
def test_monai_builds_the_same_network_and_it_answers_the_same(tmp_path: Path, network: str) -> None:
    package = segmenter(network)
    folder = write_bundle(package, tmp_path / "walls")
    theirs = parser_of(folder).get_parsed_content("network_def")
    theirs.load_state_dict(torch.load(folder / "models" / "model.pt", weights_only=True))
    assert package.vectors is not None
    assert vectors_error(theirs, package.vectors) <= 1e-6
    files = ("metadata", "inference")
    meta, config = (str(folder / "configs" / f"{name}.json") for name in files)
    verify_net_in_out("network_def", meta_file=meta, config_file=config, device="cpu", n=2)


@pytest.mark.parametrize("network", bundle_networks())
def test_a_bundle_comes_back_as_the_package_it_was(tmp_path: Path, network: str) -> None:
    package = segmenter(network)
    folder = write_bundle(package, tmp_path / "walls")
    assert is_bundle(folder)
    read = read_bundle(folder)
    assert (read.task, read.network, read.recipe) == (package.task, network, package.recipe)
    assert package.vectors is not None
    assert vectors_error(read.model(), package.vectors) <= 1e-6
    (folder / "models" / "model.safetensors").unlink()
    assert vectors_error(read_bundle(folder).model(), package.vectors) <= 1e-6


@pytest.mark.parametrize("kept", [torch.nn.Parameter, torch.Tensor.half, torch.Tensor.bfloat16, torch.Tensor.double])
def test_a_checkpoint_of_another_precision_is_read_in_single(tmp_path: Path, bundle: Path, kept: Any) -> None:
    folder = Path(shutil.copytree(bundle, tmp_path / "walls"))
    state = torch.load(folder / "models" / "model.pt", weights_only=True)
    checkpoint({name: kept(value) for name, value in state.items()})(folder)
    read = read_bundle(folder)
    assert {value.dtype for value in read.state.values()} == {torch.float32}
    assert len(read.weights_digest) == 64
    torch.testing.assert_close(read.state["head.bias"], segmenter().state["head.bias"], rtol=1e-2, atol=1e-2)


def test_the_metadata_have_the_keys_that_monai_asks_for(bundle: Path) -> None:
    said = json.loads((bundle / "configs" / "metadata.json").read_text())
    asked = (
        "version monai_version pytorch_version numpy_version required_packages_version task description authors "
        "copyright network_data_format"
    )
    assert set(asked.split()) <= set(said)
    assert said["network_data_format"]["outputs"]["pred"]["channel_def"] == {
        "0": "background",
        "1": "pool",
        "2": "myocardium",
    }
    places = {path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()}
    assert places == {
        "LICENSE",
        "configs/metadata.json",
        "configs/inference.json",
        "models/model.pt",
        "models/model.safetensors",
        "docs/README.md",
        "docs/seen.json",
    }


def test_rules_that_stay_in_the_bundle_are_not_said_to_be_missing(bundle: Path) -> None:
    said = card_text(package_facts(read_bundle(bundle)))
    assert "This package brings no annotation rules; of a MONAI bundle they may stand in its docs/README.md." in said
    assert "Müller" in (bundle / "docs" / "README.md").read_text(encoding="utf-8")


def test_whom_a_model_has_seen_goes_with_its_bundle(bundle: Path) -> None:
    assert read_bundle(bundle).seen == SAW
    assert "| best | 2, hashed |" in (bundle / "docs" / "README.md").read_text()


def test_whom_others_trained_a_bundle_on_is_unknown(tmp_path: Path, bundle: Path) -> None:
    folder = Path(shutil.copytree(bundle, tmp_path / "walls"))
    shutil.copy(write_bundle(segmenter(key=5), tmp_path / "other") / "models" / "model.safetensors", folder / "models")
    trained_on = read_bundle(folder).seen
    assert trained_on.trainings[:-1] == SAW.trainings
    assert trained_on.unknown == (*SAW.unknown, "MONAI bundle walls 1.0.0")
    (folder / "docs" / "seen.json").unlink()
    assert read_bundle(folder).seen.unknown == ("MONAI bundle walls 1.0.0",)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of MONAI's own parts
@pytest.mark.parametrize(("network", "centred"), [("unet2d", True), ("segresnet3d", True), ("segresnet3d", False)])
def test_a_bundle_segments_a_file_by_its_own_configuration(tmp_path: Path, network: str, centred: bool) -> None:
    """What `monai.bundle run` does, but for its loop (which needs pytorch-ignite): the masks are those of medgraft."""
    model = segmenter(network)
    folder = write_bundle(
        dataclasses.replace(model, recipe=dataclasses.replace(model.volume_recipe, centred=centred)), tmp_path / "walls"
    )
    pixels = np.random.default_rng(0).normal(100, 200, (1, 7, 30, 40)).astype(np.float32)
    affines = np.stack([np.diag([1.2, 1.2, 1.0, 1.0]) for _ in range(7)])
    affines[:, 2, 3] = np.arange(7) * 2.0
    (folder / "images").mkdir()
    write_nifti(folder / "images" / "one.nii.gz", Stack(pixels=pixels, affines=affines, spacing=(2.0, 1.2, 1.2)))
    parser = parser_of(folder)
    model = parser.get_parsed_content("network_def").eval()
    model.load_state_dict(torch.load(folder / "models" / "model.pt", weights_only=True))
    (item,) = parser.get_parsed_content("dataset")
    with torch.inference_mode():
        item["pred"] = parser.get_parsed_content("inferer")(item["image"][None], model)[0]
    done = parser.get_parsed_content("postprocessing")(item)
    assert list((folder / "eval").rglob("*.nii.gz"))
    theirs = done["pred"].numpy()[0].transpose(2, 1, 0)
    package = read_bundle(folder)
    assert package.volume_recipe.centred == centred
    dims = spec(network).dims
    ours = predict_masks(package.segmenter(), package.volume_recipe, pixels, (2.0, 1.2, 1.2), dims=dims)[0]
    assert theirs.shape == ours.shape
    # Noise before random weights is the worst case; on the native grid only the placing of windows differs.
    assert (theirs == ours).mean() > (0.98 if dims == 2 else 0.9)


@pytest.mark.parametrize("network", ["segresnet3d", "unet2d"])
def test_an_older_bundle_that_windows_last_is_read_as_its_model_was_trained(tmp_path: Path, network: str) -> None:
    recipe = dataclasses.replace(RECIPES[spec(network).dims], spacing=1.5)
    folder = write_bundle(dataclasses.replace(segmenter(network), recipe=recipe), tmp_path / "walls")
    path = folder / "configs" / "inference.json"
    said = json.loads(path.read_text())
    window, spacing = said["preprocessing"]["transforms"][2:4]
    assert spacing["_target_"] == "Spacingd"
    said["preprocessing"]["transforms"][2:4] = [spacing, window]
    path.write_text(json.dumps(said))
    assert read_bundle(folder).recipe == recipe


@pytest.mark.parametrize("window", [PercentileWindow(), HuWindow()])
def test_a_bundle_says_that_percentiles_are_of_one_phase(tmp_path: Path, window: PercentileWindow | HuWindow) -> None:
    recipe = dataclasses.replace(RECIPES[3], window=window)
    folder = write_bundle(dataclasses.replace(segmenter(), recipe=recipe), tmp_path / "walls")
    said = (folder / "docs" / "README.md").read_text(encoding="utf-8")
    assert "monai.bundle run" in said
    assert ("percentiles of the one phase" in said) == isinstance(window, PercentileWindow)


@pytest.mark.filterwarnings("ignore")  # of MONAI's own parts
@pytest.mark.parametrize("window", [PercentileWindow(), HuWindow(low=-100, high=500)])
def test_a_bundle_windows_an_image_as_the_model_was_trained(
    tmp_path: Path, window: HuWindow | PercentileWindow
) -> None:
    """Before resampling: noise that is averaged away has other percentiles, and pictures would be brighter."""
    recipe = VolumeRecipe(shape=(16, 16, 24), spacing=1.9, window=window, centred=True)
    folder = write_bundle(dataclasses.replace(segmenter(), recipe=recipe), tmp_path / "walls")
    pixels = np.random.default_rng(0).gamma(2, 200, (1, 20, 30, 40)).astype(np.float32)
    affines = np.stack([np.diag([1.2, 1.2, 1.0, 1.0]) for _ in range(20)])
    affines[:, 2, 3] = np.arange(20) * 2.0
    (folder / "images").mkdir()
    write_nifti(folder / "images" / "one.nii.gz", Stack(pixels=pixels, affines=affines, spacing=(2.0, 1.2, 1.2)))
    (item,) = parser_of(folder).get_parsed_content("dataset")
    grid = recipe.grid(pixels.shape, (2.0, 1.2, 1.2))
    theirs, ours = item["image"].numpy()[0], recipe.render_on(grid, pixels, window.limits(pixels))[0].numpy()
    assert theirs.shape == ours.shape
    assert theirs.mean() == pytest.approx(ours.mean(), abs=0.005)


@pytest.mark.parametrize("network", ["segnet4d"])
def test_a_network_that_monai_has_not_is_refused(tmp_path: Path, network: str) -> None:
    with pytest.raises(InputError, match=f"network that MONAI has, got {network}.*segresnet3d"):
        write_bundle(segmenter(network), tmp_path / "walls")
    with pytest.raises(WeightsError, match="made to classify"):
        write_bundle(made(), tmp_path / "slices")
    assert not list(tmp_path.iterdir())


def edited(name: str, *keys: str | int, to: Any) -> Callable[[Path], None]:
    """Another value in a configuration."""

    def edit(folder: Path) -> None:
        path = folder / "configs" / f"{name}.json"
        said = json.loads(path.read_text())
        inner = said
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = to
        path.write_text(json.dumps(said))

    return edit


def checkpoint(content: Any, save: Callable[[Any, Any], object] = torch.save) -> Callable[[Path], None]:
    """Weights as a checkpoint only."""

    def replace(folder: Path) -> None:
        (folder / "models" / "model.safetensors").unlink()
        written = io.BytesIO()
        save(content, written)
        (folder / "models" / "model.pt").write_bytes(written.getvalue())

    return replace


def with_steps(steps: bytes) -> Callable[[Path], None]:
    """A checkpoint whose pickle takes other steps."""

    def replace(folder: Path) -> None:
        checkpoint({"a": torch.ones(1)})(folder)
        path = folder / "models" / "model.pt"
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, steps if name.endswith("data.pkl") else content)

    return replace


def written(place: str, content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / place).write_bytes(content) and None


def without_weights(folder: Path) -> None:
    shutil.rmtree(folder / "models")


SYSTEM = {"_target_": "os.system", "command": "touch sprung-by-a-pickle"}
HARMS: dict[str, tuple[Callable[[Path], None], str]] = {
    "a network that runs a program": (edited("inference", "network_def", to=SYSTEM), "os.system"),
    "a network that is an expression": (
        edited("inference", "network_def", to="$open('sprung-by-a-pickle', 'w')"),
        "sprung",
    ),
    "a transform that runs a program": (edited("inference", "preprocessing", "transforms", 0, to=SYSTEM), "os.system"),
    "a transform of another kind": (
        edited("inference", "preprocessing", "transforms", 0, to={"_target_": "Rotate90d", "keys": "image"}),
        "Rotate90d",
    ),
    "another window": (edited("inference", "preprocessing", "transforms", 2, "b_max", to=255), "other settings"),
    "a window of words": (
        edited("inference", "preprocessing", "transforms", 2, "a_min", to="a"),
        "images prepared as medgraft can",
    ),
    "patches of a trillion voxels": (
        edited("inference", "inferer", "roi_size", to=[10**4] * 3),
        "more than a machine can hold",
    ),
    "an inferer that runs a program": (edited("inference", "inferer", "predictor", to=SYSTEM), "other settings"),
    "a network of other widths": (edited("inference", "network_def", "init_filters", to=16), "init_filters"),
    "a network of a million filters": (edited("inference", "network_def", "init_filters", to=10**6), "init_filters"),
    "no network": (edited("inference", "network_def", to=None), "network_def None"),
    "no classes": (edited("metadata", "network_data_format", "outputs", "pred", "channel_def", to={}), "2 to 256"),
    "other classes than the head": (
        edited("metadata", "network_data_format", "outputs", "pred", "channel_def", to={"0": "a", "1": "b"}),
        "segresnet3d",
    ),
    "two input channels": (edited("metadata", "network_data_format", "inputs", "image", "num_channels", to=2), "one"),
    "no data format": (edited("metadata", "network_data_format", to=[]), "Expected a MONAI bundle"),
    "metadata that are no JSON": (written("configs/metadata.json", b"{"), "metadata.json"),
    "a configuration that is YAML": (written("configs/inference.json", b"a: !!python/none"), "inference.json"),
    "a configuration of a thousand storeys": (written("configs/inference.json", b"[" * 10_000), "inference.json"),
    "no trainings": (written("docs/seen.json", b"{}"), "seen.json"),
    "trainings that are no JSON": (written("docs/seen.json", b"{"), "seen.json"),
    "trainings without end": (
        written(
            "docs/seen.json", b'{"weights_digest":"","seen":{"trainings":[' + b'{"name":"a"},' * 99 + b'{"name":"b"}]}}'
        ),
        "at most 32 trainings",
    ),
    "hashes that are numbers": (
        written(
            "docs/seen.json",
            b'{"weights_digest":"","seen":{"trainings":[{"name":"a","subjects":{"salt":"%b","hashes":[7]}}]}}'
            % (b"0" * 32),
        ),
        "hashes",
    ),
    "trainings of many megabytes": (written("docs/seen.json", bytes(9 << 20)), "8 MiB"),
    "a name that writes to the terminal": (edited("metadata", "name", to="\x1b[2J"), "plain letters"),
    "a name of a million letters": (edited("metadata", "name", to="x" * 10**6), "plain letters"),
    "no weights": (without_weights, "found neither"),
    "a checkpoint with code": (checkpoint({"conv_final.2.conv.bias": Trap()}), "plain tensors"),
    "a pickle with code": (checkpoint({"conv_final.2.conv.bias": Trap()}, pickle.dump), "plain tensors"),
    "a whole model as a checkpoint": (checkpoint(torch.nn.Linear(1, 1)), "plain tensors"),
    "a checkpoint of no tensors": (checkpoint({"a": 1}), "tensors by name"),
    "a checkpoint of a list": (checkpoint([torch.ones(1)]), "tensors by name"),
    "tensors of another network": (checkpoint({"a": torch.ones(1)}), "its tensors are not"),
    "tensors that are no numbers": (checkpoint({"a": torch.tensor([float("nan")])}), "finite"),
    "tensors of complex numbers": (checkpoint({"a": torch.ones(1, dtype=torch.complex64)}), "plain tensors"),
    "tensors that are nowhere": (checkpoint({"a": torch.ones(1, device="meta")}), "plain tensors"),
    "a tensor of a trillion copies of one number": (
        checkpoint({"a": torch.ones(1).expand(10**6, 10**6)}),
        "plain tensors",
    ),
    "a pickle that takes what is not there": (with_steps(pickle.PROTO + b"\2" + pickle.SETITEM), "plain tensors"),
    "a pickle that ends in a number": (with_steps(pickle.PROTO + b"\2" + pickle.BININT + b"\0"), "plain tensors"),
    "a pickle whose storage is a number": (
        with_steps(pickle.PROTO + b"\2" + pickle.BININT1 + b"\1" + pickle.BINPERSID),
        "plain tensors",
    ),
    "a checkpoint cut short": (lambda folder: checkpoint({"a": torch.ones(9)})(folder) or cut(folder), "plain tensors"),
}


def cut(folder: Path) -> None:
    path = folder / "models" / "model.pt"
    path.write_bytes(path.read_bytes()[:200])


@pytest.mark.parametrize("harm", HARMS)
def test_a_hostile_bundle_is_refused_and_nothing_of_it_runs(
    tmp_path: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    monkeypatch.chdir(tmp_path)
    do_harm, reason = HARMS[harm]
    folder = Path(shutil.copytree(bundle, tmp_path / "walls"))
    do_harm(folder)
    with pytest.raises(WeightsError, match=f"(?s){reason}") as caught:
        read_bundle(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["walls"]
    assert len(str(caught.value)) < 2000
