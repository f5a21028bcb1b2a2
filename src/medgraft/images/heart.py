"""What a stack's tags say about the heart: is it a short-axis stack, and which end is the base?"""

import re

import numpy as np
from numpy.typing import NDArray

from medgraft.core.geometry import BASE_TO_APEX, points_to_apex
from medgraft.images.grid import Grid

_SHORT_AXIS = re.compile(r"short[ _-]?ax|\bsax|sax\b|_sax|sax_|\bsa\b|_sa_", re.IGNORECASE)

#: Cosine to the heart's usual long axis asked of a cine with and without a telling name; axial: 0.55.
_NEAR_LONG_AXIS = {True: 0.35, False: 0.7}

#: A cine that starts later than this after the R wave (ms) does not start at end diastole.
_LATEST_ED = 100.0


def shows_short_axis(grid: Grid, normal: NDArray[np.float64]) -> bool:
    """True for an MR or CT stack that is named short axis, or is a cardiac cine across the heart's long axis."""
    first = grid.slices[0][0]
    if first.modality not in ("MR", "CT") or first.affine is None or len(grid.slices) < 2:
        return False
    named = any(_SHORT_AXIS.search(text) for text in (first.description, first.facts.get("ProtocolName", "")))
    along = abs(float(normal @ BASE_TO_APEX)) / float(np.linalg.norm(BASE_TO_APEX))
    return (named or _is_cine(grid)) and along > _NEAR_LONG_AXIS[named]


def base_is_last(normal: NDArray[np.float64]) -> bool:
    """True if slices along +normal run from the apex to the base."""
    return not points_to_apex(normal)


def starts_at_end_diastole(grid: Grid) -> bool:
    """True for a cine timed from the R wave: by convention its first phase is end diastole."""
    return _is_cine(grid) and grid.key.milliseconds and grid.times is not None and 0 <= grid.times[0] <= _LATEST_ED


def _is_cine(grid: Grid) -> bool:
    return len(grid.slices[0]) > 2 and grid.key.axis == "cardiac phase"
