"""The closed forms that thickness is compared with, at places where they are known otherwise."""

from collections.abc import Callable

import numpy as np
import pytest
from benchmarks.shells import SHELLS, Shell, ellipsoid, large_sphere, sphere, taper

ALL = [(grid, make) for grid, shells in SHELLS.items() for make in shells]


def test_an_ellipsoid_is_as_thick_as_its_half_axes_differ() -> None:
    long, short, wall = 24.0, 15.0, 11.0
    shell = ellipsoid((long, short), wall)
    middle = np.array(shell.mask.shape) // 2
    focus = np.sqrt(long**2 - short**2)
    pole = np.hypot(focus, short + wall) - long
    assert shell.truth[middle[0], middle[1], -1] == pytest.approx(wall, rel=1e-3)
    assert shell.truth[-1, middle[1], middle[2]] == pytest.approx(pole, rel=1e-2)


def test_a_cone_grows_thicker_with_the_way_from_its_tip() -> None:
    shell = taper(0.2, 0.35, (40, 75))
    compared = np.isfinite(shell.truth) & (shell.mask == 2)
    per_slice = [shell.truth[index][compared[index]].mean() for index in np.flatnonzero(compared.any(axis=(1, 2)))]
    assert (np.diff(per_slice) > 0).all()
    assert 0.15 * 50 < per_slice[0] < per_slice[-1] < 0.15 * 75


def test_a_large_sphere_is_a_sphere() -> None:
    mask = large_sphere(20, 8)
    assert (mask == 2).sum() == pytest.approx(4 / 3 * np.pi * (20**3 - 12**3), rel=0.02)
    assert (mask == 1).sum() == pytest.approx((sphere(12, 20).mask == 1).sum(), rel=0.02)


@pytest.mark.parametrize(("grid", "make"), ALL)
def test_walls_are_ten_to_twelve_voxels_and_nothing_touches_the_border(grid: str, make: Callable[[], Shell]) -> None:
    shell = make()
    compared = shell.truth[(shell.mask == 2) & np.isfinite(shell.truth)]
    assert 7 < np.median(compared) <= 12.5
    assert shell.spacing[0] == {"1:1:1": 1.0, "1:1:3": 3.0}[grid]
    assert not shell.mask[:, [0, -1]].any()
    assert not shell.mask[:, :, [0, -1]].any()
