"""The voxels of an axial CT: where they are in the patient."""

import numpy as np
from numpy.typing import NDArray

from medgraft.phantoms.chest import Point


def axial_affines(
    middle: NDArray[np.float64], shape: tuple[int, int, int], steps: tuple[float, float, float]
) -> NDArray[np.float64]:
    """Affines (Z, 4, 4) of axial slices around a point in LPS mm, the first nearest to the feet."""
    z, y, x = steps
    first = middle - (np.array(shape[::-1]) - 1) / 2 * (x, y, z)
    affines = np.tile(np.diag([x, y, 1.0, 1.0]), (shape[0], 1, 1))
    affines[:, :3, 3] = first
    affines[:, 2, 3] += z * np.arange(shape[0])
    return affines


def voxel_centres(affines: NDArray[np.float64], shape: tuple[int, ...]) -> Point:
    """LPS mm of the voxels of axial slices of shape (Z, Y, X): arrays that broadcast to it."""
    left = (affines[0, 0, 3] + affines[0, 0, 0] * np.arange(shape[2])).astype(np.float32)
    back = (affines[0, 1, 3] + affines[0, 1, 1] * np.arange(shape[1])).astype(np.float32)
    return left[None, None, :], back[None, :, None], affines[:, 2, 3, None, None].astype(np.float32)
