"""The heart as continuous geometry in millimetres: what every truth is computed from, without any pixel.

Heart coordinates: u towards the lateral wall, v towards the inferior wall, w from base to apex along the long axis;
w = 0 is the mitral valve plane at end diastole.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import simpson

from medgraft.core.task import IN, OAP, OBS
from medgraft.phantoms.fields import Field

#: The cavity ends where its radius falls below this: beyond, trabeculae fill it and no pool is discernible.
SMALLEST_POOL_MM = 3.0


@dataclass(frozen=True, kw_only=True)
class Heart:
    """One subject's heart; lengths in mm.

    group: of `GROUPS`. radius, length: of the LV cavity at end diastole. wall: thickness at the base. apical_wall:
    thickness of the tip. fullness, taper: exponents of the long-axis profile (1 - s**fullness)**taper.
    ejection: share of the cavity emptied (before the tip is cut). base_shift: way of the mitral plane towards the
    apex at end systole; apex_shift: way of the cavity's tip towards the base. oval, oval_angle, lobe: how sections
    depart from circles. tilt: drift of the long axis in (u, v) per mm of w. rv_width: between septum and free wall at
    the base; rv_length: as a share of the LV's. fat: epicardial. crescent: how far the lateral wall reaches above the
    mitral plane. papillary_radius, papillary_angles (radians from u to v). root: radius of the aortic root.
    atrium: scale of both atria. angle: of the septum around the long axis, radians.
    """

    group: str
    radius: float
    length: float
    wall: float
    apical_wall: float
    fullness: float
    taper: float
    ejection: float
    base_shift: float
    apex_shift: float
    oval: float
    oval_angle: float
    lobe: float
    tilt: tuple[float, float]
    rv_width: float
    rv_length: float
    fat: float
    crescent: float
    papillary_radius: float
    papillary_angles: tuple[float, float]
    root: float
    atrium: float
    angle: float

    def at(self, contraction: float) -> "HeartState":
        """The heart at a contraction from 0 (end diastole) to 1 (end systole)."""
        base, tip = self.base_shift * contraction, self.length - self.apex_shift * contraction
        emptied = (1 - self.ejection * contraction) * self.length / (tip - base)
        radius = self.radius * emptied**0.5
        # Muscle is incompressible: the epicardium encloses the cavity plus the muscle of end diastole.
        muscle = (self.radius + self.wall) ** 2 * (self.length + self.apical_wall) - self.radius**2 * self.length
        outer_length = self.length + self.apical_wall - base
        outer_radius = ((radius**2 * (tip - base) + muscle) / outer_length) ** 0.5
        return HeartState(
            heart=self,
            contraction=contraction,
            base=base,
            tip=tip,
            radius=radius,
            outer_tip=self.length + self.apical_wall,
            outer_radius=outer_radius,
        )


@dataclass(frozen=True, kw_only=True)
class HeartState:
    """A heart at one moment; mm.

    base: where the mitral plane is on w. tip, outer_tip: where cavity and epicardium would close. radius,
    outer_radius: of cavity and epicardium at the base.
    """

    heart: Heart
    contraction: float
    base: float
    tip: float
    radius: float
    outer_tip: float
    outer_radius: float

    @property
    def cavity_end(self) -> float:
        """Where on w the pool ends: its radius is `SMALLEST_POOL_MM` there."""
        share = 1 - (SMALLEST_POOL_MM / self.radius) ** (1 / self.heart.taper)
        return self.base + (self.tip - self.base) * float(share ** (1 / self.heart.fullness))

    def cavity_radius(self, w: Field) -> Field:
        """The mean radius of the endocardium at w; constant above the base, 0 beyond the tip."""
        return self.radius * self._profile(w, self.tip)

    def wall_radius(self, w: Field) -> Field:
        """The mean radius of the epicardium at w; constant above the base, 0 beyond the epicardial tip."""
        return self.outer_radius * self._profile(w, self.outer_tip)

    def has_pool(self, w: NDArray[np.float64]) -> NDArray[np.bool_]:
        """True where the plane at w cuts the blood pool."""
        return (w >= self.base) & (w <= self.cavity_end)

    def classes(self, w: NDArray[np.float64]) -> NDArray[np.str_]:
        """OBS, IN or OAP of planes at w, by the rule `pool`: a plane that cuts the pool is IN."""
        return np.where(self.has_pool(w), IN.code, np.where(w < self.base, OBS.code, OAP.code))

    def levels(self, w: NDArray[np.float64]) -> NDArray[np.str_]:
        """The five levels of planes at w: thirds of the pool's length are bs, mid and ap."""
        third = (w - self.base) / (self.cavity_end - self.base) * 3
        inside = np.array(["bs", "mid", "ap"])[np.clip(third.astype(int), 0, 2)]
        return np.where(self.has_pool(w), inside, np.where(w < self.base, "obs", "oap"))

    def pool_volume_ml(self) -> float:
        """The volume of the pool, papillary muscles included: sections integrated along the axis (Simpson)."""
        w = np.linspace(self.base, self.cavity_end, 4001)
        # A section r (1 + oval cos 2a + lobe cos 3a) has the area pi r^2 (1 + oval^2 / 2 + lobe^2 / 2).
        shape = 1 + self.heart.oval**2 / 2 + self.heart.lobe**2 / 2
        areas = np.pi * self.radius**2 * self._profile(w, self.tip) ** 2 * shape
        return float(simpson(areas, x=w)) / 1000

    def _profile(self, w: Field, tip: float) -> Field:
        share = np.clip((w - self.base) / (tip - self.base), 0, 1)
        return np.asarray((1 - share**self.heart.fullness) ** self.heart.taper)


def contraction_curve(n_phases: int) -> tuple[NDArray[np.float64], int]:
    """The contraction of each of `n_phases` (T,), and the phase of end systole; phase 0 is end diastole."""
    return contraction_at(np.arange(n_phases), n_phases), end_systole(n_phases)


def contraction_at(phase: NDArray[np.integer] | NDArray[np.float64], n_phases: int) -> NDArray[np.float64]:
    """The contraction, 0 to 1, at phases (any shape) within 0..n_phases, whole or between two.

    Early filling brings back three quarters, the atrial kick the rest.
    """
    systole = end_systole(n_phases)
    rising = (1 - np.cos(np.pi * phase / systole)) / 2
    diastole = (phase - systole) / (n_phases - systole)
    falling = 1 - 0.75 * _ease(diastole / 0.5) - 0.25 * _ease((diastole - 0.65) / 0.35)
    return np.where(phase <= systole, rising, falling)


def end_systole(n_phases: int) -> int:
    """The phase of end systole: systole takes 37 % of the cycle."""
    return max(1, round(0.37 * n_phases))


def _ease(x: NDArray[np.float64]) -> NDArray[np.float64]:
    inside = np.clip(x, 0, 1)
    return inside**2 * (3 - 2 * inside)
