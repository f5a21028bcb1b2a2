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
from benchmarks.slices import RandomSlices
from medgraft.networks import spec
from medgraft.networks.model import build_base
from medgraft.networks.scaling import Scaling
from medgraft.recipe import PAPER

_LEAST_VARIANCE = 1e-3
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
    described = spec(network)
    base = build_base(described, key="benchmark")
    norms = [module for module in base.modules() if isinstance(module, _BatchNorm)]
    for module in norms:
        module.momentum = None  # the mean over all batches seen, which is one
    with torch.no_grad():
        base.train()(Scaling(described.contract)(_pictures(size)))
        for module in norms:
            # A channel that was silent on this batch would be multiplied by hundreds when it is not.
            module.running_var.clamp_(min=_LEAST_VARIANCE)  # type: ignore[union-attr]  # batch norm of these keeps it
    return {name: value.contiguous() for name, value in base.state_dict().items()}


def _pictures(size: int) -> Tensor:
    """Random slices (8, 1, S, S) as a study renders them."""
    with RandomSlices(subjects=1, slices=4).open() as slices:
        return torch.cat([PAPER.render(slices.read(item.unit), size) for item in slices.samples.items])
