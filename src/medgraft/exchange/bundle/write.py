"""A package as a MONAI bundle: LICENSE, configs, models, docs."""

import importlib.metadata
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from medgraft import __version__
from medgraft.core.files import whole_folder
from medgraft.exchange.bundle.config import inference_config
from medgraft.exchange.bundle.networks import bundle_network
from medgraft.exchange.bundle.seen import write_seen
from medgraft.exchange.card import card_text
from medgraft.exchange.package import ModelPackage, package_facts
from medgraft.exchange.tensors import write_tensors
from medgraft.networks import NetworkSpec, spec
from medgraft.recipe import PercentileWindow

SCHEMA = "https://github.com/Project-MONAI/MONAI-extra-test-data/releases/download/0.8.1/meta_schema_20240725.json"

_LICENCE = "Not stated. Ask who made this model; the licences of its first weights are in docs/README.md.\n"

_USE = """
## As a MONAI bundle

`python -m monai.bundle run --config_file configs/inference.json`, in the bundle's folder, segments the files
`images/*.nii.gz` into `eval`: one phase in each (it needs pytorch-ignite and fire). MONAI resamples with its own
filters, so that masks may differ from medgraft's in single voxels at surfaces.
"""

_ONE_PHASE = """
Grey levels are windowed by percentiles of the one phase that a file holds. medgraft takes them once from all phases of
a sequence: a phase that is brighter or darker than the others looks more like them here, and its mask may differ.
"""


def write_bundle(package: ModelPackage, folder: Path) -> Path:
    """Write a segmenter as a MONAI bundle; the folder is whole or absent.

    `models/model.safetensors` holds the tensors, `models/model.pt` the same for tools that know no safetensors.
    Raises `InputError` for a network that MONAI does not have, `WeightsError` for a package that classifies.
    """
    network = spec(package.network)
    recipe = package.volume_recipe
    known = bundle_network(network, channels=package.contract.channels, n_classes=len(package.task.codes))
    state = known.to_bundle(package.segmenter().state_dict())
    with whole_folder(folder) as draft:
        for name in ("configs", "models", "docs"):
            (draft / name).mkdir()
        _write_json(draft / "configs" / "metadata.json", _metadata(package, network))
        _write_json(draft / "configs" / "inference.json", inference_config(known, recipe))
        write_tensors(state, draft / "models" / "model.safetensors")
        torch.save(state, draft / "models" / "model.pt")
        (draft / "docs" / "README.md").write_text(_readme(package), encoding="utf-8")
        write_seen(package, draft)
        (draft / "LICENSE").write_text(_licences(package), encoding="utf-8")
    return folder


def _readme(package: ModelPackage) -> str:
    one_phase = _ONE_PHASE if isinstance(package.volume_recipe.window, PercentileWindow) else ""
    return card_text(package_facts(package)) + _USE + one_phase


def _metadata(package: ModelPackage, network: NetworkSpec) -> dict[str, Any]:
    classes = {str(column): item.code for column, item in enumerate(package.task.classes)}
    return {
        "schema": SCHEMA,
        "version": "1.0.0",
        "changelog": {"1.0.0": f"written by medgraft {__version__}"},
        "monai_version": importlib.metadata.version("monai"),
        "pytorch_version": torch.__version__.partition("+")[0],
        "numpy_version": importlib.metadata.version("numpy"),
        "required_packages_version": {"nibabel": importlib.metadata.version("nibabel")},
        "name": package.name,
        "task": package.task.name,
        "description": package.notes or f"{network.title}, {package.task.name}",
        "authors": package.rules.answers["site"] if package.rules else "not stated",
        "copyright": "not stated",
        "network_data_format": {
            "inputs": {"image": _data("image", package, network, {"0": "image"}, [0, 1])},
            "outputs": {"pred": _data("probabilities", package, network, classes, [0, 1])},
        },
    }


def _data(
    kind: str, package: ModelPackage, network: NetworkSpec, channels: Mapping[str, str], ends: list[int]
) -> dict[str, Any]:
    modalities = list(package.fingerprint.modalities) if package.fingerprint else []
    return {
        "type": "image",
        "format": "magnitude" if kind == "image" else "segmentation",
        "modality": "/".join(modalities) or "not stated",
        "num_channels": package.contract.channels if kind == "image" else len(channels),
        "spatial_shape": [f"{network.multiple}*n"] * network.dims,
        "dtype": "float32",
        "value_range": ends,
        "is_patch_data": True,
        "channel_def": dict(channels),
    }


def _licences(package: ModelPackage) -> str:
    found = {hop.what: hop.licence for hop in package.lineage.hops if hop.licence}
    return _LICENCE + "".join(f"{what}: {licence}\n" for what, licence in found.items())


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
