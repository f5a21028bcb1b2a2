"""What a bad model draws is no wall; it is measured all the same, or not at all, and never forever."""

import numpy as np
import pytest

from medgraft.core.seeds import rng
from medgraft.measurement import wall_thickness


@pytest.mark.parametrize("number", range(3))
def test_noise_is_done_with(number: int) -> None:
    mask = rng("noise", number).integers(0, 3, (14, 14, 14)).astype(np.uint8)
    thickness = wall_thickness(mask, (2.0, 1.0, 1.5))
    assert np.isnan(thickness[mask != 2]).all()
    assert (thickness[np.isfinite(thickness)] > 0).all()


@pytest.mark.parametrize(("length", "solved"), [(300, True), (8000, False)])
def test_an_equation_that_is_not_solved_gives_no_thickness(length: int, solved: bool) -> None:
    """Nothing but wall in one line of voxels: conjugate gradients take half as many steps as it is long."""
    mask = np.full((1, 1, length + 2), 2, np.uint8)
    mask[0, 0, [0, -1]] = 1, 0
    thickness = wall_thickness(mask, (1.0, 1.0, 1.0))[mask == 2]
    if solved:
        assert thickness == pytest.approx(length, rel=1e-3)
    else:
        assert np.isnan(thickness).all()
