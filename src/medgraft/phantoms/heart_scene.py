"""Sections through the heart: signed distances of its parts, painted as tissue or written as a mask."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from medgraft.core.task import MASK_CODES
from medgraft.phantoms.canvas import Canvas
from medgraft.phantoms.fields import Field, ellipsoid
from medgraft.phantoms.heart import Heart, HeartState


class Sac(NamedTuple):
    """A chamber above the base: centre and half-axes in the plane as shares of `heart_size`, along the axis in mm."""

    u: float
    v: float
    above: float
    half_u: float
    half_v: float
    half_w: float


#: Left atrium, right ventricular outflow, right atrium.
SACS = (
    Sac(u=0.38, v=0.50, above=22, half_u=0.86, half_v=0.66, half_w=30),
    Sac(u=-0.72, v=-0.86, above=26, half_u=0.58, half_v=0.46, half_w=26),
    Sac(u=-1.25, v=0.52, above=24, half_u=0.72, half_v=0.86, half_w=28),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Sections:
    """Signed distances (mm, negative inside) on planes across the long axis; u, v from the axis, w along it."""

    u: Field
    v: Field
    w: Field
    pool: Field
    epicardium: Field
    myocardium: Field
    rv: Field


def heart_plane(heart: Heart, u: Field, v: Field, w: Field, turn: float) -> tuple[Field, Field]:
    """Image coordinates (mm from `origin`) to the heart's own (u, v): tilt of its axis undone, image turned upright."""
    cos, sin = np.float32(np.cos(turn + heart.angle)), np.float32(np.sin(turn + heart.angle))
    x, y = u - np.float32(heart.tilt[0]) * w, v - np.float32(heart.tilt[1]) * w
    return cos * x - sin * y, sin * x + cos * y


def sections(state: HeartState, u: Field, v: Field, w: Field) -> Sections:
    """Cut the heart on planes w (..., 1, 1) at u, v (..., Y, X), all in the heart's own coordinates."""
    reach = np.sqrt(u**2 + v**2) + np.float32(1e-3)
    shape = _shape(state.heart, u / reach, v / reach)
    outer = state.wall_radius(w)
    cavity = reach - state.cavity_radius(w) * shape
    epicardium = np.where(w > state.outer_tip, np.float32(50), reach - outer * shape)
    pool = np.maximum(cavity, np.maximum(state.base - w, w - state.cavity_end))
    # The lateral wall reaches above the mitral plane: the crescent of slices out of the base.
    lateral = np.clip(1.6 * u / reach - 0.5, 0, 1)
    body = np.maximum(epicardium, state.base - state.heart.crescent * lateral - w)
    myocardium = np.maximum(body, np.where(w > state.cavity_end, np.float32(-50), -cavity))
    rv = np.maximum(_rv(state, u, v, w), -epicardium)
    return Sections(u=u, v=v, w=w, pool=pool, epicardium=epicardium, myocardium=myocardium, rv=rv)


def mask_of(cut: Sections) -> NDArray[np.uint8]:
    """The mask on the cut planes, in `core.task.MASK_CODES`; papillary muscles belong to the pool."""
    mask = np.zeros(cut.pool.shape, np.uint8)
    mask[cut.rv < 0] = MASK_CODES["rv"]
    mask[cut.myocardium < 0] = MASK_CODES["myocardium"]
    mask[cut.pool < 0] = MASK_CODES["pool"]
    return mask


def paint_heart(canvas: Canvas, state: HeartState, cut: Sections, grain: Field, coarse: Field) -> None:
    """Paint the heart from outside in: fat, vessels above the base, right ventricle, left ventricle."""
    heart = state.heart
    vessels = [sac + 1.8 * coarse for sac in _vessels(state, cut)]
    hull = np.minimum(np.where(cut.w < state.base + 2, np.float32(50), cut.epicardium), cut.rv)
    for sac in vessels:
        hull = np.minimum(hull, sac)
    hull = np.minimum(hull, np.maximum(cut.epicardium, state.base - 25 - cut.w))
    fat = hull - heart.fat * np.clip(0.7 + 0.8 * coarse, 0.1, 3)
    canvas.paint("bone", fat - 0.7, 0.8)
    canvas.paint("fat", fat, 0.95 + 0.05 * grain)
    flow = 1 + 0.09 * grain + 0.10 * coarse
    for sac in vessels:
        canvas.paint("muscle", sac - 1.2)
        canvas.paint("blood", sac, 0.97 * flow)
    canvas.paint("muscle", cut.rv - 2.8)
    canvas.paint("blood", cut.rv + np.float32(1.5) * np.clip(grain, 0, 2), 0.9 * flow)
    canvas.paint("muscle", cut.myocardium, 1 + 0.07 * grain)
    canvas.paint("blood", cut.pool + _trabeculae(state, cut, grain), flow)
    for muscle in _papillaries(state, cut):
        canvas.paint("muscle", muscle + 0.8 * grain, 1.1)


