"""Segmenter: a base that gives features of every voxel, and the head that turns them into classes."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from medgraft.core.errors import InputError
from medgraft.core.seeds import seed_of
from medgraft.networks.conv4d import Conv4d
from medgraft.networks.model import Model, build_base
from medgraft.networks.registry import described
from medgraft.networks.spec import NetworkSpec

#: Weights before training: each network's own usual ones, or N(0, 1) for every convolution, as in Gupta et al. 2020,
#: which is far too large.
Initial = Literal["default", "normal"]

_CONVOLUTIONS: dict[int, type[nn.Conv2d | nn.Conv3d | Conv4d]] = {2: nn.Conv2d, 3: nn.Conv3d, 4: Conv4d}


def build_segmenter(
    network: str | NetworkSpec, *, n_classes: int, channels: int = 1, key: object = 0, initial: Initial = "default"
) -> "Segmenter":
    """A network with random weights that answers for every voxel; equal keys give equal weights.

    channels: of the images. key: any plain value or tuple of such, for `core.seeds`. torch's global random state is
    left as it was. Raises `InputError` for an unknown network, or one that answers with classes.

    >>> build_segmenter("segnet4d", n_classes=3)(torch.zeros(1, 1, 2, 8, 9, 7)).shape
    torch.Size([1, 3, 2, 8, 9, 7])
    """
    wanted = described(network, "masks")
    if n_classes < 2 or channels < 1:
        raise InputError(f"Expected at least two classes and one channel, got {n_classes} and {channels}.")
    base = build_base(wanted, channels=channels, key=key)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed_of(key, "head"))  # of the CPU alone: no device is forked
        model = Segmenter(wanted, base, _CONVOLUTIONS[wanted.dims](wanted.features, n_classes, 1))
        if initial == "normal":
            _draw_normal(model)
    return model


class Segmenter(Model):
    """Images (B, C, [T,] [Z,] Y, X) in 0..1 to scores (B, K, [T,] [Z,] Y, X), before softmax, at any size.

    Zeros are added at the far end of each axis of space up to a size that the network halves evenly, and cut off again.
    """

    def forward(self, images: Tensor) -> Tensor:
        """Scores of every voxel. Arithmetic without branches: in a trace, sizes are not numbers yet."""
        in_space = min(self.spec.dims, 3)
        sizes = [images.shape[axis] for axis in range(-in_space, 0)]
        padded = functional.pad(images, _zeros_behind(sizes, self.spec.multiple))
        scores: Tensor = super().forward(padded)
        whole = [slice(None)] * (2 + self.spec.dims - in_space)
        return scores[(*whole, *(slice(0, size) for size in sizes))]


def _zeros_behind(sizes: Sequence[int], multiple: int) -> list[int]:
    """As `functional.pad` wants them: from the last axis to the first, none before, so many behind."""
    return [zeros for size in reversed(sizes) for zeros in (0, -size % multiple)]


def _draw_normal(model: nn.Module) -> None:
    for module in model.modules():
        weight = getattr(module, "weight", None)
        if isinstance(weight, nn.Parameter) and weight.ndim > 1:
            nn.init.normal_(weight)
