"""The middle of the picture, scaled back to full size."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from medgraft.core.errors import InputError


@dataclass(frozen=True, kw_only=True)
class CentreCrop:
    """The centre crop that keeps `fraction` (0..1] of each axis, scaled back by antialiased bilinear interpolation.

    It comes after the rotation, so that the corners are filled with true pixels (Ho and Kim 2021).
    """

    fraction: float = 0.6

    def __post_init__(self) -> None:
        """Raise `InputError` for what is no part of an axis."""
        if not 0 < self.fraction <= 1:
            raise InputError(f"Expected a crop that keeps more than 0 and at most 1 of each axis, got {self.fraction}.")

    def apply(self, images: Tensor, size: int) -> Tensor:
        """Images (N, 1, size, size)."""
        top, left, height, width = self._box(images.shape[-2], images.shape[-1])
        cropped = images[..., top : top + height, left : left + width]
        return interpolate(cropped, size=(size, size), mode="bilinear", align_corners=False, antialias=True)

    def inverse(self, maps: Tensor, shape: tuple[int, int]) -> Tensor:
        """Maps (N, 1, *shape): the crop put back at its place, 0 around it."""
        top, left, height, width = self._box(*shape)
        small = interpolate(maps, size=(height, width), mode="bilinear", align_corners=False, antialias=True)
        full = torch.zeros((*maps.shape[:2], *shape), dtype=maps.dtype, device=maps.device)
        full[..., top : top + height, left : left + width] = small
        return full

    def _box(self, rows: int, columns: int) -> tuple[int, int, int, int]:
        height, width = max(1, round(rows * self.fraction)), max(1, round(columns * self.fraction))
        return (rows - height) // 2, (columns - width) // 2, height, width
