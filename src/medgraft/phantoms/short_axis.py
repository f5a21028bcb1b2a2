"""A beating short-axis heart as synthetic cine SSFP, with its exact truth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.core.seeds import rng
from medgraft.core.stack import Stack
from medgraft.core.task import MASK_CODES
from medgraft.phantoms.canvas import Canvas, signals
from medgraft.phantoms.chest import Chest, draw_chest, paint_chest
from medgraft.phantoms.fields import Field
from medgraft.phantoms.heart import HeartState, contraction_curve
from medgraft.phantoms.heart_scene import heart_plane, mask_of, paint_heart, sections
from medgraft.phantoms.planes import SlicePlanes, draw_planes
from medgraft.phantoms.population import draw_heart
from medgraft.phantoms.scanner import acquire, draw_scanner
from medgraft.phantoms.sites import site_named
from medgraft.phantoms.texture import Texture, draw_texture

#: Planes that share out a slice's thickness: for the chest, and for the heart where edges matter more.
_CHEST_SLABS, _HEART_SLABS = 3, 5
#: What is repainted at each phase, mm from the long axis: (left, right), (up, down) of the image.
_HEART_BOX = ((-105, 70), (-85, 85))


@dataclass(frozen=True, kw_only=True, eq=False)
class PhantomHeart:
    """A synthetic subject and what is true about it.

    stack: pixels (T, Z, Y, X) int16 with masks of all phases, base first; phases "ed" and "es".
    slice_classes: (T, Z) OAP, IN or OBS by the rule `pool`. levels: (T, Z) oap, ap, mid, bs or obs.
    volumes_ml: (T,) of the LV pool, from the continuous geometry. ejection_fraction: share, 0 to 1.
    """

    stack: Stack
    subject: str
    site: str
    group: str
    slice_classes: NDArray[np.str_]
    levels: NDArray[np.str_]
    volumes_ml: NDArray[np.float64]

    @property
    def ejection_fraction(self) -> float:
        """What the left ventricle pumps out, as a share of its volume at end diastole."""
        ed, es = (float(self.volumes_ml[self.stack.phases[name]]) for name in ("ed", "es"))
        return (ed - es) / ed


def short_axis_heart(
    *, subject: int, site: str = "a", seed: int = 7, size: int = 160, n_phases: int = 10, n_slices: int | None = None
) -> PhantomHeart:
    """The synthetic cine of one subject.

    Args:
        subject: number of the subject; with `site` and `seed` it decides everything that varies.
        site: of `SITES`.
        seed: of the whole population.
        size: rows and columns, at least 32; the field of view stays, pixels grow.
        n_phases: phases of the cycle, at least 2; with 2 they are end diastole and end systole.
        n_slices: slices over the covered range; None: as many as the site's step gives.

    Raises:
        InputError: for an unknown site, or fewer pixels, phases or slices than can show a heart.

    >>> heart = short_axis_heart(subject=1, size=32, n_phases=2)
    >>> heart.stack.phases
    {'ed': 0, 'es': 1}
    """
    place = site_named(site)
    _check(size, n_phases, n_slices)
    random = rng(seed, "short-axis heart", site, subject)
    heart, chest = draw_heart(random), draw_chest(random)
    planes = draw_planes(heart, place, size, n_slices, random)
    scanner = draw_scanner(place, random)
    contraction, systole = contraction_curve(n_phases)
    states = [heart.at(float(value)) for value in contraction]
    scene = _Scene(
        chest=chest,
        planes=planes,
        texture=draw_texture(random),
        signal=signals(random.uniform(*place.blood_to_muscle)),
    )
    signal = scene.signal_of(states)
    stack = Stack(
        pixels=acquire(scanner, signal, scene.depth(), random),
        affines=planes.affines(),
        spacing=(planes.step, planes.pixel, planes.pixel),
        times=np.round(random.uniform(750, 1100) * np.arange(n_phases) / n_phases, 1),
        phases={"ed": 0, "es": systole},
        base_first=True,
        mask=scene.mask_of(states),
        mask_phases=tuple(range(n_phases)),
        facts={"Manufacturer": place.manufacturer, "MagneticFieldStrength": f"{place.tesla:g}", "group": heart.group},
    )
    return PhantomHeart(
        stack=stack,
        subject=f"{site}{subject:03d}",
        site=site,
        group=heart.group,
        slice_classes=np.stack([state.classes(planes.depths) for state in states]),
        levels=np.stack([state.levels(planes.depths) for state in states]),
        volumes_ml=np.array([state.pool_volume_ml() for state in states]),
    )


def _check(size: int, n_phases: int, n_slices: int | None) -> None:
    for name, value, least in (("size", size, 32), ("n_phases", n_phases, 2), ("n_slices", n_slices, 3)):
        if value is not None and value < least:
            raise InputError(f"Expected {name} of at least {least}, got {value}.")


@dataclass(frozen=True, kw_only=True, eq=False)
class _Scene:
    """A patient on the table, cut by planes."""

    chest: Chest
    planes: SlicePlanes
    texture: Texture
    signal: dict[str, float]

    def signal_of(self, states: list[HeartState]) -> Field:
        """Signal (T, Z, Y, X): the chest once, the heart at each phase on a copy."""
        still = self._still()
        rows, columns = self._box()
        moving = np.repeat(still.mean(axis=1)[None], len(states), axis=0)
        u, v = (ticks.astype(np.float32) for ticks in self.planes.ticks())
        w = self.planes.slab(_HEART_SLABS).astype(np.float32)[:, :, None, None]
        u, v = u[None, None, None, columns], v[None, None, rows, None]
        point = self._point(u, v, w)
        grain, coarse = self.texture.at(point, 1.7), self.texture.smooth_at(point, 8.0)
        nearest = np.arange(_HEART_SLABS) * _CHEST_SLABS // _HEART_SLABS
        under = still[:, nearest, rows, columns]
        for phase, state in enumerate(states):
            canvas = Canvas(values=under.copy(), pixel=2 * self.planes.pixel, signal=self.signal)
            heart_u, heart_v = heart_plane(state.heart, u, v, w, self.planes.turn)
            paint_heart(canvas, state, sections(state, heart_u, heart_v, w), grain, coarse)
            moving[phase, :, rows, columns] = canvas.values.mean(axis=1)
        return moving

    def mask_of(self, states: list[HeartState]) -> NDArray[np.uint8]:
        """The masks (T, Z, Y, X) of the planes in the middle of each slice."""
        rows, columns = self._box()
        u, v = (ticks.astype(np.float32) for ticks in self.planes.ticks())
        u, v = u[None, None, columns], v[None, rows, None]
        w = self.planes.depths.astype(np.float32)[:, None, None]
        masks = np.zeros((len(states), len(w), self.planes.size, self.planes.size), np.uint8)
        for phase, state in enumerate(states):
            heart_u, heart_v = heart_plane(state.heart, u, v, w, self.planes.turn)
            part = mask_of(sections(state, heart_u, heart_v, w))
            _keep_smallest_pools(part, state.has_pool(self.planes.depths), np.hypot(heart_u, heart_v))
            masks[phase, :, rows, columns] = part
        return masks

    def depth(self) -> Field:
        """Millimetres (Z, Y, X) from the surface coil, which lies on the chest over the heart."""
        u, v = (ticks.astype(np.float32) for ticks in self.planes.ticks())
        w = self.planes.depths.astype(np.float32)[:, None, None]
        left, back, up = self._point(u[None, None, :], v[None, :, None], w)
        coil = -self.chest.half_depth
        return np.asarray(np.sqrt((0.6 * (left - 30)) ** 2 + (back - coil) ** 2 + (0.4 * up) ** 2), np.float32)

    def _still(self) -> Field:
        u, v = (ticks.astype(np.float32) for ticks in self.planes.ticks())
        w = self.planes.slab(_CHEST_SLABS).astype(np.float32)[:, :, None, None]
        point = self._point(u[None, None, None, :], v[None, None, :, None], w)
        canvas = Canvas(values=np.zeros(point[0].shape, np.float32), pixel=self.planes.pixel, signal=self.signal)
        paint_chest(canvas, self.chest, point, self.texture)
        return canvas.values

    def _point(self, u: Field, v: Field, w: Field) -> tuple[Field, Field, Field]:
        """LPS of image coordinates."""
        planes = self.planes
        left, back, up = (
            np.float32(planes.origin[i])
            + u * np.float32(planes.right[i])
            + v * np.float32(planes.down[i])
            + w * np.float32(planes.axis[i])
            for i in range(3)
        )
        return left, back, up

    def _box(self) -> tuple[slice, slice]:
        u, v = self.planes.ticks()
        (left, right), (top, bottom) = _HEART_BOX
        columns = slice(*np.searchsorted(u, (left, right)))
        rows = slice(*np.searchsorted(v, (top, bottom)))
        return rows, columns


def _keep_smallest_pools(mask: NDArray[np.uint8], has_pool: NDArray[np.bool_], reach: Field) -> None:
    """On coarse grids a pool can fall between pixels: the pixel nearest to the axis keeps it."""
    pool = MASK_CODES["pool"]
    for z in np.flatnonzero(has_pool & ~(mask == pool).any(axis=(1, 2))):
        mask[z].flat[reach[z].argmin()] = pool
