"""Model: a base that turns images into features, a head that turns features into answers, and what of it is frozen."""

import importlib
from typing import Self

import torch
from torch import Tensor, nn

from medgraft.core.seeds import seed_of
from medgraft.networks.spec import NetworkSpec


class Model(nn.Module):
    """What every model is, whatever it answers with.

    Modules named in `frozen` stay in evaluation mode through every `train()`: frozen batch norm uses its stored
    statistics, frozen dropout and drop-path do nothing (`networks.freezing` fills it).
    """

    def __init__(self, network: NetworkSpec, base: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.spec = network
        self.base = base
        self.head = head
        self.frozen: frozenset[str] = frozenset()

    def forward(self, images: Tensor) -> Tensor:
        """Answers of images (N, C, ...), before softmax."""
        out: Tensor = self.head(self.base(images))
        return out

    def train(self, mode: bool = True) -> Self:
        """Training or evaluation mode for what is trained; what is frozen stays in evaluation mode."""
        super().train(mode)
        for name, module in self.base.named_modules():
            if name in self.frozen:
                module.training = False
        return self


def build_base(network: NetworkSpec, *, channels: int = 3, key: object = 0) -> nn.Module:
    """The network without a head: images (N, channels, ...) to features, pooled for classes, maps for masks.

    Equal keys give equal weights; torch's global random state is left as it was.
    """
    maker, _, target = network.builder.partition(":")
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed_of(key, "base"))  # of the CPU alone: no device is forked
        if maker == "timm":
            create = importlib.import_module("medgraft.networks.timm_networks").create
            base: nn.Module = create(target, in_chans=channels, **network.arguments)
        else:
            base = getattr(importlib.import_module(maker), target)(in_chans=channels, **network.arguments)
    return base
