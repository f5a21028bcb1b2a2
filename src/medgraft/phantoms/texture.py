"""Texture: a smooth random field that fills space, so that neighbouring slices and phases agree."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from medgraft.phantoms.fields import Field

_SIDE = 64


@dataclass(frozen=True, kw_only=True, eq=False)
class Texture:
    """A periodic field of 64 x 64 x 64 cells with mean 0 and standard deviation 1."""

    cells: Field

    def at(self, point: tuple[Field, ...], cell_mm: float) -> Field:
        """The field at a point (three arrays of mm that broadcast), with cells of `cell_mm`."""
        x, y, z = ((axis * np.float32(1 / cell_mm)).astype(np.int32) & (_SIDE - 1) for axis in point)
        return np.asarray(self.cells.reshape(-1)[(x * _SIDE + y) * _SIDE + z])

    def smooth_at(self, point: tuple[Field, ...], cell_mm: float) -> Field:
        """As `at`, interpolated: for textures that shape an edge."""
        places = np.stack(np.broadcast_arrays(*point)) / np.float32(cell_mm)
        return np.asarray(map_coordinates(self.cells, places, order=1, mode="grid-wrap"), np.float32)


def draw_texture(random: np.random.Generator, smooth: float = 1.5) -> Texture:
    """A texture whose grains are about `smooth` cells wide."""
    white = random.standard_normal((_SIDE,) * 3, dtype=np.float32)
    cells = gaussian_filter(white, smooth, mode="wrap")
    return Texture(cells=cells / cells.std())
