"""Grey levels of any range to 0..1."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from medgraft.core.errors import InputError
from medgraft.core.stack import grey_levels

#: More voxels than this say nothing new about a percentile.
_VOXELS_ASKED = 1 << 22


@dataclass(frozen=True, kw_only=True)
class PercentileWindow:
    """Percentiles `low` and `high` (0..100) of each image become 0 and 1; what lies outside is clipped.

    A constant image becomes all 0; so do pixels that are no number, and they have no part in the percentiles. MR has no
    absolute grey scale, so the window is taken from the image itself; one image suffices, which keeps single slices and
    whole stacks alike.

    >>> PercentileWindow(low=0, high=100).apply(torch.tensor([[[[0.0, 5.0, 10.0]]]]), size=3).tolist()
    [[[[0.0, 0.5, 1.0]]]]
    """

    low: float = 1.0
    high: float = 99.0

    def __post_init__(self) -> None:
        """Raise `InputError` for what are no two percentiles in order."""
        if not 0 <= self.low < self.high <= 100:
            raise InputError(
                f"Expected a window of percentiles 0 to 100, low below high, got {self.low} and {self.high}."
            )

    def limits(self, pixels: NDArray[Any]) -> tuple[float, float]:
        """The grey levels that become 0 and 1 in a whole sequence (T, Z, Y, X): phases share them and stay comparable.

        Of a large sequence every second, third ... voxel along each axis is asked, never fewer phases.
        """
        low, high = grey_levels(pixels, [self.low, self.high], most=_VOXELS_ASKED)
        return low, high

    def apply(self, images: Tensor, size: int) -> Tensor:  # noqa: ARG002 (a step's signature)
        """Images (N, 1, Y, X) in 0..1, float32."""
        flat = images.flatten(1).float()
        low, high = _quantiles(flat, torch.tensor([self.low / 100, self.high / 100]))
        width = high - low
        scaled = (flat - low[:, None]) / width.where(width > 0, 1)[:, None]
        windowed: Tensor = scaled.clamp(0, 1).nan_to_num_(0).reshape(images.shape)
        return windowed

    def inverse(self, maps: Tensor, shape: tuple[int, int]) -> Tensor:  # noqa: ARG002 (a step's signature)
        """The maps as they are: no pixel moved."""
        return maps


def _quantiles(values: Tensor, levels: Tensor) -> Tensor:
    """Quantiles (Q, N) of the finite numbers of each row of (N, M), float32; NaN where a row has none.

    Those of `torch.quantile` in a seventh of its time: sorting is numpy's, which uses the processor's wide registers.
    """
    numbers = values.where(values.isfinite(), torch.nan)
    ordered = torch.from_numpy(np.sort(numbers.cpu().numpy(), axis=1)).to(values.device)  # NaN comes last
    last = (~ordered.isnan()).sum(1, keepdim=True).sub_(1).clamp_min_(0)
    ranks = levels.to(values).double() * last
    below, above = (ordered.gather(1, rank.long()) for rank in (ranks.floor(), ranks.ceil()))
    return torch.lerp(below, above, (ranks - ranks.floor()).to(values)).T
