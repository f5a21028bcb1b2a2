"""What a bad model draws is no wall; it is measured all the same, or not at all, and never forever."""

import time

import numpy as np
import pytest

from medgraft.core.seeds import rng
from medgraft.measurement import wall_thickness
from medgraft.measurement.regions import regions_of


@pytest.mark.parametrize("number", range(3))
def test_noise_is_done_with(number: int) -> None:
    mask = rng("noise", number).integers(0, 3, (14, 14, 14)).astype(np.uint8)
    thickness = wall_thickness(mask, (2.0, 1.0, 1.5))
    assert np.isnan(thickness[mask != 2]).all()
    assert (thickness[np.isfinite(thickness)] > 0).all()


def test_time_grows_with_the_specks_of_a_mask_and_not_with_their_square() -> None:
    drawn = rng("specks").random((2, 64, 160, 160))
    specks = np.select([drawn[0] < 0.02, drawn[1] < 0.02], [1, 2], 0).astype(np.uint8)
    start = time.process_time()
    regions_of(specks, (1.0, 1.0, 1.0))
    assert time.process_time() - start < 3  # it takes a tenth of one; the square took eleven


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
