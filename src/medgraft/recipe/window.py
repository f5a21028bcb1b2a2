"""Grey levels of any range to 0..1."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from medgraft.core.stack import thinned

#: More voxels than this say nothing new about a percentile.
_VOXELS_ASKED = 1 << 22


@dataclass(frozen=True, kw_only=True)
class PercentileWindow:
    """Percentiles `low` and `high` (0..100) of each image become 0 and 1; what lies outside is clipped.

    A constant image becomes all 0. MR has no absolute grey scale, so the window is taken from the image itself; one
    image suffices, which keeps single slices and whole stacks alike.

    >>> PercentileWindow(low=0, high=100).apply(torch.tensor([[[[0.0, 5.0, 10.0]]]]), size=3).tolist()
    [[[[0.0, 0.5, 1.0]]]]
    """

    low: float = 1.0
    high: float = 99.0

    def limits(self, pixels: NDArray[Any]) -> tuple[float, float]:
        """The grey levels that become 0 and 1 in a whole sequence (T, Z, Y, X): phases share them and stay comparable.

        Of a large sequence every second, third ... voxel along each axis is asked, never fewer phases.
        """
        low, high = np.percentile(thinned(pixels, _VOXELS_ASKED), [self.low, self.high])
        return float(low), float(high)

    def apply(self, images: Tensor, size: int) -> Tensor:  # noqa: ARG002 (a step's signature)
        """Images (N, 1, Y, X) in 0..1, float32."""
        flat = images.flatten(1).float()
        low, high = _quantiles(flat, torch.tensor([self.low / 100, self.high / 100]))
        scaled = (flat - low[:, None]) / (high - low).clamp_min(1e-6)[:, None]
        windowed: Tensor = scaled.clamp(0, 1).reshape(images.shape)
        return windowed

    def inverse(self, maps: Tensor, shape: tuple[int, int]) -> Tensor:  # noqa: ARG002 (a step's signature)
        """The maps as they are: no pixel moved."""
        return maps


def _quantiles(values: Tensor, levels: Tensor) -> Tensor:
    """Quantiles (Q, N) of each row of (N, M), float32: the numbers of `torch.quantile` in a seventh of its time.

    Sorting is numpy's, which uses the processor's wide registers.
    """
    ordered = torch.from_numpy(np.sort(values.cpu().numpy(), axis=1)).to(values.device)  # NaN comes last
    last = ordered.shape[1] - 1
    ranks = torch.where(ordered[:, -1:].isnan(), last, levels.to(values).double() * last)
    below, above = (ordered.gather(1, rank.long()) for rank in (ranks.floor(), ranks.ceil()))
    return torch.lerp(below, above, (ranks - ranks.floor()).to(values)).T
