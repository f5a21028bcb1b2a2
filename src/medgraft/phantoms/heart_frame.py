"""HeartFrame: where a heart lies in the patient."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgraft.phantoms.fields import Field
from medgraft.phantoms.left_ventricle import VentricleState


@dataclass(frozen=True, kw_only=True, eq=False)
class HeartFrame:
    """A heart in the patient.

    apex: LPS mm of the epicardial tip, which stays where it is while the heart beats. axes: (3, 3) unit vectors, rows
    are u (lateral), v (inferior), w (towards the apex). size: outer radius at end diastole, mm.
    """

    apex: NDArray[np.float64]
    axes: NDArray[np.float64]
    size: float

    def coordinates(self, state: VentricleState, point: tuple[Field, ...]) -> tuple[Field, Field, Field]:
        """Heart coordinates of points in LPS mm at a moment."""
        away = [axis - np.float32(at) for axis, at in zip(point, self.apex, strict=True)]
        rows = self.axes.astype(np.float32)
        u, v, w = (a * away[0] + b * away[1] + c * away[2] for a, b, c in rows)
        return u, v, w + np.float32(state.apex)
