"""A canvas on which tissues are painted by signed distance, so that every edge is smooth."""

from dataclasses import dataclass

import numpy as np

from medgraft.phantoms.fields import Field

#: Signal of tissues in balanced SSFP (about T2/T1 and proton density), blood = 1; muscle stands for myocardium too.
SIGNAL = {
    "air": 0.0,
    "lung": 0.10,
    "bone": 0.10,
    "muscle": 0.34,
    "liver": 0.33,
    "marrow": 0.45,
    "spleen": 0.55,
    "fat": 0.80,
    "blood": 1.0,
    "skin fat": 1.05,
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Canvas:
    """Signal (any shape) under construction. pixel: mm over which an edge is blended. signal: of each tissue."""

    values: Field
    pixel: float
    signal: dict[str, float]

    def paint(self, tissue: str, distance: Field, texture: Field | float = 1.0) -> None:
        """Cover with a tissue where the signed distance (mm, negative inside) says so."""
        cover = np.clip(0.5 - distance * np.float32(1 / self.pixel), 0, 1)
        self.values[...] += cover * (np.float32(self.signal[tissue]) * texture - self.values)


def signals(blood_to_muscle: float) -> dict[str, float]:
    """`SIGNAL` at another contrast between blood and muscle."""
    return {**SIGNAL, "muscle": 1 / blood_to_muscle, "liver": 0.95 / blood_to_muscle}
