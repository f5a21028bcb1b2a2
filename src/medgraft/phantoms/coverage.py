"""Which share of each voxel is muscle and which is cavity: partial volume and motion."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from medgraft.core.task import MASK_CODES
from medgraft.phantoms.annotation import TISSUE, annotate
from medgraft.phantoms.fields import Field
from medgraft.phantoms.heart_frame import HeartFrame
from medgraft.phantoms.left_ventricle import VentricleState, spheroidal

#: Opposite corners of a voxel are looked at in the same moment, so that place and moment are not correlated.
_CORNERS = tuple(product((-0.25, 0.25), repeat=3))
_MOMENTS = (0, 1, 2, 3, 3, 2, 1, 0)
N_MOMENTS = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class Coverage:
    """Which share of each voxel near the ventricle is muscle and cavity: near (Z, Y, X), and (N,) of those voxels."""

    near: NDArray[np.bool_]
    muscle: Field
    pool: Field


def cover(frame: HeartFrame, moments: Sequence[VentricleState], point: tuple[Field, ...], step: Field) -> Coverage:
    """Look at each voxel at 8 places, at `N_MOMENTS` moments of a phase: partial volume and motion.

    point: LPS mm of voxels' centres, arrays that broadcast to (Z, Y, X). step: (L, P, S) size of a voxel, mm.
    """
    whole = np.broadcast_arrays(*point)
    u, v, w = frame.coordinates(moments[0], tuple(whole))
    margin = 3 + float(np.max(step)) + abs(moments[0].apex - moments[-1].apex)
    p, _q = spheroidal(u, v, w, moments[0].focus)
    near = (p < moments[0].outer + 2 * margin / moments[0].focus) & (w > moments[0].base - 15 - margin)
    places = [axis[near].astype(np.float32) for axis in whole]
    muscle, pool = np.zeros(len(places[0]), np.float32), np.zeros(len(places[0]), np.float32)
    for corner, moment in zip(_CORNERS, _MOMENTS, strict=True):
        at = tuple(axis + np.float32(share * size) for axis, share, size in zip(places, corner, step, strict=True))
        tissue = annotate(moments[moment], TISSUE, *frame.coordinates(moments[moment], at))
        muscle += tissue == MASK_CODES["myocardium"]
        pool += tissue == MASK_CODES["pool"]
    return Coverage(near=near, muscle=muscle / len(_CORNERS), pool=pool / len(_CORNERS))