def _shape(heart: Heart, cos: Field, sin: Field) -> Field:
    """Radius over mean radius in a direction: an oval and a three-lobed departure from the circle."""
    c, s = np.float32(np.cos(2 * heart.oval_angle)), np.float32(np.sin(2 * heart.oval_angle))
    oval = (cos**2 - sin**2) * c + 2 * cos * sin * s
    return np.asarray(1 + heart.oval * oval + heart.lobe * (4 * cos * cos * cos - 3 * cos), np.float32)


def _rv(state: HeartState, u: Field, v: Field, w: Field) -> Field:
    """A crescent that wraps the septum: an ellipse off the axis, less the left ventricle."""
    heart, outer = state.heart, state.wall_radius(w)
    top = state.base - 6
    share = (w - top) / (heart.rv_length * (state.outer_tip - top))
    fade = np.sqrt(np.clip(1 - np.clip(share, 0, 1) ** 2.2, 0, 1))
    width = heart.rv_width * (1 - 0.3 * state.contraction) * fade
    half_u, half_v = 0.35 * outer + width + 0.01, outer * (0.68 + 0.46 * fade) + 0.01
    norm = np.sqrt(((u + 0.65 * outer) / half_u) ** 2 + ((v - 1) / half_v) ** 2)
    outside = np.maximum(top - w, np.where(share < 1, np.float32(-50), np.float32(50)))
    return np.asarray(np.maximum((norm - 1) * np.minimum(half_u, half_v), outside))


def _vessels(state: HeartState, cut: Sections) -> list[Field]:
    """Above the base: aortic root, left atrium, right ventricular outflow, right atrium."""
    heart, size = state.heart, heart_size(state.heart)
    above = state.base - cut.w
    filling = heart.atrium * (0.88 + 0.16 * state.contraction)
    root = np.maximum(ellipsoid((cut.u + 0.22 * size, heart.root), (cut.v + 0.12 * size, heart.root)), -above)
    sacs = [
        ellipsoid(
            (cut.u - sac.u * size, sac.half_u * size * filling),
            (cut.v - sac.v * size, sac.half_v * size * filling),
            (above - sac.above, sac.half_w),
        )
        for sac in SACS
    ]
    free = -(root - 2.5)
    return [*(np.maximum(np.maximum(sac, free), -above) for sac in sacs), root]


def heart_size(heart: Heart) -> float:
    """The outer radius at the base at end diastole, mm: the measure for what sits above."""
    return min(heart.radius, 28) + min(heart.wall, 9)


def _trabeculae(state: HeartState, cut: Sections, grain: Field) -> Field:
    share = np.clip((cut.w - state.base) / (state.cavity_end - state.base), 0, 1)
    return np.asarray(np.clip(grain + 0.4, 0, 2.5) * (0.6 + 1.6 * share), np.float32)


def _papillaries(state: HeartState, cut: Sections) -> list[Field]:
    """Two columns of muscle from the wall into the cavity, between a quarter and three quarters of its length."""
    length = state.cavity_end - state.base
    radius = state.heart.papillary_radius * (1 + 0.15 * state.contraction)
    away = 0.70 * state.cavity_radius(cut.w)
    along = cut.w - state.base - 0.52 * length
    return [
        ellipsoid(
            (cut.u - away * float(np.cos(a)), radius), (cut.v - away * float(np.sin(a)), radius), (along, 0.26 * length)
        )
        for a in state.heart.papillary_angles
    ]
