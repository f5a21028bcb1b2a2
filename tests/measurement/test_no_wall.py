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
