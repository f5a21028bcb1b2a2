"""PlanarContour: a closed contour that somebody drew on one image plane."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class PlanarContour:
    """One closed contour in the patient.

    structure: what its source calls what it surrounds. points: (N, 3) in LPS mm, N at least 3, in one plane.
    instance_uid: SOPInstanceUID of the image that it was drawn on, "" where the source does not say.
    """

    structure: str
    points: NDArray[np.float64]
    instance_uid: str = ""
