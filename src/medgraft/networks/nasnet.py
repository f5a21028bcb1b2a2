"""NASNet-A as Keras Applications builds it, with its padding (Zoph et al. 2018, arXiv 1707.07012).

Cells carry the block ids of Keras ("stem_1", "0", ..., "reduce_4", ...), branches its "left1", "right1", ...
Batch norm keeps torch's momentum of 0.1: Keras' 0.9997 forgets the old statistics only after tens of thousands of
steps, and fine-tuning on medical images has hundreds.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from medgraft.networks.initial import initialise
from medgraft.networks.padding import strided_pad

_EPS = 1e-3


class NASNet(nn.Module):
    """Images (N, in_chans, H, W) to features (N, penultimate). Mobile is 4 @ 1056 with a stem of 32.

    n_blocks: normal cells between two reductions (N in the paper's "N @ P"). penultimate: P.
    """

    def __init__(self, n_blocks: int = 4, penultimate: int = 1056, stem: int = 32, in_chans: int = 3) -> None:
        super().__init__()
        self.conv0 = nn.Conv2d(in_chans, stem, 3, 2, bias=False)
        self.bn0 = nn.BatchNorm2d(stem, eps=_EPS)
        self.cells = nn.ModuleDict()
        before, channels, halved = stem, stem, False
        for name, reduces, filters in cell_layout(n_blocks, penultimate):
            cell = (ReductionCell if reduces else NormalCell)(channels, before, filters, _adjust_kind(name, halved))
            self.cells[name] = cell
            before, channels, halved = channels, cell.n_out * filters, reduces
        self.act = nn.ReLU()
        self.global_pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        """Pooled features."""
        x = self.bn0(self.conv0(x))
        previous = x
        for cell in self.cells.values():
            x, previous = cell(x, previous), x
        features: Tensor = self.global_pool(self.act(x))
        return features


def cell_layout(n_blocks: int, penultimate: int) -> list[tuple[str, bool, int]]:
    """(Keras block id, whether the cell halves the resolution, filters) of each cell, from input to output."""
    filters = penultimate // 24
    layout = [("stem_1", True, filters // 4), ("stem_2", True, filters // 2)]
    layout += [(f"{i}", False, filters) for i in range(n_blocks)]
    for level in (1, 2):
        wide = filters * 2**level
        layout.append((f"reduce_{level * n_blocks}", True, wide))
        layout += [(f"{level * n_blocks + i + 1}", False, wide) for i in range(n_blocks)]
    return layout


class NormalCell(nn.Module):
    """Keeps the resolution; gives 6 * filters channels (Figure 4, left)."""

    n_out = 6

    def __init__(self, channels: int, before: int, filters: int, adjust: str) -> None:
        super().__init__()
        self.adjust = _ADJUST[adjust](before, filters)
        self.squeeze = Squeeze(channels, filters)
        self.left1 = SeparablePair(filters, filters, 5)
        self.right1 = SeparablePair(filters, filters, 3)
        self.left2 = SeparablePair(filters, filters, 5)
        self.right2 = SeparablePair(filters, filters, 3)
        self.left5 = SeparablePair(filters, filters, 3)

    def forward(self, x: Tensor, previous: Tensor) -> Tensor:
        """`x` is the last cell's output, `previous` that of the one before."""
        p, h = self.adjust(previous), self.squeeze(x)
        return torch.cat(
            [
                p,
                self.left1(h) + self.right1(p),
                self.left2(p) + self.right2(p),
                _average(h) + p,
                _average(p) + _average(p),
                self.left5(h) + h,
            ],
            dim=1,
        )


class ReductionCell(nn.Module):
    """Halves the resolution; gives 4 * filters channels (Figure 4, right)."""

    n_out = 4

    def __init__(self, channels: int, before: int, filters: int, adjust: str) -> None:
        super().__init__()
        self.adjust = _ADJUST[adjust](before, filters)
        adjusted = before if adjust == "none" else filters
        self.squeeze = Squeeze(channels, filters)
        self.left1 = SeparablePair(filters, filters, 5, stride=2)
        self.right1 = SeparablePair(adjusted, filters, 7, stride=2)
        self.right2 = SeparablePair(adjusted, filters, 7, stride=2)
        self.right3 = SeparablePair(adjusted, filters, 5, stride=2)
        self.left4 = SeparablePair(filters, filters, 3)

    def forward(self, x: Tensor, previous: Tensor) -> Tensor:
        """`x` is the last cell's output, `previous` that of the one before."""
        p, h = self.adjust(previous), self.squeeze(x)
        # Zeros, not minus infinity, and counted by the average: Keras pads first and then pools without padding.
        h3 = strided_pad(h, 3)
        largest = F.max_pool2d(h3, 3, 2)
        x1 = self.left1(h) + self.right1(p)
        x2 = largest + self.right2(p)
        x3 = F.avg_pool2d(h3, 3, 2) + self.right3(p)
        return torch.cat([x2, x3, _average(x1) + x2, self.left4(x1) + largest], dim=1)


class Squeeze(nn.Module):
    """ReLU, 1x1 convolution, batch norm."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, filters, 1, bias=False)
        self.bn = nn.BatchNorm2d(filters, eps=_EPS)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) to (N, filters, H, W)."""
        out: Tensor = self.bn(self.conv(F.relu(x)))
        return out


class Halve(nn.Module):
    """Halves the resolution of the older path by two shifted samplings (Keras' adjust_reduction_block)."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, filters // 2, 1, bias=False)
        self.conv2 = nn.Conv2d(channels, filters // 2, 1, bias=False)
        self.bn = nn.BatchNorm2d(filters, eps=_EPS)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) to (N, filters, H / 2, W / 2)."""
        x = F.relu(x)
        shifted = F.pad(x, (0, 1, 0, 1))[:, :, 1:, 1:]
        paths = [self.conv1(x[:, :, ::2, ::2]), self.conv2(shifted[:, :, ::2, ::2])]
        out: Tensor = self.bn(torch.cat(paths, dim=1))
        return out


class SeparablePair(nn.Module):
    """Twice ReLU, separable convolution, batch norm; the first may be strided."""

    def __init__(self, channels: int, filters: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = SeparableConv(channels, filters, kernel, stride)
        self.bn1 = nn.BatchNorm2d(filters, eps=_EPS)
        self.conv2 = SeparableConv(filters, filters, kernel)
        self.bn2 = nn.BatchNorm2d(filters, eps=_EPS)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) to (N, filters, H / stride, W / stride)."""
        x = self.bn1(self.conv1(F.relu(x)))
        out: Tensor = self.bn2(self.conv2(F.relu(x)))
        return out


class SeparableConv(nn.Module):
    """Depthwise then pointwise convolution, nothing between."""

    def __init__(self, channels: int, filters: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride
        padding = kernel // 2 if stride == 1 else 0
        self.depthwise = nn.Conv2d(channels, channels, kernel, stride, padding, groups=channels, bias=False)
        self.pointwise = nn.Conv2d(channels, filters, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) to (N, filters, H / stride, W / stride)."""
        x = x if self.stride == 1 else strided_pad(x, self.kernel)
        out: Tensor = self.pointwise(self.depthwise(x))
        return out


def _average(x: Tensor) -> Tensor:
    return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)


def _adjust_kind(name: str, halved: bool) -> str:
    """How the older path is made to fit: the first cell takes it as it is, after a reduction it is halved."""
    if name == "stem_1":
        return "none"
    return "halve" if halved else "squeeze"


_ADJUST = {"none": lambda _channels, _filters: nn.Identity(), "squeeze": Squeeze, "halve": Halve}
