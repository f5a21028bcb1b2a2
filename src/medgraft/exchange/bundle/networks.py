"""Networks as a bundle's configuration defines them, and what their tensors are called there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from medgraft.core.errors import InputError
from medgraft.networks import NETWORKS, NetworkSpec

#: Values that a bundle's JSON can hold.
Config = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class BundleNetwork:
    """entries: of the configuration, `network_def` among them. renamed: our prefix of a tensor's name, and theirs."""

    entries: Config
    renamed: tuple[tuple[str, str], ...]

    def to_bundle(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Our tensors under the bundle's names."""
        return _renamed(state, self.renamed)

    def from_bundle(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """A bundle's tensors under our names. A name that has none of the prefixes stays as it is."""
        return _renamed(state, tuple((theirs, ours) for ours, theirs in self.renamed))


def bundle_network(network: NetworkSpec, *, channels: int, n_classes: int) -> BundleNetwork:
    """A network of ours in MONAI's words. Raises `InputError` for one that MONAI does not have."""
    if network.builder not in _WORDS:
        raise InputError(
            f"Expected a network that MONAI has, got {network.name}. Available: {', '.join(bundle_networks())}."
        )
    return _WORDS[network.builder](network.arguments, channels, n_classes)


def bundle_networks() -> tuple[str, ...]:
    """Names of our networks that MONAI has."""
    return tuple(name for name, network in NETWORKS.items() if network.builder in _WORDS)


def _segresnet(arguments: Config, channels: int, n_classes: int) -> BundleNetwork:
    definition = {
        "_target_": "SegResNet",
        "spatial_dims": arguments["dims"],
        "init_filters": arguments["filters"],
        "in_channels": channels,
        "out_channels": n_classes,
    }
    # Longer prefixes first: "" is the start of every name.
    return BundleNetwork(entries={"network_def": definition}, renamed=(("head.", "conv_final.2.conv."), ("base.", "")))


def _unet(arguments: Config, channels: int, n_classes: int) -> BundleNetwork:
    dims, features = arguments["dims"], arguments["features"]
    entries = {
        "unet": {
            "_target_": "UNet",
            "spatial_dims": dims,
            "in_channels": channels,
            "out_channels": features,
            "channels": list(arguments["channels"]),
            "strides": [2] * (len(arguments["channels"]) - 1),
            "num_res_units": 2,
            "norm": ["group", {"num_groups": 8}],
        },
        "norm": {"_target_": "torch.nn.GroupNorm", "num_groups": 8, "num_channels": features},
        "act": {"_target_": "torch.nn.PReLU"},
        "head": {
            "_target_": f"torch.nn.Conv{dims}d",
            "in_channels": features,
            "out_channels": n_classes,
            "kernel_size": 1,
        },
        "network_def": "$torch.nn.Sequential(@unet, @norm, @act, @head)",
    }
    renamed = (("base.unet.", "0."), ("base.norm.", "1."), ("base.act.", "2."), ("head.", "3."))
    return BundleNetwork(entries=entries, renamed=renamed)


_WORDS: Mapping[str, Callable[[Config, int, int], BundleNetwork]] = {
    "medgraft.networks.monai_networks:segresnet": _segresnet,
    "medgraft.networks.monai_networks:unet": _unet,
}


def _renamed(state: Mapping[str, Tensor], prefixes: tuple[tuple[str, str], ...]) -> dict[str, Tensor]:
    found = {}
    for name, value in state.items():
        old, new = next((pair for pair in prefixes if name.startswith(pair[0])), ("", ""))
        found[new + name.removeprefix(old)] = value
    return found
