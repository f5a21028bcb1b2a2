"""Any network of timm by its name: described from timm's own groups of parameters, and built without a classifier."""

import difflib
import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any

import timm
import torch
from timm.models import PretrainedCfg, group_parameters
from torch import Tensor, nn

from medgraft.core.contract import InputContract
from medgraft.core.errors import InputError
from medgraft.networks.registry import NETWORKS
from medgraft.networks.spec import NetworkSpec, Stage, within


def create(name: str, in_chans: int = 3, **arguments: Any) -> nn.Module:
    """A timm network without classifier and without weights: images (N, in_chans, H, W) to features (N, F)."""
    with warnings.catch_warnings():
        # timm renames networks now and then and warns; the old names keep working.
        warnings.filterwarnings("ignore", message="Mapping deprecated model name", category=UserWarning)
        network: nn.Module = timm.create_model(name, pretrained=False, num_classes=0, in_chans=in_chans, **arguments)
    return network


def vgg(name: str, in_chans: int = 3) -> nn.Module:
    """A VGG whose features are the average-pooled last block (512), as in Keras, not timm's 4,096 pre-logits."""
    network = create(name, in_chans=in_chans)
    network.pre_logits = nn.Identity()
    return network


@cache
def spec_of(name: str) -> NetworkSpec:
    """The description of a timm network, for example "convnext_tiny" or "vit_tiny_patch16_224.augreg_in21k_ft_in1k".

    Raises `InputError` with the nearest names for one that timm does not have, or for one without stages.
    """
    architecture, _, tag = name.partition(".")
    if not timm.is_model(architecture) or (tag and name not in timm.list_pretrained(f"{architecture}.*")):
        raise InputError(_unknown(name))
    network = _outline(architecture)
    if not hasattr(network, "group_matcher"):
        raise InputError(f"Expected a network whose stages timm knows, got {name}: it cannot be frozen by depth.")
    facts = timm.get_pretrained_cfg(name) or PretrainedCfg()
    size = facts.input_size[-1]
    stages = _stages(network)
    features, maps = _shapes(network, size)
    # A transformer's only map is its patch embedding, too early to explain an answer.
    feature_map = maps[-1] if maps and not any(within(maps[-1], module) for module in stages[0].modules) else ""
    return NetworkSpec(
        name=name,
        title=name,
        builder=_builder(architecture),
        arguments={"name": architecture} if _is_vgg(architecture) else {},
        size=size,
        features=features,
        stages=stages,
        feature_map=feature_map,
        reference=facts.paper_name or "timm",
        contract=InputContract(size=size, mean=tuple(facts.mean), std=tuple(facts.std)),
        licence=facts.license or "",
        weights=f"{architecture}.{facts.tag}" if facts.has_weights else "",
    )


def _is_vgg(architecture: str) -> bool:
    return architecture.startswith("vgg")


def _builder(architecture: str) -> str:
    return f"{__name__}:vgg" if _is_vgg(architecture) else f"timm:{architecture}"


def _outline(architecture: str) -> nn.Module:
    """The network without memory for its weights."""
    with torch.device("meta"):
        return vgg(architecture) if _is_vgg(architecture) else create(architecture)


def _stages(network: nn.Module) -> tuple[Stage, ...]:
    """Stages from timm's coarse groups: blocks or resolutions, from input to output."""
    matcher = network.group_matcher(coarse=True)  # type: ignore[operator]  # asked by `spec_of`
    groups = _join_norms(network, list(group_parameters(network, matcher).values()))
    stage_of = {name: number for number, names in enumerate(groups) for name in names}
    return tuple(
        Stage(
            name=f"stage{number}", modules=tuple(name for name, found in _largest(network, stage_of) if found == number)
        )
        for number in range(len(groups))
    )


def _join_norms(network: nn.Module, groups: list[list[str]]) -> list[list[str]]:
    """A last group of nothing but norms joins the one before it: a norm alone is no stage."""
    *rest, last = groups
    is_norm = all(network.get_parameter(name).ndim < 2 for name in last)
    return [*rest[:-1], rest[-1] + last] if is_norm and rest else groups


def _largest(module: nn.Module, stage_of: dict[str, int], prefix: str = "") -> Iterator[tuple[str, int]]:
    """The largest modules (and left-over parameters) that lie in one stage as a whole, with that stage."""
    inside = {stage_of[f"{prefix}{name}"] for name, _ in module.named_parameters()}
    if prefix and len(inside) <= 1:
        yield from ((prefix.removesuffix("."), stage) for stage in inside)
        return
    for name, _ in module.named_parameters(recurse=False):
        yield f"{prefix}{name}", stage_of[f"{prefix}{name}"]
    for name, child in module.named_children():
        yield from _largest(child, stage_of, f"{prefix}{name}.")


def _shapes(network: nn.Module, size: int) -> tuple[int, list[str]]:
    """Length of the features, and the modules that give a feature map (N, C, H, W), in the order they finish."""
    maps: list[str] = []

    def note(name: str) -> Any:
        def hook(_module: nn.Module, _inputs: object, output: object) -> None:
            if isinstance(output, Tensor) and _is_map(output.shape):
                maps.append(name)

        return hook

    handles = [module.register_forward_hook(note(name)) for name, module in network.named_modules() if name]
    with torch.no_grad():
        features = network.eval()(torch.zeros(1, 3, size, size, device="meta"))
    for handle in handles:
        handle.remove()
    return int(features.shape[1]), maps


def _is_map(shape: torch.Size) -> bool:
    """One of the one image, square, more channels than its side: no matrices or heads of a transformer's attention."""
    return len(shape) == 4 and shape[0] == 1 and shape[1] > shape[2] == shape[3] > 1


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, sorted({*NETWORKS, *timm.list_models()}), n=5, cutoff=0.5)
    return (
        f"Expected a listed network or the name of a timm network, got {name!r}. "
        f"Near: {', '.join(near) or 'none'}. Available: {', '.join(NETWORKS)}."
    )
