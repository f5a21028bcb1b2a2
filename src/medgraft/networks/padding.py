"""Padding of strided convolutions as TensorFlow does it ("same"), written so that torch.fx can trace it at any size."""

import torch.nn.functional as F
from torch import Tensor


def strided_pad(x: Tensor, kernel: int) -> Tensor:
    """Zeros around (N, C, H, W) for stride 2: one row and column less at the top and left where the size is even.

    kernel: odd, in pixels. Arithmetic without branches: in a trace, H and W are not numbers yet.
    """
    height, width = x.shape[2], x.shape[3]
    half = kernel // 2
    return F.pad(x, (half - 1 + width % 2, half, half - 1 + height % 2, half))
