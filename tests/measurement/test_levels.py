"""The level of a surface, made part by part, against SciPy's filters on the whole box."""

import numpy as np
import pytest
from benchmarks.shells import sphere
from scipy import ndimage

from medgraft.measurement.grid import grid_of
from medgraft.measurement.regions import BEYOND, OUTSIDE, POOL, regions_of


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (3.0, 1.0, 1.5)])
@pytest.mark.parametrize("last_slice", [None, 20])
def test_parts_give_what_the_whole_box_gives(spacing: tuple[float, float, float], last_slice: int | None) -> None:
    regions = regions_of(sphere(12, 22, spacing).mask[:last_slice], spacing)
    grid = grid_of(regions)
    within = {"inner": ~np.isin(regions.codes, [POOL, POOL + BEYOND]), "outer": regions.codes != OUTSIDE}
    assert max(regions.codes.shape) > 40  # more than one part
    for surface, side in within.items():
        level = getattr(grid, surface)
        np.testing.assert_allclose(level, whole(side, spacing).ravel()[grid.places], atol=1e-5)


def whole(side: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    """Smoothed, sharpened by its Laplacian, and never on the other side of the mask."""
    sigma = 2 * np.sqrt(min(spacing) / np.asarray(spacing))
    smooth = ndimage.gaussian_filter(side.astype(float), sigma, radius=6)
    bent = sum(width**2 * ndimage.correlate1d(smooth, [1.0, -2.0, 1.0], axis=axis) for axis, width in enumerate(sigma))
    level = smooth - 0.5 - bent
    return np.where(side, np.maximum(level, 0.02), np.minimum(level, -0.02))
