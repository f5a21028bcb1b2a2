"""The 4D convolution against its definition."""

from collections.abc import Sequence
from itertools import repeat

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.autograd import gradcheck
from torch.nn import functional

from medgraft.networks.conv4d import Conv4d

SIDE = st.integers(1, 5)


def direct(volumes: Tensor, conv: Conv4d) -> Tensor:
    """Every window of the padded volume times the weights, summed."""
    half = conv.kernel // 2
    phases = torch.arange(-half, volumes.shape[2] + half).clamp(0, volumes.shape[2] - 1)  # the ends stand still
    windows = functional.pad(volumes[:, :, phases], [half] * 6)
    for axis, (kernel, stride) in enumerate(repeat((conv.kernel, conv.stride), 4)):
        windows = windows.unfold(2 + axis, kernel, stride)
    return torch.einsum("bctzyxhijk,ochijk->botzyx", windows, conv.weight) + conv.bias.view(-1, 1, 1, 1, 1)


def convolution(kernel: int, stride: int, channels: int = 2, out: int = 3) -> Conv4d:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(kernel)
        conv = Conv4d(channels, out, kernel, stride=stride).double()
        torch.nn.init.normal_(conv.bias)
    return conv


def volumes(sides: Sequence[int], n: int = 2, channels: int = 2) -> Tensor:
    return torch.randn(n, channels, *sides, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@settings(max_examples=40)
@given(st.sampled_from([1, 3, 5]), st.integers(1, 3), st.tuples(SIDE, SIDE, SIDE, SIDE))
def test_it_is_the_sum_over_windows_in_four_dimensions(kernel: int, stride: int, sides: tuple[int, ...]) -> None:
    conv, images = convolution(kernel, stride), volumes(sides)
    got = conv(images)
    assert got.shape == (2, 3, *(-(-side // stride) for side in sides))
    torch.testing.assert_close(got, direct(images, conv), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("stride", [1, 2])
def test_its_gradients_are_those_of_the_definition(stride: int) -> None:
    conv = convolution(3, stride)
    images = volumes((3, 4, 3, 5)).requires_grad_(True)
    values = (images, conv.weight, conv.bias)
    got, expected = (torch.autograd.grad(out.sin().sum(), values) for out in (conv(images), direct(images, conv)))
    for one, other in zip(got, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-11, atol=1e-11)


def test_its_gradients_are_those_of_finite_differences() -> None:
    images = volumes((2, 2, 1, 2), n=1, channels=1).requires_grad_(True)
    assert gradcheck(convolution(3, 1, channels=1, out=1), (images,))


def test_it_keeps_one_copy_of_its_input_for_the_gradient() -> None:
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    conv, images = convolution(3, 1, channels=8, out=8), volumes((6, 8, 8, 8), channels=8).requires_grad_(True)
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        conv(images)
    padded = images.nbytes * 8 // 6  # one phase more at each end
    assert sum(kept.values()) <= padded + 2 * conv.weight.nbytes


def test_its_weights_start_as_those_of_torch_s_convolutions() -> None:
    conv, torchs = Conv4d(8, 16), nn.Conv3d(8 * 3, 16, 3)  # so many numbers make one
    assert conv.weight.std().item() == pytest.approx(torchs.weight.std().item(), rel=0.03)
    assert conv.weight.abs().max().item() == pytest.approx(torchs.weight.abs().max().item(), rel=0.01)
    assert not conv.bias.any()
