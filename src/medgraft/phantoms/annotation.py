"""How a hospital's readers draw the left ventricle: a rule, what is drawn by it, and the exact volumes of that."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medgraft.core.task import MASK_CODES
from medgraft.phantoms.fields import Field
from medgraft.phantoms.heart_frame import HeartFrame
from medgraft.phantoms.left_ventricle import VentricleState, spheroidal
from medgraft.phantoms.outflow import Outflow


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """How a site's readers draw the left ventricle.

    papillary: the class that papillary muscles are given. mitral_shift_mm: how far below the mitral plane, towards
    the apex, cavity and wall are cut. outflow: the cavity ends at the mitral plane, or its outflow tract is drawn up
    to the aortic valve.
    """

    papillary: Literal["pool", "myocardium"]
    mitral_shift_mm: float
    outflow: Literal["mitral plane", "aortic valve"]


#: What is really there: papillary muscles are muscle, and the cavity ends at the mitral plane.
TISSUE = Annotation(papillary="myocardium", mitral_shift_mm=0.0, outflow="mitral plane")


def drawn_mask(
    frame: HeartFrame, states: Sequence[VentricleState], rule: Annotation, point: tuple[Field, Field, Field]
) -> NDArray[np.uint8]:
    """What readers draw of each state, (T, Z, Y, X), decided at the voxels' centres (LPS mm)."""
    return np.stack([annotate(state, rule, *frame.coordinates(state, point)) for state in states])


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
