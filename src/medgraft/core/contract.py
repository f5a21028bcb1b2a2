"""InputContract: what a set of weights expects at its input. It belongs to the weights, not to the network."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class InputContract:
    """Pixels in 0..1 become `(x - mean) / std`, per channel, at `size` x `size` pixels.

    channels: 3 for networks trained on colour pictures (grey is copied), 1 where the stem was summed over colours.
    order: the order of the channels the weights were trained with.

    "x / 127.5 - 1" on 0..255 is mean 0.5, std 0.5 here.
    """

    size: int
    channels: int = 3
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    order: Literal["RGB", "BGR"] = "RGB"
