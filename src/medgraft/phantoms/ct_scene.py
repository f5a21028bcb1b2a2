"""What surrounds the left ventricle in a heart CT, and how much of each voxel is its wall or its cavity."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from medgraft.core.task import MASK_CODES
from medgraft.phantoms.canvas import Canvas
from medgraft.phantoms.ct_sites import Annotation
from medgraft.phantoms.fields import Field, ellipsoid
from medgraft.phantoms.heart_scene import Sac
from medgraft.phantoms.left_ventricle import VentricleState, spheroidal
from medgraft.phantoms.outflow import Outflow

#: Left atrium and right atrium, by the outer radius of the ventricle at end diastole.
LEFT_ATRIUM = Sac(u=0.20, v=0.30, above=20, half_u=0.80, half_v=0.72, half_w=26)
RIGHT_ATRIUM = Sac(u=-1.35, v=0.55, above=24, half_u=0.72, half_v=0.84, half_w=28)

#: Opposite corners of a voxel are looked at in the same moment, so that place and moment are not correlated.
_CORNERS = tuple(product((-0.25, 0.25), repeat=3))
_MOMENTS = (0, 1, 2, 3, 3, 2, 1, 0)
N_MOMENTS = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class HeartFrame:
    """Where the heart lies: LPS mm of the middle of its epicardial tip at end diastole, and its unit vectors (3, 3).

    axes: rows are u (lateral), v (inferior), w (towards the apex). size: outer radius at end diastole, mm.
    """

    apex: NDArray[np.float64]
    axes: NDArray[np.float64]
    size: float

    def coordinates(self, state: VentricleState, point: tuple[Field, ...]) -> tuple[Field, Field, Field]:
        """Heart coordinates of points in LPS mm at a moment: the epicardial tip stays where it is."""
        away = [axis - np.float32(at) for axis, at in zip(point, self.apex, strict=True)]
        rows = self.axes.astype(np.float32)
        u, v, w = (a * away[0] + b * away[1] + c * away[2] for a, b, c in rows)
        return u, v, w + np.float32(state.apex)


@dataclass(frozen=True, kw_only=True, eq=False)
class Coverage:
    """Which share of each voxel near the ventricle is muscle and cavity: near (Z, Y, X), and (N,) of those voxels."""

    near: NDArray[np.bool_]
    muscle: Field
    pool: Field


def cover(frame: HeartFrame, moments: Sequence[VentricleState], point: tuple[Field, ...], step: Field) -> Coverage:
    """Look at each voxel at 8 places, at `N_MOMENTS` moments of a phase: partial volume and motion.

    point: LPS mm of voxels' centres, arrays that broadcast to (Z, Y, X). step: (L, P, S) size of a voxel, mm.
    """
    whole = np.broadcast_arrays(*point)
    u, v, w = frame.coordinates(moments[0], tuple(whole))
    margin = 3 + float(np.max(step)) + abs(moments[0].apex - moments[-1].apex)
    p, _q = spheroidal(u, v, w, moments[0].focus)
    near = (p < moments[0].outer + 2 * margin / moments[0].focus) & (w > moments[0].base - 15 - margin)
    places = [axis[near].astype(np.float32) for axis in whole]
    muscle, pool = np.zeros(len(places[0]), np.float32), np.zeros(len(places[0]), np.float32)
    for corner, moment in zip(_CORNERS, _MOMENTS, strict=True):
        at = tuple(axis + np.float32(share * size) for axis, share, size in zip(places, corner, step, strict=True))
        tissue = _tissue(moments[moment], *frame.coordinates(moments[moment], at))
        muscle += tissue == MASK_CODES["myocardium"]
        pool += tissue == MASK_CODES["pool"]
    return Coverage(near=near, muscle=muscle / len(_CORNERS), pool=pool / len(_CORNERS))


def _tissue(state: VentricleState, u: Field, v: Field, w: Field) -> NDArray[np.uint8]:
    """What is really there: papillary muscles are muscle, the cavity ends at the mitral plane."""
    return annotate(state, Annotation(papillary="myocardium", mitral_shift_mm=0.0, outflow="mitral plane"), u, v, w)


def annotate(state: VentricleState, rule: Annotation, u: Field, v: Field, w: Field) -> NDArray[np.uint8]:
    """The mask that a site's readers draw at points in heart coordinates, in `core.task.MASK_CODES`."""
    p, q = spheroidal(u, v, w, state.focus)
    cut = state.q_at(rule.mitral_shift_mm)
    pool = (p < state.inner) & (w >= state.focus * state.inner * cut)
    if rule.outflow == "aortic valve":
        pool |= Outflow.of(state).holds(u, v, w) & (w < state.focus * state.inner * cut)
    mask = np.zeros(p.shape, np.uint8)
    mask[pool] = MASK_CODES["pool"]
    mask[(p >= state.inner) & (p < state.outer) & (q > cut) & ~pool] = MASK_CODES["myocardium"]
    if rule.papillary == "myocardium":
        angle = np.arctan2(v, u)
        for muscle in state.papillaries:
            mask[pool & muscle.holds(p, q, angle)] = MASK_CODES["myocardium"]
    return mask


def annotated_ml(state: VentricleState, rule: Annotation) -> tuple[float, float]:
    """The exact volumes of cavity and myocardium in what `annotate` draws."""
    cut = state.q_at(rule.mitral_shift_mm)
    cavity, muscle = state.cavity_ml(cut), state.wall_ml(cut)
    if rule.outflow == "aortic valve":
        cavity += Outflow.of(state).volume_ml(rule.mitral_shift_mm)
    if rule.papillary == "myocardium":
        cavity, muscle = cavity - state.papillary_ml, muscle + state.papillary_ml
    return cavity, muscle


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
