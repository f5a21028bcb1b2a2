"""Laws of folding: fewer steps, the numbers of the model (in double precision: to 1e-9), and the model as it was."""

import copy

import pytest
import torch
from timm.layers import BatchNormAct2d, StdConv2d
from timm.layers.conv2d_same import Conv2dSame
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from medgraft.networks import NETWORKS, spec
from medgraft.networks.classifier import build
from medgraft.networks.freezing import freeze
from medgraft.networks.mobilenet_v1 import StemConv
from medgraft.transfer import split_at_frontier
from medgraft.transfer.padded import PaddedConv2d, same_pads
from medgraft.transfer.split import DEVICE_PIECE, PIECE, Split

LIGHT = ("mobilenetv1_025", "mobilenetv2_035", "resnet18")
#: Outside the registry: squeeze and excitation, weight standardisation, group norm before every convolution.
TIMM = ("efficientnet_b0", "resnetv2_50x1_bit", "regnety_002", "mobilenetv3_small_050")
CLASSIFIERS = [name for name, network in NETWORKS.items() if network.answers == "classes"]
NAMES = [pytest.param(name, marks=() if name in LIGHT else pytest.mark.slow) for name in (*CLASSIFIERS, *TIMM)]


def stirred(model: nn.Module) -> nn.Module:
    """The model with statistics and weights in its norms that are not those of the first moment."""
    generator = torch.Generator().manual_seed(5)
    for norm in (module for module in model.modules() if isinstance(module, _BatchNorm)):
        for tensor in (norm.running_mean, norm.running_var, norm.weight, norm.bias):
            if tensor is not None:
                tensor.data.copy_(torch.rand(tensor.shape, generator=generator) * 0.5 + 0.5)
    return model


def count(split: Split, kind: type[nn.Module]) -> int:
    assert split.prefix is not None
    return sum(isinstance(module, kind) for module in split.prefix.modules())


@pytest.mark.parametrize("name", NAMES)
def test_every_network_is_folded_to_the_same_features_and_stays_as_it_was(name: str) -> None:
    model = stirred(build(name, n_classes=3)).double()
    freeze(model, 0)  # type: ignore[arg-type]  # what `build` gave
    before = copy.deepcopy(model.train().state_dict())
    flags = [getattr(module, "inplace", None) for module in model.modules()]
    generator = torch.Generator().manual_seed(1)
    size = max(64, spec(name).min_size)
    even, odd = (torch.rand(2, 3, side, side, generator=generator).double() for side in (size, size + 1))
    split = split_at_frontier(model, even)
    assert (split.reason, count(split, _BatchNorm)) == ("", 0)
    for images in (even, odd):
        with torch.no_grad():
            torch.testing.assert_close(split.frontier(images)[0], model.features(images), rtol=1e-9, atol=1e-9)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert [getattr(module, "inplace", None) for module in model.modules()] == flags


