"""What surrounds the left ventricle in a heart CT."""

import numpy as np

from medgraft.phantoms.canvas import Canvas
from medgraft.phantoms.fields import Field, ellipsoid
from medgraft.phantoms.heart_frame import HeartFrame
from medgraft.phantoms.heart_scene import Sac
from medgraft.phantoms.left_ventricle import VentricleState, spheroidal
from medgraft.phantoms.outflow import Outflow

#: Left atrium and right atrium, by the outer radius of the ventricle at end diastole.
LEFT_ATRIUM = Sac(u=0.20, v=0.30, above=20, half_u=0.80, half_v=0.72, half_w=26)
RIGHT_ATRIUM = Sac(u=-1.35, v=0.55, above=24, half_u=0.72, half_v=0.84, half_w=28)


def paint_surroundings(
    canvas: Canvas, frame: HeartFrame, state: VentricleState, at: tuple[Field, Field, Field], coarse: Field
) -> None:
    """Paint fat, atria, right ventricle, outflow tract and aorta; at: heart coordinates of the canvas."""
    u, v, w = at
    filling = 0.9 + 0.14 * state.contraction
    above = state.base - w
    wall = epicardium_distance(state, u, v, w)
    ventricle = np.maximum(wall, state.base - w)
    left = np.maximum(_sac(LEFT_ATRIUM, frame.size, filling, (u, v, above)), -above)
    right = np.maximum(_sac(RIGHT_ATRIUM, frame.size, filling, (u, v, above)), -above)
    rv = np.maximum(_right_ventricle(state, frame.size, u, v, w), 1.5 - wall)
    outflow = Outflow.of(state)
    tract, root = outflow.distance(u, v, w), outflow.root_distance(u, v, w)
    hull = np.minimum.reduce([ventricle, left, right, rv, tract, root])
    groove = ellipsoid((u, 1.15 * frame.size), (v, 1.15 * frame.size), (above, 24.0))
    canvas.paint("fat", np.minimum(hull - (5 + 2.5 * coarse), groove))
    canvas.paint("myocardium", right - 2)
    canvas.paint("right blood", right, 1 + 0.03 * coarse)
    canvas.paint("myocardium", rv - 3)
    canvas.paint("right blood", rv, 1 + 0.03 * coarse)
    canvas.paint("myocardium", left - 2)
    canvas.paint("blood", left)
    for vessel in (tract, root):
        canvas.paint("myocardium", vessel - 2)
        canvas.paint("blood", vessel)


def epicardium_distance(state: VentricleState, u: Field, v: Field, w: Field) -> Field:
    """The distance from the epicardium in mm, to first order; negative inside."""
    p, q = spheroidal(u, v, w, state.focus)
    stretch = np.sqrt((p**2 - q**2) / np.maximum(p**2 - 1, 1e-3))
    return np.asarray(state.focus * (p - state.outer) * stretch, np.float32)


def _sac(sac: Sac, size: float, filling: float, at: tuple[Field, Field, Field]) -> Field:
    u, v, above = at
    return ellipsoid(
        (u - sac.u * size, sac.half_u * size * filling),
        (v - sac.v * size, sac.half_v * size * filling),
        (above - sac.above, sac.half_w * filling),
    )


def _right_ventricle(state: VentricleState, size: float, u: Field, v: Field, w: Field) -> Field:
    """An ellipsoid behind the septum, cut at the base; the left ventricle cuts a crescent out of it."""
    width = 1 - 0.25 * state.contraction
    length = state.apex - state.base
    body = ellipsoid((u + 0.85 * size, 0.95 * size * width), (v, 1.15 * size * width), (w - state.base, 0.85 * length))
    return np.asarray(np.maximum(body, state.base - 8 - w))
