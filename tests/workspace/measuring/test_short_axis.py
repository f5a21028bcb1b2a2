"""A ventricle imaged in any planes is turned into short-axis slices."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from medgraft.measurement import septum_angle, structure_volume
from medgraft.phantoms import CtHeart, ct_heart
from medgraft.workspace.measuring.short_axis import short_axis


def with_right_ventricle(heart: CtHeart, mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The mask, and code 3 where the phantom's own frame has its septal side, around the wall."""
    rows = np.indices(mask.shape).reshape(3, -1)
    affines = heart.stack.affines
    points = affines[rows[0], :3, 3] + rows[1, :, None] * affines[0, :3, 1] + rows[2, :, None] * affines[0, :3, 0]
    wall = points[(mask == 2).ravel()]
    u, v, w = ((points - wall.mean(axis=0)) @ heart.frame.axes.T).T
    septal = (np.abs(np.degrees(np.arctan2(v, -u))) < 30).reshape(mask.shape)
    beside = binary_dilation(mask == 2, iterations=2) & (mask == 0) & septal & (np.abs(w) < 15).reshape(mask.shape)
    return np.where(beside, 3, mask).astype(np.uint8)


@pytest.mark.parametrize("subject", [1, 2, 3])
@pytest.mark.parametrize("site", ["one", "two"])
def test_the_septum_is_where_it_is_said_and_volumes_stay(subject: int, site: str) -> None:
    heart = ct_heart(subject=subject, site=site, size=40, n_phases=2)
    assert heart.stack.mask is not None
    mask = with_right_ventricle(heart, heart.stack.mask[0])
    turned = short_axis(mask, heart.stack.affines)
    assert turned is not None
    off = (septum_angle(turned.mask, turned.spacing) - turned.septum + 180) % 360 - 180
    assert abs(off) < 25
    for structure in ("pool", "myocardium"):
        volume = structure_volume(turned.mask, turned.spacing, structure)
        assert volume == pytest.approx(structure_volume(mask, heart.stack.spacing, structure), rel=0.02)


def test_the_axis_is_that_of_the_heart() -> None:
    """Two points of the mask, far apart along the phantom's own axis, end in slices as far apart."""
    heart = ct_heart(subject=1, site="one", size=40, n_phases=2)
    assert heart.stack.mask is not None
    turned = short_axis(heart.stack.mask[0], heart.stack.affines)
    assert turned is not None
    areas = (turned.mask == 1).sum(axis=(1, 2))
    shown = areas[areas > 0]
    # Round slices: the pool's section falls towards the apex, and each is nearly as wide as high.
    assert shown[-1] < shown[: len(shown) // 2].mean() / 2
    middle = np.argwhere(turned.mask[np.flatnonzero(areas)[len(shown) // 2]] == 1)
    height, width = np.ptp(middle, axis=0)
    assert height == pytest.approx(width, rel=0.35)


def test_a_mask_without_an_opening_has_no_base() -> None:
    closed = np.full((9, 9, 9), 2, np.uint8)
    closed[4, 4, 4] = 1
    affines = np.tile(np.eye(4), (9, 1, 1))
    affines[:, 2, 3] = np.arange(9)
    assert short_axis(closed, affines) is None
    assert short_axis(np.zeros((9, 9, 9), np.uint8), affines) is None


def test_one_slice_alone_has_no_base() -> None:
    ring = np.full((1, 9, 9), 2, np.uint8)
    ring[0, [0, -1]], ring[0, 4, 4] = 0, 1
    assert short_axis(ring, np.eye(4)[None]) is None
