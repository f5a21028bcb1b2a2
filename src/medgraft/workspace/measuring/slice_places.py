"""Where the slices of a stack lie, for measuring."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgraft.core.cohort import StackEntry
from medgraft.core.geometry import normal_of, positions_along, slices_aside


@dataclass(frozen=True, kw_only=True, eq=False)
class SlicePlaces:
    """Where the slices of a stack lie.

    spacing: (z, y, x) in mm; None where it is unknown or slices do not follow each other. positions: (Z,) mm along the
    normal where slices are not equally far apart, else None. aside: as `core.geometry.slices_aside`.
    """

    spacing: tuple[float, float, float] | None
    positions: NDArray[np.float64] | None = None
    aside: NDArray[np.float64] | None = None

    @classmethod
    def of(cls, entry: StackEntry) -> "SlicePlaces":
        """The places that a stack's affines say."""
        if entry.spacing is None or entry.even_spacing:
            return cls(spacing=entry.spacing, aside=slices_aside(entry.affine_stack))
        positions = positions_along(entry.affine_stack, normal_of(entry.affine_stack[0]))
        steps = np.diff(positions)
        in_order = (steps > 0).all() or (steps < 0).all()
        return cls(spacing=entry.spacing if in_order else None, positions=positions)
