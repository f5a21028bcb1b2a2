"""The wall of one subject: its thickness by segment, and on its outer surface."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError


@dataclass(frozen=True, kw_only=True, eq=False)
class BullsEye:
    """Thickness by segment of the American Heart Association's model, 1 to 17 or 1 to 16.

    by_source: (17,) or (16,) mm by "reference" or a model's title; NaN where a segment has no wall.
    """

    subject: str
    phase: str
    by_source: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Surface:
    """A closed or open surface with a thickness at each vertex.

    source: "reference" or a model's title. vertices: (V, 3) mm, x to the right, y up, z to the viewer as it is first
    seen. triangles: (F, 3) numbers of vertices, counter-clockwise from outside. thickness: (V,) mm, NaN where unknown.
    """

    subject: str
    phase: str
    source: str
    vertices: NDArray[np.float32]
    triangles: NDArray[np.uint32]
    thickness: NDArray[np.float32]

    def __post_init__(self) -> None:
        """Raise `InputError` where the parts do not fit together."""
        parts = (self.vertices.shape, self.triangles.shape, self.thickness.shape)
        if parts[0][1:] != (3,) or parts[1][1:] != (3,) or parts[2] != parts[0][:1]:
            raise InputError(f"Expected vertices (V, 3), triangles (F, 3) and V thicknesses, got {parts}.")
        if self.triangles.size and int(self.triangles.max()) >= len(self.vertices):
            raise InputError(f"Expected triangles of {len(self.vertices)} vertices, got {int(self.triangles.max())}.")
