"""A patient in the CT scanner: what is drawn once per subject, painted at each phase and reconstructed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from medgraft.core.geometry import BASE_TO_APEX
from medgraft.phantoms.canvas import Canvas
from medgraft.phantoms.chest import Chest, Point, draw_chest
from medgraft.phantoms.coverage import N_MOMENTS, cover
from medgraft.phantoms.ct_chest import ATTENUATION, paint_ct_chest
from medgraft.phantoms.ct_scene import paint_surroundings
from medgraft.phantoms.ct_sites import SiteStyle
from medgraft.phantoms.fields import Field
from medgraft.phantoms.heart import contraction_at
from medgraft.phantoms.heart_frame import HeartFrame
from medgraft.phantoms.left_ventricle import LeftVentricle, VentricleState
from medgraft.phantoms.texture import Texture, draw_texture

Spacing = tuple[float, float, float]

#: The heart's middle in the chest, LPS mm, and how far the middle of the images is from it.
_HEART_MM = np.array([46.0, -38.0, -6.0])
_ASIDE_MM = np.array([-7.0, 3.0, 4.0])


@dataclass(frozen=True, kw_only=True, eq=False)
class CtPatient:
    """One subject. middle: of the images, LPS mm. moments: `N_MOMENTS` states within each phase's window.

    attenuation: of each tissue, water = 1. cycle_ms: from one R wave to the next. noise: in HU.
    """

    style: SiteStyle
    chest: Chest
    texture: Texture
    attenuation: dict[str, float]
    frame: HeartFrame
    middle: NDArray[np.float64]
    states: tuple[VentricleState, ...]
    moments: tuple[tuple[VentricleState, ...], ...]
    cycle_ms: float
    noise: float

    def image(self, point: Point, steps: Spacing, random: np.random.Generator) -> NDArray[np.int16]:
        """HU (T, Z, Y, X): the chest once, the heart at each phase on a copy, then blur and noise."""
        air = np.zeros(np.broadcast_shapes(*(axis.shape for axis in point)), np.float32)
        still = Canvas(values=air, pixel=float(np.mean(steps)), signal=self.attenuation)
        paint_ct_chest(still, self.chest, point, self.texture)
        coarse = self.texture.smooth_at(point, 8.0)
        phases = (self._phase(still, t, point, steps, coarse) for t in range(len(self.states)))
        return np.stack([self._acquire(phase, t, steps, random) for t, phase in enumerate(phases)])

    def _phase(self, still: Canvas, t: int, point: Point, steps: Spacing, coarse: Field) -> Field:
        canvas = Canvas(values=still.values.copy(), pixel=still.pixel, signal=still.signal)
        state = self.states[t]
        paint_surroundings(canvas, self.frame, state, self.frame.coordinates(state, point), coarse)
        part = cover(self.frame, self.moments[t], point, np.asarray(steps[::-1], np.float32))
        values, signal = canvas.values, self.attenuation
        values[part.near] *= 1 - part.muscle - part.pool
        values[part.near] += part.muscle * signal["myocardium"] + part.pool * signal["blood"]
        return values

    def _acquire(self, attenuation: Field, t: int, steps: Spacing, random: np.random.Generator) -> NDArray[np.int16]:
        spread = [self.style.kernel_mm / step for step in steps]
        white = random.standard_normal(attenuation.shape, dtype=np.float32)
        grain = gaussian_filter(white, [max(width, 0.35) for width in spread], mode="wrap")
        level = self.noise * (1 + (self.style.dose_modulation - 1) * self.states[t].contraction)
        hounsfield = 1000 * (gaussian_filter(attenuation, spread) - 1) + grain * np.float32(level / grain.std())
        return np.asarray(np.clip(np.rint(hounsfield), -1024, 3071), np.int16)


def draw_patient(style: SiteStyle, random: np.random.Generator, n_phases: int) -> CtPatient:
    """One subject of a site, seen at `n_phases` phases."""
    ventricle = _draw_ventricle(style, random)
    cycle_ms = 60_000 / float(random.uniform(*style.rate))
    window = style.window_ms / cycle_ms * n_phases
    offsets = ((np.arange(N_MOMENTS) + 0.5) / N_MOMENTS - 0.5) * window
    contraction = contraction_at(np.arange(n_phases), n_phases)
    within = contraction_at((np.arange(n_phases)[:, None] + offsets) % n_phases, n_phases)
    states = tuple(ventricle.at(float(value)) for value in contraction)
    drawn = {"blood": style.blood, "right blood": style.right_blood, "myocardium": style.muscle}
    middle = _HEART_MM + random.normal(0, 4, 3)
    axes = _draw_axes(random)
    size = states[0].focus * float(np.sqrt(states[0].outer ** 2 - 1))
    return CtPatient(
        style=style,
        chest=draw_chest(random),
        texture=draw_texture(random),
        attenuation={**ATTENUATION, **{name: 1 + random.uniform(*hu) / 1000 for name, hu in drawn.items()}},
        # The middle of the ventricle, from the mitral plane to the tip, lies at `middle`.
        frame=HeartFrame(apex=middle + axes[2] * (states[0].apex - states[0].base) / 2, axes=axes, size=size),
        middle=middle + _ASIDE_MM + random.normal(0, 3, 3),
        states=states,
        moments=tuple(tuple(ventricle.at(float(value)) for value in row) for row in within),
        cycle_ms=cycle_ms,
        noise=float(random.uniform(*style.noise)),
    )


def _draw_ventricle(style: SiteStyle, random: np.random.Generator) -> LeftVentricle:
    ejection = float(random.uniform(*style.ejection))
    return LeftVentricle(
        cavity_ml=float(random.uniform(*style.cavity_ml)),
        elongation=float(random.uniform(*style.elongation)),
        wall=float(random.uniform(*style.wall_mm)),
        ejection=ejection,
        shortening=ejection * float(random.uniform(0.2, 0.3)),
        papillary_ml=float(random.uniform(1.4, 2.4)),
        papillary_angles=(float(random.uniform(-1.1, -0.6)), float(random.uniform(1.2, 1.9))),
    )


def _draw_axes(random: np.random.Generator) -> NDArray[np.float64]:
    """Unit vectors u (lateral), v (inferior), w (towards the apex) in LPS, as rows."""
    w = BASE_TO_APEX + random.normal(0, 0.07, 3)
    w /= np.linalg.norm(w)
    feet = np.array([0.0, 0.0, -1.0])
    v = feet - (feet @ w) * w
    v /= np.linalg.norm(v)
    return np.stack([np.cross(w, v), v, w])
