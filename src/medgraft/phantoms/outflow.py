"""The outflow tract between mitral plane and aortic valve, and the root of the aorta beyond it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgraft.phantoms.fields import Field
from medgraft.phantoms.left_ventricle import VentricleState

#: From the mitral plane to the aortic valve, and from there as far as the root is drawn; mm along the long axis.
LENGTH_MM, ROOT_MM = 12.0, 45.0
#: Radius over that of the mitral plane's opening, where its centre is there, and how far it leans per mm of height.
_RADIUS, _AWAY, _LEAN = 0.42, 0.5, 0.45
_TOWARDS = (-0.8, -0.6)
_ROOT_RADIUS_MM = 13.5


@dataclass(frozen=True, kw_only=True)
class Outflow:
    """A leaning tube of discs parallel to the mitral plane; mm. base: of the mitral plane on w. opening: its radius."""

    base: float
    opening: float

    @classmethod
    def of(cls, state: VentricleState) -> "Outflow":
        """The outflow tract of a ventricle."""
        return cls(base=state.base, opening=state.base_radius)

    def volume_ml(self, below_base: float = 0.0) -> float:
        """The exact volume from the valve down to `below_base` mm below the mitral plane (Cavalieri)."""
        return 1e-3 * float(np.pi) * (_RADIUS * self.opening) ** 2 * (LENGTH_MM + below_base)

    def holds(self, u: Field, v: Field, w: Field) -> NDArray[np.bool_]:
        """True below the valve where points in heart coordinates are in the tube, however far down."""
        return np.asarray((self._reach(u, v, w) < _RADIUS * self.opening) & (w > self.base - LENGTH_MM))

    def distance(self, u: Field, v: Field, w: Field) -> Field:
        """Signed distance, near enough, of the tract above the mitral plane."""
        tube = self._reach(u, v, w) - _RADIUS * self.opening
        return np.asarray(np.maximum(tube, np.maximum(w - self.base, self.base - LENGTH_MM - w)), np.float32)

    def root_distance(self, u: Field, v: Field, w: Field) -> Field:
        """Signed distance, near enough, of the aortic root above the valve."""
        valve = self.base - LENGTH_MM
        return np.asarray(
            np.maximum(self._reach(u, v, w) - _ROOT_RADIUS_MM, np.maximum(w - valve, valve - ROOT_MM - w)), np.float32
        )

    def _reach(self, u: Field, v: Field, w: Field) -> Field:
        away = _AWAY * self.opening + _LEAN * (self.base - w)
        return np.hypot(u - _TOWARDS[0] * away, v - _TOWARDS[1] * away)
