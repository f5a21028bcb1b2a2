"""Classifier: a base that turns images into features, and the head that turns features into scores."""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from medgraft.core.contract import InputContract
from medgraft.core.errors import InputError
from medgraft.core.seeds import seed_of
from medgraft.networks.model import Model, build_base
from medgraft.networks.registry import described
from medgraft.networks.scaling import Scaling
from medgraft.networks.spec import NetworkSpec


def build(
    network: str | NetworkSpec,
    *,
    n_classes: int,
    channels: int = 3,
    key: object = 0,
    dropout: float = 0.5,
    hidden: int = 256,
    contract: InputContract | None = None,
) -> "Classifier":
    """A network with random weights and the paper's head; equal keys give equal weights.

    channels: of the first convolution, 3 or 1. key: any plain value or tuple of such, for `core.seeds`. hidden: width
    of the head. contract: the scaling that the weights to be loaded expect, done as the first layer on pictures in
    0..1, grey or colour; without it images come in scaled.
    torch's global random state is left as it was. Raises `InputError` for an unknown network, or one that
    answers with masks.

    >>> build("mobilenetv1_025", n_classes=3)(torch.zeros(2, 3, 64, 64)).shape
    torch.Size([2, 3])
    """
    wanted = described(network, "classes")
    if n_classes < 1 or channels < 1:
        raise InputError(f"Expected at least one class and one channel, got {n_classes} and {channels}.")
    base = build_base(wanted, channels=channels, key=key)
    head = Head(wanted.features, hidden=hidden, n_classes=n_classes, dropout=dropout, key=key)
    return Classifier(wanted, base, head, Scaling(contract) if contract else None)


class Classifier(Model):
    """Images (N, C, H, W) to class scores (N, n_classes), before softmax."""

    head: "Head"

    def __init__(self, network: NetworkSpec, base: nn.Module, head: "Head", scaling: Scaling | None = None) -> None:
        super().__init__(network, base, head)
        self.scaling = scaling

    @property
    def feature_map_module(self) -> str:
        """Name, within this model, of the module whose output is the last feature map; "" if there is none."""
        return f"base.{self.spec.feature_map}" if self.spec.feature_map else ""

    def features(self, images: Tensor) -> Tensor:
        """Pooled features (N, F) of images (N, C, H, W)."""
        out: Tensor = self.base(self.scaling(images) if self.scaling else images)
        return out

    def forward(self, images: Tensor) -> Tensor:
        """Scores (N, n_classes) of images (N, C, H, W)."""
        out: Tensor = self.head(self.features(images))
        return out


class Head(nn.Module):
    """Dense with ReLU, dropout, dense: features (N, F) to scores (N, n_classes). Initialised as Keras does."""

    def __init__(self, features: int, *, hidden: int, n_classes: int, dropout: float, key: object = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):  # torch draws its own initial values first, overwritten below
            self.hidden = nn.Linear(features, hidden)
            self.dropout = KeyedDropout(dropout, key=key)
            self.scores = nn.Linear(hidden, n_classes)
        generator = torch.Generator().manual_seed(seed_of(key, "head"))
        for layer in (self.hidden, self.scores):
            nn.init.xavier_uniform_(layer.weight, generator=generator)
            nn.init.zeros_(layer.bias)

    def forward(self, features: Tensor) -> Tensor:
        """Scores of pooled features."""
        out: Tensor = self.scores(self.dropout(F.relu(self.hidden(features))))
        return out


class KeyedDropout(nn.Module):
    """Dropout with its own random numbers: set `generator` for each trial; equal generators give equal masks."""

    def __init__(self, p: float = 0.5, *, key: object = 0) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise InputError(f"Expected a dropout of 0 up to, not including, 1, got {p}.")
        self.p = p
        self.generator = torch.Generator().manual_seed(seed_of(key, "dropout"))

    def forward(self, x: Tensor) -> Tensor:
        """`x` in evaluation mode; in training a share p of it is zero and the rest is scaled by 1 / (1 - p)."""
        if not self.training or self.p == 0:
            return x
        keep = torch.empty(x.shape, device=self.generator.device).bernoulli_(1 - self.p, generator=self.generator)
        return x * keep.to(x) / (1 - self.p)


def out_of_place(model: nn.Module) -> nn.Module:
    """The same model with every in-place activation made out of place, so that kept activations are not overwritten."""
    for module in _inplace(model.modules()):
        module.inplace = False  # type: ignore[assignment]  # a plain flag of torch's activations
    return model


def _inplace(modules: Iterable[nn.Module]) -> Iterable[nn.Module]:
    return (module for module in modules if getattr(module, "inplace", False) is True)
