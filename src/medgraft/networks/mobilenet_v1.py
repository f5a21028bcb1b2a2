"""MobileNet V1 with the arithmetic of Keras Applications and the parameter names of timm (which lacks narrow ones).

Howard et al. 2017, arXiv 1704.04861.
"""

from collections.abc import Iterator

from torch import Tensor, nn

from medgraft.networks.initial import initialise
from medgraft.networks.padding import strided_pad

#: (channels at width 1, stride of the first block, blocks) per resolution, Table 1 of the paper.
_LAYOUT = ((64, 1, 1), (128, 2, 2), (256, 2, 2), (512, 2, 6), (1024, 2, 2))
_STEM = 32
_EPS = 1e-3


class SeparableBlock(nn.Module):
    """Depthwise 3x3 and pointwise 1x1 convolution, each with batch norm and ReLU6."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        # Unlike the stem, strided blocks are padded at the right and the bottom only, whatever the size.
        self.pad = nn.ZeroPad2d((0, 1, 0, 1) if stride == 2 else 1)
        self.conv_dw = nn.Conv2d(channels, channels, 3, stride, groups=channels, bias=False)
        self.bn1 = nn.BatchNorm2d(channels, eps=_EPS)
        self.act1 = nn.ReLU6(inplace=True)
        self.conv_pw = nn.Conv2d(channels, out, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out, eps=_EPS)
        self.act2 = nn.ReLU6(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) to (N, out, H / stride, W / stride)."""
        x = self.act1(self.bn1(self.conv_dw(self.pad(x))))
        out: Tensor = self.act2(self.bn2(self.conv_pw(x)))
        return out


class StemConv(nn.Conv2d):
    """The first 3x3 convolution, stride 2, padded as "same" in TensorFlow."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__(channels, out, 3, 2, bias=False)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  # the name nn.Conv2d gives it
        """(N, channels, H, W) to (N, out, H / 2, W / 2), rounded up."""
        return super().forward(strided_pad(input, 3))


class MobileNetV1(nn.Module):
    """Images (N, in_chans, H, W) to features (N, 1024 * width)."""

    def __init__(self, width: float = 1.0, in_chans: int = 3) -> None:
        super().__init__()
        stem = int(_STEM * width)
        self.conv_stem = StemConv(in_chans, stem)
        self.bn1 = nn.BatchNorm2d(stem, eps=_EPS)
        self.act1 = nn.ReLU6(inplace=True)
        self.blocks = nn.Sequential(*_resolutions(stem, width))
        self.global_pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        """Pooled features."""
        x = self.act1(self.bn1(self.conv_stem(x)))
        features: Tensor = self.global_pool(self.blocks(x))
        return features


def _resolutions(channels: int, width: float) -> Iterator[nn.Sequential]:
    for full_width, stride, n_blocks in _LAYOUT:
        out = int(full_width * width)
        first = SeparableBlock(channels, out, stride)
        yield nn.Sequential(first, *(SeparableBlock(out, out, 1) for _ in range(n_blocks - 1)))
        channels = out
