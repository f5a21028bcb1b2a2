"""A beating heart as synthetic 4D CT, with exact volumes and wall thickness."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.core.seeds import rng
from medgraft.core.stack import Stack
from medgraft.phantoms.annotation import Annotation, annotated_ml, drawn_mask
from medgraft.phantoms.ct_grid import axial_affines, voxel_centres
from medgraft.phantoms.ct_patient import Spacing, draw_patient
from medgraft.phantoms.ct_sites import SiteStyle, ct_site
from medgraft.phantoms.heart import end_systole
from medgraft.phantoms.heart_frame import HeartFrame
from medgraft.phantoms.left_ventricle import VentricleState, spheroidal

#: Classes that the readers of both sites draw.
CT_CLASSES = ("pool", "myocardium")

_LEAST_SIZE, _LEAST_PHASES = 16, 2


@dataclass(frozen=True, kw_only=True)
class Thickness:
    """Wall thickness over the voxels of a wall, mm: median, 95th percentile and maximum."""

    median: float
    p95: float
    maximum: float


@dataclass(frozen=True, kw_only=True, eq=False)
class CtHeart:
    """A synthetic subject and what is true about it.

    stack: pixels (T, Z, Y, X) int16 in HU, mask of every phase as the site's readers draw it, phases "ed" and "es".
    states: the ventricle at each phase. frame: where it lies. annotation: the rule of the mask and of all figures.
    """

    stack: Stack
    subject: str
    site: str
    annotation: Annotation
    states: tuple[VentricleState, ...]
    frame: HeartFrame

    @property
    def cavity_ml(self) -> NDArray[np.float64]:
        """(T,) exact volume of the cavity as the site draws it."""
        return np.array([annotated_ml(state, self.annotation)[0] for state in self.states])

    @property
    def myocardium_ml(self) -> NDArray[np.float64]:
        """(T,) exact volume of the myocardium as the site draws it."""
        return np.array([annotated_ml(state, self.annotation)[1] for state in self.states])

    @property
    def muscle_ml(self) -> NDArray[np.float64]:
        """(T,) exact volume of wall and papillary muscles whatever the rule: the same at every phase."""
        return np.array([state.wall_ml() + state.papillary_ml for state in self.states])

    @property
    def ejection_fraction(self) -> float:
        """What the cavity, as the site draws it, pumps out; a share of its volume at end diastole."""
        cavity, phases = self.cavity_ml, self.stack.phases
        return float(1 - cavity[phases["es"]] / cavity[phases["ed"]])

    def drawn_by(self, rule: Annotation) -> "CtHeart":
        """The same images drawn by other readers: mask and figures follow their rule."""
        point = voxel_centres(self.stack.affines, self.stack.pixels.shape[1:])
        mask = drawn_mask(self.frame, self.states, rule, point)
        return replace(self, stack=replace(self.stack, mask=mask), annotation=rule)

    def thickness(self, phase: int) -> Thickness:
        """The exact thickness of the wall without papillary muscles, over its volume as the site cuts it."""
        state = self.states[phase]
        cut = state.q_at(self.annotation.mitral_shift_mm)
        median, p95, maximum = state.thickness_quantiles((0.5, 0.95, 1.0), cut)
        return Thickness(median=median, p95=p95, maximum=maximum)

    def thickness_map(self, phase: int) -> NDArray[np.float32]:
        """(Z, Y, X) exact thickness in mm at each voxel of the wall without papillary muscles; NaN elsewhere."""
        state = self.states[phase]
        u, v, w = self.frame.coordinates(state, voxel_centres(self.stack.affines, self.stack.pixels.shape[1:]))
        p, q = spheroidal(u, v, w, state.focus)
        wall = (p >= state.inner) & (p < state.outer) & (q > state.q_at(self.annotation.mitral_shift_mm))
        found = np.full(wall.shape, np.nan, np.float32)
        found[wall] = state.thickness(q[wall])
        return found


def ct_heart(
    *,
    subject: int,
    site: str = "one",
    seed: int = 7,
    size: int | tuple[int, int, int] = 48,
    n_phases: int = 8,
    spacing: Spacing | None = None,
) -> CtHeart:
    """The synthetic 4D heart CT of one subject, axial slices from the feet to the head.

    Args:
        subject: number of the subject; with `site` and `seed` it decides everything that varies.
        site: of `CT_SITES`.
        seed: of the whole population.
        size: voxels along (z, y, x), at least 16; one number for all three.
        n_phases: phases of the cycle, at least 2; phase 0 is end diastole.
        spacing: (z, y, x) in mm. None: the site's field of view stays and voxels grow.

    Raises:
        InputError: for an unknown site, too few voxels or phases, or a spacing that is not above 0.

    >>> heart = ct_heart(subject=1, size=16, n_phases=4)
    >>> heart.stack.pixels.shape, heart.stack.phases
    ((4, 16, 16, 16), {'ed': 0, 'es': 1})
    """
    style = ct_site(site)
    shape = (size, size, size) if isinstance(size, int) else size
    _check(shape, n_phases, spacing or style.field_mm)
    steps = spacing or _steps(style, shape)
    patient = draw_patient(style, rng(seed, "ct heart", site, subject), n_phases)
    affines = axial_affines(patient.middle, shape, steps)
    point = voxel_centres(affines, shape)
    stack = Stack(
        pixels=patient.image(point, steps, rng(seed, "ct noise", site, subject)),
        affines=affines,
        spacing=steps,
        times=np.arange(n_phases, dtype=np.float64) * round(patient.cycle_ms / n_phases, 1),
        phases={"ed": 0, "es": end_systole(n_phases)},
        mask=drawn_mask(patient.frame, patient.states, style.annotation, point),
        mask_phases=tuple(range(n_phases)),
        mask_classes=CT_CLASSES,
        facts={"Manufacturer": style.manufacturer, "HeartRate": f"{60_000 / patient.cycle_ms:.0f}"},
    )
    return CtHeart(
        stack=stack,
        subject=f"{site}{subject:03d}",
        site=site,
        annotation=style.annotation,
        states=patient.states,
        frame=patient.frame,
    )


def _steps(style: SiteStyle, shape: tuple[int, int, int]) -> Spacing:
    """The spacing at which the site's field of view has that many voxels."""
    (z, y, x), (slices, rows, columns) = style.field_mm, shape
    return z / slices, y / rows, x / columns


def _check(shape: tuple[int, ...], n_phases: int, steps: tuple[float, ...]) -> None:
    if len(shape) != 3 or min(shape) < _LEAST_SIZE:
        raise InputError(f"Expected at least {_LEAST_SIZE} voxels along z, y and x, got {shape}.")
    if n_phases < _LEAST_PHASES:
        raise InputError(f"Expected n_phases of at least {_LEAST_PHASES}, got {n_phases}.")
    if len(steps) != 3 or min(steps) <= 0:
        raise InputError(f"Expected a spacing (z, y, x) above 0 mm, got {steps}.")
