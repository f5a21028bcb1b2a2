"""Weights into a network, with an account of every name."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from medgraft.core.contract import InputContract
from medgraft.core.errors import WeightsError
from medgraft.networks.classifier import Classifier, build
from medgraft.networks.grey import can_sum, grey_contract, is_uniform
from medgraft.networks.spec import NetworkSpec
from medgraft.transfer.weights import Weights

#: Share of the base's parameters that a file must fill to be taken for the same network.
ENOUGH = 0.5
#: Counters that some formats do not carry and inference does not need.
_COUNTER = "num_batches_tracked"
#: How many of the names left at random a sentence has.
_NAMED = 5


@dataclass(frozen=True, kw_only=True)
class LoadReport:
    """What became of every name.

    matched: copied as they were. resized: copied after the stated change, "name: 3 input channels summed to 1".
    skipped: in the source, not in the network, or there in another shape (then with both shapes).
    missing: in the network, filled by nothing, so still random. share: of the base's parameters that were filled.
    """

    origin: str
    digest: str
    licence: str
    contract: InputContract
    matched: tuple[str, ...]
    resized: tuple[str, ...]
    skipped: tuple[str, ...]
    missing: tuple[str, ...]
    share: float

    @property
    def text(self) -> str:
        """The report in one line for people."""
        more = f" and {len(self.missing) - _NAMED} more" if len(self.missing) > _NAMED else ""
        left = f"; left at random: {', '.join(self.missing[:_NAMED])}{more}" if self.missing else ""
        return f"{self.origin} fills {self.filled}, {self.share:.0%} of the base's parameters{left}"

    @property
    def filled(self) -> str:
        """How much of the base was filled, in a few words."""
        n_filled = sum(not name.endswith(_COUNTER) for name in self.matched) + len(self.resized)
        return f"{n_filled} of {n_filled + len(self.missing)} tensors"


def load_weights(model: Classifier, weights: Weights, *, partial: bool = False) -> LoadReport:
    """Copy weights into a model's base; its head stays as it is.

    A first convolution trained on three colours fills a network of one channel by the sum over colours, if the weights
    scale every colour alike; for others load into three channels and call `networks.grey.sum_stem`.

    Args:
        model: changed in place.
        weights: by the base's own names.
        partial: up to half of the base's parameters may stay at random.

    Raises:
        WeightsError: something of the base would not be filled, or colours cannot be summed. The model is unchanged.
    """
    own = model.base.state_dict()
    fitted = {name: _fit(value, own[name].shape) for name, value in weights.state.items() if name in own}
    filled = {name: value for name, value in fitted.items() if value is not None}
    share = _share(model.base, filled)
    if share < ENOUGH:
        raise WeightsError(
            f"{weights.origin} was made for another network: it fills {share:.0%} of the parameters of "
            f"{model.spec.name}. Expected names like {', '.join(list(own)[:2])}, "
            f"got {', '.join(list(weights.state)[:2]) or 'none'}."
        )
    resized = {name for name in filled if weights.state[name].shape != own[name].shape}
    if resized and not is_uniform(weights.contract):
        raise WeightsError(
            f"Expected weights that scale every colour alike for a network of one channel, {weights.origin} has mean "
            f"{weights.contract.mean}. Build {model.spec.name} with three channels, load, then call sum_stem."
        )
    if not all(can_sum(model.base.get_submodule(name.rpartition(".")[0])) for name in resized):
        raise WeightsError(
            f"Expected a plain first convolution for a network of one channel, got {model.spec.name}. Build it with "
            "three channels, and give it grey in each."
        )
    report = LoadReport(
        origin=weights.origin,
        digest=weights.digest,
        licence=weights.licence,
        contract=grey_contract(weights.contract) if resized else weights.contract,
        matched=tuple(name for name in filled if name not in resized),
        resized=tuple(f"{name}: {weights.state[name].shape[1]} input channels summed to 1" for name in sorted(resized)),
        skipped=tuple(_skipped(weights.state, own, filled)),
        missing=tuple(name for name in own if name not in filled and not name.endswith(_COUNTER)),
        share=share,
    )
    if report.missing and not partial:
        raise WeightsError(
            f"Expected weights for the whole of {model.spec.name}, {report.text}. Do: give a whole file, or write "
            "`partial: true` beside this network's name in the study file to train from there all the same."
        )
    _copy(own, filled)
    return report


def would_load(network: NetworkSpec, weights: Weights, *, partial: bool = False) -> LoadReport:
    """What `load_weights` would do with this network, found without memory for its tensors. Raises what it raises."""
    with torch.device("meta"):
        return load_weights(build(network, n_classes=1), weights, partial=partial)


def _fit(value: Tensor, shape: torch.Size) -> Tensor | None:
    """The tensor in the wanted shape, None if no rule makes it fit."""
    if value.shape == shape:
        return value
    is_grey_stem = value.ndim == 4 == len(shape) and shape[1] == 1 and value.shape[1] == 3
    if is_grey_stem and (value.shape[0], *value.shape[2:]) == (shape[0], *shape[2:]):
        return value.sum(dim=1, keepdim=True)
    return None


def _share(base: nn.Module, filled: Mapping[str, Tensor]) -> float:
    sizes = {name: parameter.numel() for name, parameter in base.named_parameters()}
    return sum(size for name, size in sizes.items() if name in filled) / sum(sizes.values())


def _skipped(state: Mapping[str, Tensor], own: Mapping[str, Tensor], filled: Mapping[str, Tensor]) -> list[str]:
    names = [name for name in state if name not in filled]
    return [
        f"{name}: {tuple(state[name].shape)} does not fit {tuple(own[name].shape)}" if name in own else name
        for name in names
    ]


@torch.no_grad()
def _copy(own: Mapping[str, Tensor], filled: Mapping[str, Tensor]) -> None:
    for name, value in filled.items():
        own[name].copy_(value)
