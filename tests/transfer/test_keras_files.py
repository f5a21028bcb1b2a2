"""Converted networks against keras.applications itself, from the same .h5; slow where Keras is loaded."""

import os
import warnings
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

from medgraft.core.errors import WeightsError
from medgraft.networks import spec
from medgraft.networks.classifier import build
from medgraft.networks.model import build_base
from medgraft.transfer.keras_names import KERAS_LAYERS
from medgraft.transfer.load import LoadReport, load_weights
from medgraft.transfer.sources import WeightFile

#: What Keras 3.15 does under numpy 2: its tensors convert themselves in the old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

OFFICIAL = Path(__file__).parents[3] / "shared/data/weights/mobilenet_2_5_224_tf_no_top.h5"
NASNET_MOBILE = {
    "penultimate_filters": 1056,
    "num_blocks": 4,
    "stem_block_filters": 32,
    "skip_reduction": False,
    "filter_multiplier": 2,
    "default_size": 224,
}


@pytest.mark.slow
@pytest.mark.parametrize("size", [224, 97])  # odd sizes are padded in another way
@pytest.mark.parametrize("name", KERAS_LAYERS)
def test_features_equal_those_of_keras(name: str, size: int, tmp_path: Path) -> None:
    network, images = keras_network(name, size), pictures(size)
    shuffle(network)
    report, features = ours(name, saved(network, tmp_path / "network.h5"), images)
    expected = keras_features(network, images)
    assert (report.share, report.skipped, report.missing) == (1.0, (), ())
    assert expected.std() > 0.1
    np.testing.assert_allclose(features, expected, rtol=0, atol=1e-4)


@pytest.mark.slow
@pytest.mark.skipif(not OFFICIAL.is_file(), reason=f"{OFFICIAL.name} is not beside this repository")
def test_the_official_file_gives_the_features_of_keras() -> None:
    network, images = keras_network("mobilenetv1_025", 224), pictures(224)
    network.load_weights(OFFICIAL)
    report, features = ours("mobilenetv1_025", OFFICIAL, images)
    assert (report.share, report.skipped, report.missing) == (1.0, (), ())
    np.testing.assert_allclose(features, keras_features(network, images), rtol=0, atol=1e-4)


@pytest.mark.slow
def test_the_classifier_of_a_whole_model_is_skipped_and_said_so(tmp_path: Path) -> None:
    keras = load_keras()
    network = keras.applications.MobileNet(alpha=0.25, weights=None, classes=7)
    report, _ = ours("mobilenetv1_025", saved(network, tmp_path / "whole.h5"), pictures(64))
    assert report.share == 1
    assert sorted(report.skipped) == ["conv_preds/bias", "conv_preds/kernel"]


@pytest.mark.slow
def test_a_file_of_keras_3_variables_is_refused_with_what_to_do(tmp_path: Path) -> None:
    network = keras_network("mobilenetv1_025", 64)
    network.save_weights(tmp_path / "new.weights.h5")
    with pytest.raises(WeightsError, match=r'Save it again in Keras with model\.save\("name\.h5"\)'):
        WeightFile(tmp_path / "new.weights.h5").load(spec("mobilenetv1_025"))


@pytest.mark.parametrize("name", KERAS_LAYERS)
def test_every_module_with_weights_has_a_keras_name(name: str) -> None:
    base = build_base(spec(name))
    known = {layer.module for layer in KERAS_LAYERS[name].values()}
    owners = {entry.rpartition(".")[0] for entry in base.state_dict()}
    halves = (".depthwise", ".pointwise")
    assert {owner.removesuffix(halves[0]).removesuffix(halves[1]) for owner in owners} <= known


def test_a_network_without_a_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "any.h5").write_bytes(b"")
    with pytest.raises(WeightsError, match="mobilenetv1_025, mobilenetv2_035, nasnetmobile"):
        WeightFile(tmp_path / "any.h5").load(spec("vgg16"))


@pytest.mark.parametrize("content", [b"", b"not hdf5" * 100], ids=["empty", "text"])
def test_what_is_no_hdf5_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.h5").write_bytes(content)
    with pytest.raises(WeightsError, match=r"bad\.h5 cannot be read"):
        WeightFile(tmp_path / "bad.h5").load(spec("nasnetmobile"))


def test_hdf5_that_lies_about_its_layers_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "lies.h5", "w") as file:
        file.attrs["layer_names"] = [b"conv1"]
    with pytest.raises(WeightsError, match="cannot be read"):
        WeightFile(tmp_path / "lies.h5").load(spec("mobilenetv1_025"))


def ours(name: str, path: Path, images: np.ndarray) -> tuple[LoadReport, np.ndarray]:
    model = build(name, n_classes=3).eval()
    report = load_weights(model, WeightFile(path).load(spec(name)))
    with torch.no_grad():
        return report, model.features(torch.from_numpy(images)).numpy()


def pictures(size: int) -> np.ndarray:
    return np.random.default_rng(1).uniform(-1, 1, (2, 3, size, size)).astype("float32")


def load_keras() -> Any:
    os.environ["KERAS_BACKEND"] = "torch"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # keras' own imports
        import keras
    return keras


def keras_network(name: str, size: int) -> Any:
    keras = load_keras()
    from keras.src.applications.nasnet import NASNet

    common = {"input_shape": (size, size, 3), "include_top": False, "weights": None, "pooling": "avg"}
    makers = {
        "mobilenetv1_025": lambda: keras.applications.MobileNet(alpha=0.25, **common),
        "mobilenetv2_035": lambda: keras.applications.MobileNetV2(alpha=0.35, **common),
        # keras.applications.NASNetMobile refuses to run on torch; the function below it runs.
        "nasnetmobile": lambda: NASNet(**NASNET_MOBILE, **common),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # keras has no official weights for odd sizes, and none are asked for
        return makers[name]()


def shuffle(network: Any) -> None:
    """Convolutions that carry a signal through, and statistics unlike 0 and 1 in every batch norm."""
    generator = np.random.default_rng(0)
    draws = {
        "gamma": lambda shape: generator.uniform(0.5, 1.5, shape),
        "beta": lambda shape: generator.normal(0, 0.3, shape),
        "moving_mean": lambda shape: generator.normal(0, 0.3, shape),
        "moving_variance": lambda shape: generator.uniform(0.5, 2.0, shape),
    }
    for variable in network.variables:
        shape = tuple(variable.shape)
        fan_in = np.prod(shape[: 2 if shape[-1] == 1 else 3])
        draw = draws.get(variable.name, lambda shape, fan=fan_in: generator.normal(0, fan**-0.5, shape))
        variable.assign(draw(shape).astype("float32"))


def saved(network: Any, path: Path) -> Path:
    """What model.save("x.h5") writes, without its advice to use another format."""
    from keras.src.legacy.saving.legacy_h5_format import save_model_to_hdf5

    save_model_to_hdf5(network, path)
    return path


def keras_features(network: Any, images: np.ndarray) -> np.ndarray:
    return np.asarray(network.predict(images.transpose(0, 2, 3, 1), verbose=0))