class Net(nn.Module):
    """A frozen body for pictures (N, 3, 9, 12) and a trained head; subclasses join layers in ways that trap a fold."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.body = stirred(nn.Sequential(*layers)).requires_grad_(False).eval()
        self.head = nn.LazyLinear(2)

    def steps(self, x: Tensor) -> Tensor:
        out: Tensor = self.body(x)
        return out

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.steps(x).flatten(1))
        return out


class ReadsTwice(Net):
    def steps(self, x: Tensor) -> Tensor:
        x = self.body[0](x)
        y: Tensor = self.body[1](x)
        return functional.relu(y) + y * x


class CallsTwice(Net):
    def steps(self, x: Tensor) -> Tensor:
        out: Tensor = self.body[3](self.body[1](self.body[0](x)) + self.body[2](self.body[0](x)))
        return self.body[3](x).mean() + out


class ActsTwice(Net):
    def steps(self, x: Tensor) -> Tensor:
        x = self.body(x)
        return functional.relu(x) + functional.relu(x) * functional.relu6(x)


class CropsFirst(Net):
    def steps(self, x: Tensor) -> Tensor:
        out: Tensor = self.body(functional.pad(x, (2, -1, -2, 0)))
        return out


def conv(**changes: object) -> nn.Conv2d:
    return nn.Conv2d(**{"in_channels": 3, "out_channels": 4, "kernel_size": 3, **changes})  # type: ignore[arg-type]  # the test's own changes


NORM = nn.BatchNorm2d
#: Net, norms left after folding, paddings folded.
TRAPS = {
    "norm behind a convolution": (Net(conv(), NORM(4), nn.ReLU()), 0, 0),
    "groups, stride, no bias": (Net(conv(out_channels=6, groups=3, stride=2, bias=False), NORM(6)), 0, 0),
    "norm without weights": (Net(conv(), NORM(4, affine=False)), 0, 0),
    "norm without statistics": (Net(conv(), NORM(4, track_running_stats=False)), 1, 0),
    "norm first": (Net(NORM(3), nn.ReLU6(), conv()), 0, 0),
    "norm with its activation first": (Net(BatchNormAct2d(3, act_layer=nn.SiLU), conv()), 0, 0),
    "norm with its activation": (Net(conv(), BatchNormAct2d(4, act_layer=nn.ELU), nn.Identity(), nn.ReLU()), 0, 0),
    "norm with activation and drop": (Net(conv(), BatchNormAct2d(4, drop_layer=nn.Dropout)), 0, 0),
    "norm of vectors": (Net(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(12, 5), nn.BatchNorm1d(5)), 0, 0),
    "norm of lines": (Net(nn.Flatten(2), nn.Conv1d(3, 4, 5), nn.BatchNorm1d(4)), 0, 0),
    "norm of volumes": (Net(nn.Unflatten(2, (3, 3)), nn.Conv3d(3, 4, 2), nn.BatchNorm3d(4)), 0, 0),
    "another axis than the layer's": (Net(nn.Flatten(2), nn.Linear(108, 3), nn.BatchNorm1d(3)), 1, 0),
    "weights changed on the way": (Net(StdConv2d(3, 4, 3), NORM(4)), 0, 0),
    "transposed": (Net(nn.ConvTranspose2d(3, 4, 3), NORM(4)), 0, 0),
    "read twice": (ReadsTwice(conv(out_channels=3, padding=1), NORM(3)), 0, 0),
    "called twice": (CallsTwice(conv(out_channels=3, padding=1), NORM(3), NORM(3), nn.ReLU()), 0, 0),
    "activations of one value": (ActsTwice(conv()), 0, 0),
    "same padding": (Net(Conv2dSame(3, 4, 5, stride=2), NORM(4), nn.ReLU()), 0, 1),
    "same padding of a stem": (Net(StemConv(3, 4), NORM(4)), 0, 1),
    "dilated same padding": (Net(Conv2dSame(3, 4, 3, stride=2, dilation=2), NORM(4)), 0, 0),
    "zeros at two sides": (Net(nn.ZeroPad2d((0, 1, 2, 0)), conv(stride=2), NORM(4)), 0, 1),
    "zeros all around": (Net(nn.ZeroPad2d(1), conv(), NORM(4)), 0, 1),
    "zeros around zeros": (Net(nn.ZeroPad2d(1), conv(padding=1)), 0, 0),
    "cropped": (CropsFirst(conv()), 0, 1),
}


@pytest.mark.parametrize("name", TRAPS)
def test_what_is_not_a_layer_with_a_norm_of_its_own_is_left_alone(name: str) -> None:
    model, norms, paddings = TRAPS[name]
    images = torch.rand(5, 3, 9, 12, generator=torch.Generator().manual_seed(1)).double()
    model = model.double()
    model(images)
    before = copy.deepcopy(model.state_dict())
    split = split_at_frontier(model, images)
    assert (split.reason, count(split, _BatchNorm), count(split, PaddedConv2d)) == ("", norms, paddings)
    with torch.no_grad():
        torch.testing.assert_close(split.suffix(*split.frontier(images)), model(images), rtol=1e-9, atol=1e-9)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


@pytest.mark.parametrize("size", range(5, 13))
@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (5, 2), (2, 1), (3, 4)])
def test_same_padding_is_that_of_timm(size: int, kernel: int, stride: int) -> None:
    images = torch.rand(2, 3, size, 7, generator=torch.Generator().manual_seed(1)).double()
    layer = Conv2dSame(3, 6, kernel, stride=stride, groups=3).double()
    padded = PaddedConv2d.of(layer)
    got = padded(images, same_pads(images, layer.kernel_size, layer.stride))  # type: ignore[arg-type]  # pairs to torch
    torch.testing.assert_close(got, layer(images), rtol=1e-12, atol=1e-12)


def test_the_frontier_of_many_images_is_that_of_each() -> None:
    model = build("mobilenetv1_025", n_classes=3)
    freeze(model, 1)
    images = torch.rand(2 * PIECE + 3, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    split = split_at_frontier(model.train(), images[:2])
    (together,) = split.frontier(images)
    assert torch.equal(together, split.frontier(images)[0])
    for n_images in (2, PIECE, PIECE + 1, 2 * PIECE):
        torch.testing.assert_close(split.frontier(images[:n_images])[0], together[:n_images], rtol=1e-5, atol=1e-5)
    assert len(split.frontier(images[:0])[0]) == 0


def test_a_device_is_given_no_more_images_at_a_time_than_it_can_hold() -> None:
    sizes: list[int] = []

    class Frozen(nn.Module):
        def forward(self, images: Tensor) -> tuple[Tensor]:
            sizes.append(len(images))
            return (images,)

    rotations = torch.zeros(3001, 1, device="meta")  # of a single image
    (values,) = Split(prefix=Frozen(), suffix=nn.Identity()).frontier(rotations)
    assert (len(values), sum(sizes)) == (3001, 3001)
    assert max(sizes) <= DEVICE_PIECE
