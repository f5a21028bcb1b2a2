"""CBR networks: convolution, batch norm, ReLU and max pooling, for training from scratch.

Raghu et al. 2019, "Transfusion", arXiv 1902.07208. Widths, 2x2 pooling and valid padding are those of Ho and Kim 2021
(doi 10.1038/s41598-021-81525-9); Raghu's own text pools 3x3 with stride 2.
"""

from itertools import pairwise

from torch import Tensor, nn

from medgraft.networks.initial import initialise


class CBR(nn.Module):
    """Images (N, in_chans, H, W) to features (N, widths[-1]).

    widths: channels of each block. kernel: side of the convolutions, in pixels. padding: "valid" or "same".
    """

    def __init__(self, widths: tuple[int, ...], kernel: int, padding: str = "valid", in_chans: int = 3) -> None:
        super().__init__()
        channels = pairwise((in_chans, *widths))
        self.blocks = nn.Sequential(*(_block(before, after, kernel, padding) for before, after in channels))
        self.global_pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        """Pooled features."""
        features: Tensor = self.global_pool(self.blocks(x))
        return features


def _block(channels: int, out: int, kernel: int, padding: str) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, out, kernel, padding=padding, bias=False),
        nn.BatchNorm2d(out),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
    )
