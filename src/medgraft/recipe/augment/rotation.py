"""Rotation about the centre of the picture."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """Rotation by an angle drawn evenly from -degrees..degrees; outside the picture its edge pixels continue."""

    degrees: float = 45.0

    def choose(self, rng: np.random.Generator) -> float:
        """An angle in degrees."""
        return float(rng.uniform(-self.degrees, self.degrees))

    def apply(self, images: Tensor, choices: Tensor) -> Tensor:
        """Square images (N, 1, S, S), each turned by its own angle (N,) in degrees, positive anticlockwise."""
        radians = torch.deg2rad(choices.to(images))
        cos, sin, zero = radians.cos(), radians.sin(), torch.zeros_like(radians)
        # The grid maps output to input, in coordinates with y downwards.
        matrix = torch.stack([torch.stack([cos, -sin, zero], -1), torch.stack([sin, cos, zero], -1)], dim=1)
        grid = affine_grid(matrix, list(images.shape), align_corners=False)
        return grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)
