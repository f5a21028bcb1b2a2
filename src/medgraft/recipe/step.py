"""What a pixel step is."""

from typing import Protocol

import numpy as np
from torch import Tensor


class Step(Protocol):
    """A deterministic step on images (N, 1, Y, X), a frozen dataclass of plain settings."""

    def apply(self, images: Tensor, size: int) -> Tensor:
        """The images after the step; `size` is the side in pixels that the network reads."""
        ...

    def inverse(self, maps: Tensor, shape: tuple[int, int]) -> Tensor:
        """Maps (N, 1, Y, X) on the step's output brought back to its input of `shape` (Y, X); unseen pixels are 0.

        A step that moves no pixels gives the maps back as they are.
        """
        ...


class RandomStep(Protocol):
    """A step that first chooses, then applies: training may use it, inference leaves its slot empty."""

    def choose(self, rng: np.random.Generator) -> float:
        """One choice, to be recorded."""
        ...

    def apply(self, images: Tensor, choices: Tensor) -> Tensor:
        """The images (N, 1, Y, X) after one recorded choice each, (N,)."""
        ...
