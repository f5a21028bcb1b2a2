"""The 4D network of Myronenko et al. 2019, "4D CNN for semantic segmentation of cardiac volumetric sequences"."""

from itertools import pairwise

from torch import Tensor, nn

from medgraft.networks.conv4d import Conv4d

_GROUPS = 8


class SegNet4D(nn.Module):
    """Volumes over time (B, in_chans, T, Z, Y, X) to features (B, channels[0], T, Z, Y, X); Z, Y, X divisible by 4.

    arXiv 1906.07295: 4D convolutions of 3 x 3 x 3 x 3; residual blocks of twice group norm, ReLU, convolution, as in
    Myronenko 2018 (arXiv 1810.11654); 1, 2 and 4 of them on the way down, with 8, 16 and 32 channels and steps of
    stride 2 in space and time between; on the way up a convolution of 1 x 1 x 1 x 1, nearest upsampling, addition of
    what the way down had there, and one block. The paper's input is 1 x 96 x 96 x 64 x 16. As in MONAI's SegResNet, a
    norm and a ReLU end it. A heart that stands still has the same features at every phase.
    """

    def __init__(self, in_chans: int = 1, channels: tuple[int, ...] = (8, 16, 32), blocks: tuple[int, ...] = (1, 2, 4)):
        super().__init__()
        steps = [Conv4d(in_chans, channels[0]), *(Conv4d(*pair, stride=2) for pair in pairwise(channels))]
        self.encoder = nn.ModuleList(
            nn.Sequential(step, *(Block(width) for _ in range(n_blocks)))
            for step, width, n_blocks in zip(steps, channels, blocks, strict=True)
        )
        self.decoder = nn.ModuleList(Up(*pair) for pair in pairwise(reversed(channels)))
        self.end = nn.Sequential(nn.GroupNorm(_GROUPS, channels[0]), nn.ReLU(inplace=True))

    def forward(self, volumes: Tensor) -> Tensor:
        """Features of every voxel at every phase."""
        levels = [volumes]
        for level in self.encoder:
            levels.append(level(levels[-1]))
        *skipped, features = levels[1:]
        for up, skip in zip(self.decoder, reversed(skipped), strict=True):
            features = up(features, skip)
        out: Tensor = self.end(features)
        return out


class Block(nn.Module):
    """(B, channels, T, Z, Y, X) plus what two convolutions make of it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.change = nn.Sequential(*_half(channels), *_half(channels))

    def forward(self, features: Tensor) -> Tensor:
        """The same shape."""
        out: Tensor = features + self.change(features)
        return out


class Up(nn.Module):
    """One level up: features of twice the sides, or one phase less, and `out` channels."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.reduce = Conv4d(channels, out, kernel=1)
        self.upsample = Nearest4d()
        self.block = Block(out)

    def forward(self, features: Tensor, skipped: Tensor) -> Tensor:
        """(B, channels, T, Z, Y, X) and (B, out, 2T or 2T - 1, 2Z, 2Y, 2X) to the latter."""
        above = self.upsample(self.reduce(features))[:, :, : skipped.shape[2]]
        out: Tensor = self.block(above + skipped)
        return out


class Nearest4d(nn.Module):
    """Every value of (B, C, T, Z, Y, X) twice along each of the last four axes."""

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, 2T, 2Z, 2Y, 2X)."""
        doubled = [n for size in features.shape[2:] for n in (size, 2)]
        once = features[:, :, :, None, :, None, :, None, :, None]  # (B, C, T, 1, Z, 1, Y, 1, X, 1)
        return once.expand(*features.shape[:2], *doubled).reshape(
            *features.shape[:2], *(2 * size for size in features.shape[2:])
        )


def _half(channels: int) -> tuple[nn.Module, ...]:
    return nn.GroupNorm(_GROUPS, channels), nn.ReLU(inplace=True), Conv4d(channels, channels)
