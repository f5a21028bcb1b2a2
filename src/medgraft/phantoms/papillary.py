"""Papillary muscles: ellipsoids in the spheroidal coordinates of the cavity (see `left_ventricle`)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from medgraft.phantoms.fields import Field

#: Centre on q, and how far the muscle leans from the cavity's middle to the wall on its way to the apex.
_CENTRE_Q, _LEAN = 0.22, 0.9
#: At size 1: half-axes along depth (p - 1) / (inner - 1), along q, around the long axis (radians); centre on depth.
_HALF_DEPTH, _HALF_Q, _HALF_ANGLE, _CENTRE_DEPTH = 0.30, 0.32, 0.28, 0.55

_RADII, _RADIUS_WEIGHTS = np.polynomial.legendre.leggauss(24)
_TURNS = np.arange(48) * 2 * np.pi / 48


@dataclass(frozen=True, kw_only=True)
class Papillary:
    """One papillary muscle. size: factor on its half-axes. angle: around the long axis. focus, inner: of the cavity."""

    size: float
    angle: float
    focus: float
    inner: float

    @classmethod
    def of_volume(cls, volume_ml: float, *, angle: float, focus: float, inner: float) -> "Papillary":
        """The muscle that has this volume in this cavity."""

        def surplus(size: float) -> float:
            return cls(size=size, angle=angle, focus=focus, inner=inner).volume_ml - volume_ml

        return cls(size=float(brentq(surplus, 0.05, 4.0, xtol=1e-9)), angle=angle, focus=focus, inner=inner)

    @property
    def volume_ml(self) -> float:
        """The volume within the cavity: closed form along p, fine quadrature over q and the angle (about 1e-4)."""
        radius, weight = (_RADII[:, None] + 1) / 2, _RADIUS_WEIGHTS[:, None] / 2
        q = _CENTRE_Q + self.size * _HALF_Q * radius * np.cos(_TURNS)
        middle, half = self._middle(q), self.size * _HALF_DEPTH * np.sqrt(1 - radius**2)
        low, high = (1 + (self.inner - 1) * np.clip(depth, 0, 1) for depth in (middle - half, middle + half))
        columns = (high**3 - low**3) / 3 - q**2 * (high - low)
        area = self.size**2 * _HALF_Q * _HALF_ANGLE * 2 * np.pi / len(_TURNS)
        return float(1e-3 * self.focus**3 * area * (columns * radius * weight).sum())

    def holds(self, p: Field, q: Field, angle: Field) -> NDArray[np.bool_]:
        """True where points of the cavity, by p, q and their angle around the long axis, are muscle."""
        depth = (p - 1) / np.float32(self.inner - 1)
        turn = np.mod(angle - self.angle + np.pi, 2 * np.pi) - np.pi
        reach = (
            ((depth - self._middle(q)) / _HALF_DEPTH) ** 2
            + ((q - _CENTRE_Q) / _HALF_Q) ** 2
            + (turn / _HALF_ANGLE) ** 2
        )
        return np.asarray((reach < self.size**2) & (p < self.inner))

    @staticmethod
    def _middle(q: Field) -> Field:
        return np.asarray(_CENTRE_DEPTH + _LEAN * (q - _CENTRE_Q))
