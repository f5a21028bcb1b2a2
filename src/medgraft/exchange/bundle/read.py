"""A package from a MONAI bundle. Its configuration is compared with what medgraft would write, never evaluated."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from pydantic_core import from_json
from torch import Tensor

from medgraft.core.errors import InputError, WeightsError
from medgraft.core.lineage import Hop, Lineage
from medgraft.core.task import MASK_TASKS, ClassLabel, Task
from medgraft.exchange.bundle.config import recipe_of
from medgraft.exchange.bundle.networks import BundleNetwork, Config, bundle_network, bundle_networks
from medgraft.exchange.bundle.seen import read_seen
from medgraft.exchange.facts import MAX_BYTES, MAX_WORDS
from medgraft.exchange.names import check_name
from medgraft.exchange.package import AS_IT_IS, ModelPackage
from medgraft.exchange.tensors import DAMAGED, plain, read_tensors, tensors_digest
from medgraft.networks import spec

_METADATA, _INFERENCE = Path("configs", "metadata.json"), Path("configs", "inference.json")

#: Where weights may lie, the first that is there is read.
_WEIGHTS = (Path("models", "model.safetensors"), Path("models", "model.pt"))

_MOST_CLASSES = 256


def is_bundle(folder: Path) -> bool:
    """Whether a folder looks like a MONAI bundle."""
    return (folder / _METADATA).is_file()


def read_bundle(folder: Path) -> ModelPackage:
    """The segmenter in a MONAI bundle's folder.

    Network and transforms must be those that `write_bundle` writes for one of our networks. Weights are safetensors, or
    plain tensors that `torch.load(weights_only=True)` takes.

    Raises `WeightsError` for anything else, with the reason; nothing of the bundle is executed.
    """
    metadata, config = _read_json(folder / _METADATA), _read_json(folder / _INFERENCE)
    try:
        task, title = _task(metadata), str(metadata.get("name", folder.name))
        what = f"MONAI bundle {title} {metadata.get('version', '')}".strip()
        for words in (task.name, title, what):
            check_name(words)
        name, network = _network(config, _channels(metadata), len(task.codes))
        recipe = recipe_of(config)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise WeightsError(f"Expected a MONAI bundle that medgraft can use in {folder}: {error}") from error
    state = network.from_bundle(_weights(folder))
    weights_digest = tensors_digest(state)
    hop = Hop(what=what, weights_digest=weights_digest, task=task.name)
    package = ModelPackage(
        name=title,
        task=task,
        network=name,
        contract=AS_IT_IS,
        recipe=recipe,
        lineage=Lineage(hops=(hop,)),
        figures={},
        state=state,
        seen=read_seen(folder, weights_digest, unknown=what),
        notes=str(metadata.get("description", "")),
    )
    package.segmenter()  # raises here if the tensors are not the network's
    return package


def _read_json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_WORDS:
            raise WeightsError(f"Expected a configuration of at most {MAX_WORDS >> 20} MiB, got a larger file: {path}.")
        said = from_json(path.read_bytes(), allow_inf_nan=False)
    except (OSError, ValueError) as error:
        raise WeightsError(f"Expected a MONAI bundle's {path.name}, got none that can be read: {error}.") from error
    if not isinstance(said, dict):
        raise WeightsError(f"Expected a MONAI bundle's {path.name}, got {type(said).__name__} in it.")
    return said


def _task(metadata: Config) -> Task:
    channels = metadata["network_data_format"]["outputs"]["pred"]["channel_def"]
    codes = [str(channels[str(column)]) for column in range(len(channels))]
    if not 2 <= len(codes) <= _MOST_CLASSES:
        raise InputError(f"expected 2 to {_MOST_CLASSES} classes in channel_def, got {len(codes)}")
    known = next((task for task in MASK_TASKS.values() if list(task.codes) == codes), None)
    classes = tuple(ClassLabel(code=code, name=code, key="", colour="#999999") for code in codes)
    return known or Task(name=str(metadata["task"]), unit="volume", kind="segment", classes=classes)


def _channels(metadata: Config) -> int:
    channels = metadata["network_data_format"]["inputs"]["image"]["num_channels"]
    if channels != AS_IT_IS.channels:
        raise InputError(f"expected one input channel, got {channels}")
    return AS_IT_IS.channels


def _network(config: Config, channels: int, n_classes: int) -> tuple[str, BundleNetwork]:
    """The listed network whose definition a configuration has, word by word."""
    for name in bundle_networks():
        network = bundle_network(spec(name), channels=channels, n_classes=n_classes)
        if all(config.get(key) == entry for key, entry in network.entries.items()):
            return name, network
    raise InputError(
        f"expected the definition of {', '.join(bundle_networks())} as medgraft writes it, "
        f"got network_def {str(config.get('network_def'))[:300]}"
    )


def _weights(folder: Path) -> Mapping[str, Tensor]:
    path = next((folder / name for name in _WEIGHTS if (folder / name).is_file()), None)
    if path is None:
        raise WeightsError(f"Expected {' or '.join(map(str, _WEIGHTS))} in {folder}, found neither.")
    if path.stat().st_size > MAX_BYTES:
        raise WeightsError(f"Expected weights of at most {MAX_BYTES:,} bytes, got a larger file: {path}.")
    return read_tensors(path) if path.suffix == ".safetensors" else _plain_tensors(path)


def _plain_tensors(path: Path) -> dict[str, Tensor]:
    """Tensors of a checkpoint: in torch's own zip format, of no more bytes than a package may have."""
    try:
        with zipfile.ZipFile(path) as parts:
            if sum(part.file_size for part in parts.infolist()) > MAX_BYTES:
                raise ValueError(f"more than {MAX_BYTES:,} bytes in it")
        state = torch.load(path, map_location="cpu", weights_only=True)
    except DAMAGED as error:
        raise WeightsError(f"Expected plain tensors in {path}, got what is not: {str(error)[:300]}") from error
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise WeightsError(f"Expected tensors by name in {path}, got something else.")
    return plain({str(name): value for name, value in state.items()}, path)
