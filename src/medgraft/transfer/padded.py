"""Convolutions of padded pictures without writing the padded picture, which can cost more than the convolution."""

from torch import Tensor, nn
from torch.nn import functional

Pads = tuple[int, int, int, int]


class PaddedConv2d(nn.Conv2d):
    """A convolution of pictures with zeros around them, as many as each call says at each side.

    What is padded alike at both ends is what `nn.Conv2d` does. Where one end has fewer zeros, the picture gets as many
    as the other end, and the kernel a row or column of zeros to skip them.
    """

    @classmethod
    def of(cls, conv: nn.Conv2d) -> "PaddedConv2d":
        """The same convolution, not dilated, with the same tensors."""
        sizes = (conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride)
        padded = cls(*sizes, groups=conv.groups, bias=conv.bias is not None, device="meta").eval()  # type: ignore[arg-type]  # torch annotates its pairs as tuples of any length
        padded.weight, padded.bias = conv.weight, conv.bias
        return padded

    def forward(self, input: Tensor, pads: Pads = (0, 0, 0, 0)) -> Tensor:  # noqa: A002  # the name nn.Conv2d gives it
        """(N, C, H, W) with `pads` zeros at the left, right, top and bottom, as for `functional.pad`."""
        left, right, top, bottom = pads
        across, down = max(left, right, 0), max(top, bottom, 0)
        skipped = (across - left, across - right, down - top, down - bottom)
        weight = functional.pad(self.weight, skipped) if any(skipped) else self.weight
        return functional.conv2d(input, weight, self.bias, self.stride, (down, across), groups=self.groups)


def same_pads(images: Tensor, kernel: tuple[int, int], stride: tuple[int, int]) -> Pads:
    """TensorFlow's "same": zeros at the left, right, top and bottom, with the odd one at the right and the bottom.

    >>> import torch
    >>> same_pads(torch.zeros(1, 1, 224, 7), kernel=(3, 3), stride=(2, 2))
    (1, 1, 0, 1)
    """
    top, bottom = _same(images.shape[-2], kernel[0], stride[0])
    left, right = _same(images.shape[-1], kernel[1], stride[1])
    return left, right, top, bottom


def _same(size: int, kernel: int, stride: int) -> tuple[int, int]:
    steps = -(-size // stride) - 1
    zeros = max(steps * stride + kernel - size, 0)
    return zeros // 2, zeros - zeros // 2
