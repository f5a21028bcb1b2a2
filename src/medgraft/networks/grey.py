"""One grey channel into a network that learned from colours, without copying it three times: the summed stem.

Colour weights w_c see `(x - mean_c) / std_c` of a grey x in every channel, so their sum over c sees x alone. Where mean
and std differ by channel (most of torchvision and timm) a constant is left over that the zeros of padding do not have.
It is carried by a second input plane of ones, padded with the same zeros; the result is equal up to rounding.
"""

from collections.abc import Iterator
from dataclasses import replace

import torch
from timm.layers.conv2d_same import Conv2dSame
from torch import Tensor, nn

from medgraft.core.contract import InputContract
from medgraft.core.errors import InputError
from medgraft.networks.classifier import Classifier
from medgraft.networks.mobilenet_v1 import StemConv
from medgraft.networks.scaling import Scaling


def sum_stem(model: Classifier, contract: InputContract) -> InputContract:
    """Change a model of three channels, in place, into one of one channel; gives the contract of its new input.

    For every grey image the scores are those of the old model with the image in each of three channels (to rounding).
    contract: of the weights in the model; a model that scales pictures itself scales them by the new one from then on.
    Raises `InputError` if the first convolution does not take three channels, or uses its weights in another way than
    they are stored.
    """
    name, conv = next(_convolutions(model.base), ("", None))
    if conv is None or conv.in_channels != 3 or conv.groups != 1 or contract.channels != 3 or not can_sum(conv):
        raise InputError(
            f"Expected a network that begins with a plain convolution of three channels, got {model.spec.name}. "
            "Do: give it grey in three channels."
        )
    grey = grey_contract(contract)
    scale = torch.tensor([grey.std[0] / std for std in contract.std])
    shift = torch.tensor([(grey.mean[0] - mean) / std for mean, std in zip(contract.mean, contract.std, strict=True)])
    planes = [scale] if is_uniform(contract) else [scale, shift]
    # (out, 3, k, k) weighted by channel, one new plane each: (out, planes, k, k)
    weight = torch.cat(
        [(conv.weight.detach() * plane.view(1, 3, 1, 1)).sum(1, keepdim=True) for plane in planes], dim=1
    )
    conv.weight = nn.Parameter(weight, requires_grad=conv.weight.requires_grad)
    conv.in_channels = len(planes)
    if len(planes) == 2:
        owner, _, attribute = name.rpartition(".")
        setattr(model.base.get_submodule(owner), attribute, OnesPlane(conv))
    if model.scaling is not None:
        model.scaling = Scaling(grey)
    return grey


def grey_contract(contract: InputContract) -> InputContract:
    """The contract of one grey channel: mean and scale averaged over the colours."""
    mean, std = sum(contract.mean) / len(contract.mean), sum(contract.std) / len(contract.std)
    return replace(contract, channels=1, mean=(mean,), std=(std,))


def is_uniform(contract: InputContract) -> bool:
    """Whether every colour is scaled alike, so that summing the stem leaves no constant over."""
    return len(set(contract.mean)) == len(set(contract.std)) == 1


def can_sum(conv: nn.Module) -> bool:
    """Whether summed weights give summed values: where they are standardised on the way, as in BiT, they do not."""
    return type(conv) in (nn.Conv2d, Conv2dSame, StemConv)


class OnesPlane(nn.Module):
    """A convolution of two planes, the image and ones, for an image of one channel."""

    def __init__(self, conv: nn.Module) -> None:
        super().__init__()
        self.conv = conv

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) to what the convolution gives."""
        out: Tensor = self.conv(torch.cat([x, torch.ones_like(x)], dim=1))
        return out


def _convolutions(base: nn.Module) -> Iterator[tuple[str, nn.Conv2d]]:
    return ((name, module) for name, module in base.named_modules() if isinstance(module, nn.Conv2d))
