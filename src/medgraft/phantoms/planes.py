"""Slice planes: where the scanner cuts the patient."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgraft.core.geometry import BASE_TO_APEX
from medgraft.phantoms.heart import Heart
from medgraft.phantoms.sites import Site

#: How many slices lie above the base and below the apex at end diastole, at most.
MOST_ABOVE, MOST_BELOW = 4, 3
_HEART_MM = np.array([46.0, -38.0, -6.0])


@dataclass(frozen=True, kw_only=True, eq=False)
class SlicePlanes:
    """Parallel planes across the long axis of a heart.

    origin: LPS mm of the centre of the mitral plane at end diastole. axis, right, down: unit vectors in LPS, from base
    to apex, along increasing columns, along increasing rows. depths: (Z,) place of each plane on the axis, mm from
    `origin`. centre: middle of the image, mm from the axis along (right, down). pixel, thickness, step: mm.
    size: rows and columns. turn: angle of the image around the axis, radians.
    """

    origin: NDArray[np.float64]
    axis: NDArray[np.float64]
    right: NDArray[np.float64]
    down: NDArray[np.float64]
    depths: NDArray[np.float64]
    centre: tuple[float, float]
    pixel: float
    thickness: float
    step: float
    size: int
    turn: float

    def affines(self) -> NDArray[np.float64]:
        """(Z, 4, 4) pixel index to LPS mm. A reader looks from the apex, so the normals point to the base."""
        affines = np.tile(np.eye(4), (len(self.depths), 1, 1))
        affines[:, :3, 0] = self.right * self.pixel
        affines[:, :3, 1] = self.down * self.pixel
        affines[:, :3, 2] = np.cross(self.right, self.down)
        u, v = self.ticks()
        affines[:, :3, 3] = self.origin + u[0] * self.right + v[0] * self.down + self.depths[:, None] * self.axis
        return affines

    def ticks(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Place of each column (X,) and of each row (Y,) in mm from the axis."""
        places = (np.arange(self.size) - (self.size - 1) / 2) * self.pixel
        return np.asarray(places + self.centre[0], float), np.asarray(places + self.centre[1], float)

    def slab(self, n: int) -> NDArray[np.float64]:
        """(Z, n) places on the axis that share out each slice's thickness."""
        return self.depths[:, None] + ((np.arange(n) + 0.5) / n - 0.5) * self.thickness


def draw_planes(heart: Heart, site: Site, size: int, n_slices: int | None, random: np.random.Generator) -> SlicePlanes:
    """Planes as a technologist would place them: from above the base to below the apex, by a varying margin.

    With `n_slices` the same range is cut into that many slices, else the site's step says how many there are.
    """
    step = random.uniform(*site.step_mm)
    above = random.choice(MOST_ABOVE + 1, p=(0.15, 0.3, 0.3, 0.15, 0.1)) - 0.5 + random.uniform(-0.4, 0.4)
    below = random.choice(MOST_BELOW + 1, p=(0.25, 0.35, 0.25, 0.15)) - 0.5 + random.uniform(-0.4, 0.4)
    first, last = -above * step, heart.at(0).cavity_end + below * step
    if n_slices is None:
        n_slices = round((last - first) / step) + 1
    else:
        step = (last - first) / max(1, n_slices - 1)
    axis, right, down, turn = _draw_axes(random)
    middle = _HEART_MM + random.normal(0, 5, 3)
    return SlicePlanes(
        origin=middle - axis * 0.45 * heart.length,
        axis=axis,
        right=right,
        down=down,
        depths=np.asarray(first + step * np.arange(n_slices), float),
        centre=(random.uniform(-8, 14), random.uniform(-15, 20)),
        pixel=random.uniform(*site.fov_mm) / size,
        thickness=min(site.thickness_mm, step),
        step=step,
        size=size,
        turn=turn,
    )


def _draw_axes(
    random: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float]:
    axis = BASE_TO_APEX + random.normal(0, 0.06, 3)
    axis /= np.linalg.norm(axis)
    feet = np.array([0.0, 0.0, -1.0])
    down = feet - (feet @ axis) * axis
    down /= np.linalg.norm(down)
    right = np.cross(axis, down)
    turn = float(random.uniform(-0.2, 0.2))
    cos, sin = np.cos(turn), np.sin(turn)
    return axis, cos * right + sin * down, cos * down - sin * right, turn
