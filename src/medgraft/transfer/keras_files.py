"""Keras weight files (.h5) of networks that were converted by hand: names and axes as tables, then one reader.

Reads the layout of `save_weights` and `model.save` to .h5 in Keras 1 to 3 (layer_names, weight_names), which is that of
the files of Keras Applications. The `.weights.h5` of Keras 3 numbers its variables and is refused.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from medgraft.core.errors import WeightsError
from medgraft.networks.spec import NetworkSpec
from medgraft.transfer.keras_names import KERAS_LAYERS, LayerName


class _Target(NamedTuple):
    """Where a Keras variable goes: name below the module, and its axes in torch's order (None: as they are)."""

    name: str
    axes: tuple[int, ...] | None


_CONV = _Target("weight", (3, 2, 0, 1))  # H W in out -> out in H W
_DEPTHWISE = _Target("weight", (2, 3, 0, 1))  # H W in 1 -> in 1 H W

#: Keras' variables of each kind of layer.
_VARIABLES: dict[str, dict[str, _Target]] = {
    "conv": {"kernel": _CONV},
    "depthwise": {"depthwise_kernel": _DEPTHWISE, "kernel": _DEPTHWISE},
    "separable": {
        "depthwise_kernel": _Target("depthwise.weight", _DEPTHWISE.axes),
        "pointwise_kernel": _Target("pointwise.weight", _CONV.axes),
    },
    "norm": {
        "gamma": _Target("weight", None),
        "beta": _Target("bias", None),
        "moving_mean": _Target("running_mean", None),
        "moving_variance": _Target("running_var", None),
    },
}

#: What HDF5 raises for bytes that are not what they should be.
_DAMAGE = (OSError, LookupError, RuntimeError, TypeError, ValueError, AttributeError)

#: Variables by layer, as in the file: {"conv1": {"kernel": array}}.
KerasArrays = Mapping[str, Mapping[str, NDArray[Any]]]


def read_keras(path: Path, network: NetworkSpec) -> dict[str, Tensor]:
    """A Keras .h5 as the state of a network's base; layers that the network does not have keep their Keras names.

    Raises `WeightsError` if the file cannot be read or there is no table for the network.
    """
    if network.name not in KERAS_LAYERS:
        raise WeightsError(
            f"Expected a network whose Keras files can be read ({', '.join(KERAS_LAYERS)}), got {network.name}. "
            "Give a .safetensors or .pth file."
        )
    try:
        return dict(_convert(keras_arrays(path), KERAS_LAYERS[network.name]))
    except (ValueError, TypeError) as error:  # an array that cannot be transposed, or is not of numbers
        raise WeightsError(f"Expected a Keras .h5 of {network.name}, {path.name} has other shapes: {error}.") from error


def keras_arrays(path: Path) -> KerasArrays:
    """The variables of a legacy Keras weight file by layer. Raises `WeightsError` if it is none."""
    try:
        with h5py.File(path, "r") as file:
            root = file.get("model_weights", file)
            if "layer_names" not in root.attrs:
                raise WeightsError(
                    f"Expected a Keras .h5 with layer_names, {path.name} has none. "
                    'Save it again in Keras with model.save("name.h5").'
                )
            return {layer: _variables(root[layer]) for layer in map(_text, root.attrs["layer_names"])}
    except _DAMAGE as error:
        raise WeightsError(f"Expected a Keras .h5 file, {path.name} cannot be read: {error}.") from error


def _variables(layer: Any) -> dict[str, NDArray[Any]]:
    names = map(_text, layer.attrs["weight_names"])
    return {name.rpartition("/")[2].partition(":")[0]: np.asarray(layer[name]) for name in names}


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name


def _convert(arrays: KerasArrays, layers: Mapping[str, LayerName]) -> Iterator[tuple[str, Tensor]]:
    for layer, variables in arrays.items():
        for variable, array in variables.items():
            target = _VARIABLES[layers[layer].kind].get(variable) if layer in layers else None
            if target is None:
                yield f"{layer}/{variable}", torch.from_numpy(array)
            else:
                values = array if target.axes is None else array.transpose(target.axes)
                yield f"{layers[layer].module}.{target.name}", torch.from_numpy(np.ascontiguousarray(values))
