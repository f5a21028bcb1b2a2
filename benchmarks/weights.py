"""Weights to measure with: converted ones where they are beside the checkout, else random ones made sane.

Random weights as they are make frozen batch norm useless: values grow or vanish from layer to layer until they are
infinite, do not fit half precision, or are denormal, which is slow. Statistics of one batch, kept in the file, cure it.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from benchmarks.place import DATA, Place
from medgraft.networks import spec
from medgraft.networks.classifier import build_base

_CONVERTED = {
    "mobilenetv1_025": "mobilenetv1_025_notop_timm.pth",
    "mobilenetv2_035": "mobilenetv2_035_notop_timm.pth",
}


def real_or_random(place: Place, network: str) -> str:
    """A study's `weights` for a network: ImageNet weights beside the checkout, else `steady_random`."""
    path = DATA / "weights" / _CONVERTED.get(network, "")
    return f"file:{path}" if path.is_file() else steady_random(place, network)


def steady_random(place: Place, network: str, size: int | None = None) -> str:
    """A study's `weights`: random ones with batch norm statistics of random pictures, made once."""
    path = place.work / "weights" / f"{network}-{size or spec(network).size}.safetensors"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"draft-{path.name}")
        save_file(_steady(network, size or spec(network).size), draft)
        draft.replace(path)
    return f"file:{path}"


def kind_of(weights: str) -> str:
    """What weights are, for notes: no path of this machine."""
    return f"weights {Path(weights.removeprefix('file:')).stem}"


def _steady(network: str, size: int) -> dict[str, Tensor]:
    base = build_base(spec(network), key="benchmark")
    for module in base.modules():
        if isinstance(module, _BatchNorm):
            module.momentum = None  # the mean over all batches seen, which is one
    pictures = torch.randn((4, 3, size, size), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        base.train()(pictures)
    return {name: value.contiguous() for name, value in base.state_dict().items()}
