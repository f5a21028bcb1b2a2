"""Any matrix to the side that the network reads."""

from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import interpolate


@dataclass(frozen=True, kw_only=True)
class Resize:
    """Antialiased bilinear interpolation to (size, size), both axes on their own as in the paper."""

    def apply(self, images: Tensor, size: int) -> Tensor:
        """Images (N, 1, size, size)."""
        return _bilinear(images, (size, size))

    def inverse(self, maps: Tensor, shape: tuple[int, int]) -> Tensor:
        """Maps (N, 1, *shape)."""
        return _bilinear(maps, shape)


def _bilinear(images: Tensor, shape: tuple[int, int]) -> Tensor:
    if tuple(images.shape[-2:]) == tuple(shape):
        return images
    return interpolate(images, size=shape, mode="bilinear", align_corners=False, antialias=True)
