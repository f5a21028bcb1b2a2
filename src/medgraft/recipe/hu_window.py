"""Hounsfield units to 0..1."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError

#: What images in HU say they are (DICOM Modality); who says nothing is taken for CT.
IN_HU = frozenset({"", "CT"})


@dataclass(frozen=True, kw_only=True)
class HuWindow:
    """`low` and `high` in HU become 0 and 1; what lies outside is clipped.

    The default is for cardiac CT with contrast: fat (-100), muscle (100) and filled cavities (300 to 550) stay apart,
    while lung, air and dense bone, which say nothing about the wall, are clipped. HU mean the same in every scanner, so
    the window is not taken from the image. Voxels that are no number become 0.

    >>> HuWindow().limits(np.zeros((1, 4, 8, 8)))
    (-200.0, 600.0)
    """

    low: float = -200.0
    high: float = 600.0

    def __post_init__(self) -> None:
        """Raise `InputError` for a window that has no width or no end."""
        if not -math.inf < self.low < self.high < math.inf:
            raise InputError(f"Expected a window from low to high, got {self.low} to {self.high}.")

    def limits(self, pixels: NDArray[np.generic]) -> tuple[float, float]:  # noqa: ARG002 (a window's signature)
        """The HU that become 0 and 1, whatever the pixels (T, Z, Y, X)."""
        return self.low, self.high
