"""The left ventricle of a CT phantom: confocal prolate spheroids, so that volumes and wall thickness are exact.

Heart coordinates in mm: u towards the lateral wall, v towards the inferior wall, w from base to apex along the long
axis, 0 in the middle between the foci. With the focal distance c, a point has p = (r1 + r2) / 2c >= 1 (r1, r2: its
distances from the foci) and q = (r1 - r2) / 2c in -1..1, and a volume is c^3 (p^2 - q^2) dp dq dphi.

Endocardium and epicardium are surfaces of constant p, and the wall ends at the base on a surface of constant q. So
Laplace's equation between them, with no flux through the base, is solved by a function of p alone; its streamlines
are curves of constant q, and the thickness is the length of such a curve.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from medgraft.phantoms.fields import Field
from medgraft.phantoms.papillary import Papillary

#: The base of the cavity as q: a cut beyond the equator, as in most models of the ventricle.
BASE_Q = -0.45

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(32)
_ML = 1e-3


@dataclass(frozen=True, kw_only=True)
class LeftVentricle:
    """One subject's left ventricle.

    cavity_ml: volume of the cavity at end diastole, papillary muscles in it. elongation: long over short half-axis of
    the endocardium at end diastole. wall: thickness at the equator at end diastole, mm. ejection: share of the cavity
    that is emptied. shortening: share by which the long axis shortens. papillary_ml: volume of each papillary muscle;
    papillary_angles: where they are around the long axis, radians from u to v.
    """

    cavity_ml: float
    elongation: float
    wall: float
    ejection: float
    shortening: float
    papillary_ml: float
    papillary_angles: tuple[float, float]

    @cached_property
    def wall_ml(self) -> float:
        """The volume of the wall without papillary muscles, the same at every moment: muscle is incompressible."""
        long, short = self._cavity(0.0)
        focus = float(np.sqrt(long**2 - short**2))
        return wall_ml(focus, long / focus, float(np.hypot(short + self.wall, focus)) / focus, BASE_Q)

    def at(self, contraction: float) -> "VentricleState":
        """The ventricle at a contraction from 0 (end diastole) to 1 (end systole)."""
        long, short = self._cavity(contraction)
        focus = float(np.sqrt(long**2 - short**2))
        inner = long / focus
        outer = float(brentq(lambda p: wall_ml(focus, inner, p, BASE_Q) - self.wall_ml, inner, 5 * inner, xtol=1e-12))
        muscles = tuple(
            Papillary.of_volume(self.papillary_ml, angle=angle, focus=focus, inner=inner)
            for angle in self.papillary_angles
        )
        return VentricleState(contraction=contraction, focus=focus, inner=inner, outer=outer, papillaries=muscles)

    def _cavity(self, contraction: float) -> tuple[float, float]:
        """The cavity's half-axes, long and short, in mm."""
        share = np.pi * _spheroid_share(BASE_Q)
        at_rest = self.elongation * (self.cavity_ml / _ML / (share * self.elongation)) ** (1 / 3)
        long = at_rest * (1 - self.shortening * contraction)
        volume = self.cavity_ml / _ML * (1 - self.ejection * contraction)
        return float(long), float(np.sqrt(volume / (share * long)))


@dataclass(frozen=True, kw_only=True)
class VentricleState:
    """A left ventricle at one moment. focus: c in mm. inner, outer: p of endocardium and epicardium."""

    contraction: float
    focus: float
    inner: float
    outer: float
    papillaries: tuple[Papillary, ...]

    @property
    def apex(self) -> float:
        """Where on w the epicardium ends."""
        return self.focus * self.outer

    @property
    def base(self) -> float:
        """Where on w the mitral plane is: at the basal edge of the endocardium."""
        return self.focus * self.inner * BASE_Q

    @property
    def base_radius(self) -> float:
        """The radius of the mitral plane's opening, mm."""
        return self.focus * float(np.sqrt((self.inner**2 - 1) * (1 - BASE_Q**2)))

    def q_at(self, below_base: float) -> float:
        """Q of the endocardium `below_base` mm from the mitral plane towards the apex."""
        return (self.base + below_base) / (self.focus * self.inner)

    def cavity_ml(self, cut: float = BASE_Q) -> float:
        """The cavity with its papillary muscles, from the plane through the endocardium at q = `cut` to the apex."""
        long, short = self.focus * self.inner, self.focus * float(np.sqrt(self.inner**2 - 1))
        return _ML * np.pi * long * short**2 * _spheroid_share(cut)

    def wall_ml(self, cut: float = BASE_Q) -> float:
        """The wall without papillary muscles, where q is above `cut`."""
        return wall_ml(self.focus, self.inner, self.outer, cut)

    @property
    def papillary_ml(self) -> float:
        """All papillary muscles."""
        return sum(muscle.volume_ml for muscle in self.papillaries)

    def thickness(self, q: Field) -> NDArray[np.float64]:
        """The length in mm of the streamline at each q: ds = c sqrt((p^2 - q^2) / (p^2 - 1)) dp from inner to outer."""
        half = (self.outer - self.inner) / 2
        p = self.inner + half * (_NODES + 1)
        steps = np.sqrt((p**2 - np.asarray(q)[..., None] ** 2) / (p**2 - 1))
        return np.asarray(self.focus * half * (steps @ _WEIGHTS), float)

    def thickness_quantiles(self, shares: tuple[float, ...], cut: float = BASE_Q) -> tuple[float, ...]:
        """Quantiles of the thickness over the volume of the wall above q = `cut`, as over its voxels; mm."""
        q = np.linspace(cut, 1, 8001)
        middle = (q[1:] + q[:-1]) / 2
        volume = (self.outer**3 - self.inner**3) / 3 - middle**2 * (self.outer - self.inner)
        length = self.thickness(middle)
        order = np.argsort(length)
        below = np.cumsum(volume[order])
        return tuple(float(value) for value in np.interp(shares, below / below[-1], length[order]))


def spheroidal(u: Field, v: Field, w: Field, focus: float) -> tuple[Field, Field]:
    """P and q of points in heart coordinates.

    >>> p, q = spheroidal(np.zeros(1), np.zeros(1), np.array([20.0]), 10.0)
    >>> float(p[0]), float(q[0])
    (2.0, 1.0)
    """
    across, far = u**2 + v**2, np.float32(focus)
    above, below = np.sqrt(across + (w + far) ** 2), np.sqrt(across + (w - far) ** 2)
    return np.asarray((above + below) / (2 * far)), np.asarray((above - below) / (2 * far))


def wall_ml(focus: float, inner: float, outer: float, cut: float) -> float:
    """The volume between two confocal spheroids where q is above `cut`: c^3 (p^2 - q^2) integrated."""
    thick, cubes = outer - inner, (outer**3 - inner**3) / 3
    return float(_ML * 2 * np.pi * focus**3 * (cubes * (1 - cut) - thick * (1 - cut**3) / 3))


def _spheroid_share(cut: float) -> float:
    """The integral of 1 - x^2 from `cut` to 1: volume of a cut spheroid over pi, long and squared short half-axis."""
    return (1 - cut) - (1 - cut**3) / 3
