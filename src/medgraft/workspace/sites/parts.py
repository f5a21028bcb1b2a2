"""The parts of the heart where annotation rules show: the third next to the valves, and the rest."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medgraft.core.geometry import BASE_TO_APEX, normal_of, positions_along
from medgraft.exchange import Part
from medgraft.workspace.sites.masks import SiteMask

Floats = NDArray[np.floating]

#: Along what base and rest are told apart: the slices of a short-axis stack whose base is known, the heart's usual
#: direction in a patient on the back, or nothing that is known.
Axis = Literal["slices", "usual", "unknown"]

_BASE_SHARE = 1 / 3


def axis_of(a: SiteMask, b: SiteMask) -> Axis:
    """What is known of the heart's long axis in a case that lies alike at both sites."""
    if _base_first(a, b) is not None:
        return "slices"
    return "usual" if a.spacing and a.directions_known and b.directions_known else "unknown"


def heights(a: SiteMask, b: SiteMask) -> Floats | None:
    """How far each voxel is from the base towards the apex, to be broadcast over (Z, Y, X); None where unknown.

    In mm; along slices without a spacing in slices.
    """
    base_first = _base_first(a, b)
    if base_first is not None:
        return _along_slices(a) if base_first else -_along_slices(a)
    return None if axis_of(a, b) == "unknown" else _along_the_heart(a)


def heart_parts(drawn: NDArray[np.bool_], height: Floats | None) -> dict[Part, NDArray[np.bool_]]:
    """Where the parts are, (Z, Y, X); only the whole without heights.

    Args:
        drawn: (Z, Y, X) what any site drew: thirds are of its extent.
        height: of `heights`.
    """
    whole: dict[Part, NDArray[np.bool_]] = {"whole": np.ones(drawn.shape, bool)}
    if height is None:
        return whole
    height = np.broadcast_to(height, drawn.shape)
    there = height[drawn]
    low, high = (float(there.min()), float(there.max())) if there.size else (0.0, 0.0)
    base = height <= low + _BASE_SHARE * (high - low)
    return {**whole, "base": base, "rest": ~base}


def _base_first(a: SiteMask, b: SiteMask) -> bool | None:
    """None where no site knows, or they do not say the same."""
    known = {a.base_first, b.base_first} - {None}
    return known.pop() if len(known) == 1 else None


def _along_slices(site: SiteMask) -> Floats:
    """(Z, 1, 1) from the first slice towards the last."""
    places = np.arange(len(site.affines), dtype=float)
    if site.spacing:
        places = positions_along(site.affines, normal_of(site.affines[0]))
    return np.asarray(places * np.sign(places[-1] - places[0])).reshape(-1, 1, 1)


def _along_the_heart(site: SiteMask) -> Floats:
    """(Z, Y, X) from the base towards the apex."""
    step_x, step_y, origin = ((site.affines[:, :3, column] @ BASE_TO_APEX).astype(np.float32) for column in (0, 1, 3))
    _, _, rows, columns = site.mask.shape
    y, x = np.arange(rows, dtype=np.float32), np.arange(columns, dtype=np.float32)
    height: Floats = origin[:, None, None] + step_y[:, None, None] * y[:, None] + step_x[:, None, None] * x
    return height
