"""The chest around the heart: skin, fat, muscle, ribs, sternum, spine, lungs, diaphragm and what lies below it.

Patient coordinates (LPS, mm) with the origin in the middle of the trunk at the level of the heart.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from medgraft.phantoms.canvas import Canvas
from medgraft.phantoms.fields import Field, ellipsoid
from medgraft.phantoms.texture import Texture

Point = tuple[Field, Field, Field]

_RIB_PITCH_MM = 27.0


class Column(NamedTuple):
    """What runs along the spine: its centre (mm to the left of and behind the vertebrae's), half-axes, signal."""

    tissue: str
    left: float
    behind: float
    half_width: float
    half_depth: float
    share: float


#: Painted in this order: muscles of the back, vertebrae, spinal canal, wall and blood of the descending aorta.
COLUMNS = (
    Column("muscle", 0, 38, 62, 26, 0.85),
    Column("marrow", 0, 0, 22, 18, 1.0),
    Column("blood", 0, 24, 8, 7, 0.9),
    Column("muscle", 26, -14, 13.5, 13.5, 0.8),
    Column("blood", 26, -14, 11.5, 11.5, 0.95),
)


@dataclass(frozen=True, kw_only=True)
class Chest:
    """One subject's chest, mm. half_width, half_depth: of the trunk. fat: under the skin; muscle: between fat and lung.

    domes: tops of the right and left diaphragm on S. ribs: phase of the ribs on S. stomach: (L, P, S) of its centre;
    gas: radius of the gas in it.
    """

    half_width: float
    half_depth: float
    fat: float
    muscle: float
    domes: tuple[float, float]
    ribs: float
    stomach: tuple[float, float, float]
    gas: float


def draw_chest(random: np.random.Generator) -> Chest:
    """One chest of the population."""
    return Chest(
        half_width=random.uniform(158, 182),
        half_depth=random.uniform(108, 126),
        fat=random.uniform(12, 28),
        muscle=random.uniform(13, 18),
        domes=(random.uniform(-8, 8), random.uniform(-24, -12)),
        ribs=random.uniform(0, _RIB_PITCH_MM),
        stomach=(random.uniform(62, 88), random.uniform(-20, 15), random.uniform(-88, -72)),
        gas=random.uniform(6, 22),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Grain:
    """One texture at several sizes: fine for tissue, coarse for organs, smooth for their edges."""

    fine: Field
    coarse: Field
    smooth: Field


def paint_chest(canvas: Canvas, chest: Chest, point: Point, texture: Texture) -> None:
    """Paint the whole chest without the heart."""
    depth = _depth(chest, point, texture)
    grain = _Grain(fine=texture.at(point, 2.4), coarse=texture.at(point, 6.5), smooth=texture.smooth_at(point, 10))
    _paint_wall(canvas, chest, point, depth, grain.fine)
    inside = chest.fat + chest.muscle - depth
    _paint_lungs(canvas, point, inside, texture)
    _paint_abdomen(canvas, chest, point, inside, grain)
    _paint_midline(canvas, chest, point, grain)
    _paint_arm(canvas, chest, point)


def _depth(chest: Chest, point: Point, texture: Texture) -> Field:
    """Millimetres below the skin, negative outside."""
    left, back, up = point
    taper = 1 - 0.0008 * up
    radius = np.sqrt((left / chest.half_width) ** 2 + (back / chest.half_depth) ** 2) / taper
    reach = np.sqrt(left**2 + back**2)
    return np.asarray(reach * (1 / np.maximum(radius, 0.05) - 1) + 2.5 * texture.at(point, 22), np.float32)


def _paint_wall(canvas: Canvas, chest: Chest, point: Point, depth: Field, grain: Field) -> None:
    left, back, up = point
    canvas.paint("skin fat", -depth, 1 + 0.05 * grain)
    flank = chest.fat * (1 + 0.25 * np.cos(left / 45)) - depth
    canvas.paint("muscle", flank, 0.85 + 0.16 * grain)
    # Septa of fat between the muscle layers, and ribs that slope down towards the sternum.
    middle = chest.fat + 0.5 * chest.muscle - depth
    canvas.paint("fat", np.abs(middle + 1.5 * grain) - 1.1, 0.75)
    along = (up - 0.55 * back + chest.ribs) % _RIB_PITCH_MM - _RIB_PITCH_MM / 2
    rib = ellipsoid((middle, 4.5), (along, 7.0))
    canvas.paint("bone", rib)
    canvas.paint("marrow", rib + 2.0)


def _paint_lungs(canvas: Canvas, point: Point, inside: Field, texture: Texture) -> None:
    canvas.paint("lung", inside, 1 + 0.25 * texture.at(point, 6))
    # Vessels: the peaks of a fine texture, more of them towards the hilum.
    left, back, up = point
    hilum = np.sqrt((np.abs(left) - 35) ** 2 + back**2 + up**2)
    peaks = texture.at(point, 2.2) - 1.25 - 0.009 * hilum
    canvas.paint("blood", np.maximum(inside + 4, -2.2 * peaks), 0.8)


def _paint_abdomen(canvas: Canvas, chest: Chest, point: Point, inside: Field, grain: _Grain) -> None:
    left, back, up = point
    right_dome = chest.domes[0] - ((left + 75) / 95) ** 2 * 55 - ((back + 5) / 95) ** 2 * 35
    left_dome = chest.domes[1] - ((left - 70) / 85) ** 2 * 40 - ((back + 5) / 100) ** 2 * 35
    below = np.maximum(up - np.maximum(right_dome, left_dome), inside)
    # Fat fills the corner between heart, diaphragm and breastbone.
    corner = ellipsoid((left - 20, 75), (back + 75, 48)) + 6 * grain.smooth
    canvas.paint("fat", np.maximum(np.maximum(below - 16, inside), corner), 0.85 + 0.08 * grain.fine)
    canvas.paint("muscle", below, 0.8)
    canvas.paint("fat", below + 3.5, 0.8 + 0.15 * grain.coarse + 0.06 * grain.fine)
    _paint_bowel(canvas, below, grain)
    liver = np.maximum(below + 2.5, ellipsoid((left + 70, 100), (back + 8, 92), (up + 75, 82)))
    canvas.paint("liver", liver, 1 + 0.06 * grain.fine)
    canvas.paint("blood", np.maximum(liver + 6, 2.2 * (1.6 - grain.coarse)), 0.75)
    canvas.paint("spleen", np.maximum(below + 3, ellipsoid((left - 108, 30), (back - 42, 42), (up + 72, 40))))
    _paint_stomach(canvas, chest, point, below, grain)


def _paint_bowel(canvas: Canvas, below: Field, grain: _Grain) -> None:
    loops = np.maximum(below + 8, 5 * (0.45 - grain.coarse))
    canvas.paint("muscle", loops, 1.25 + 0.3 * grain.fine)


def _paint_stomach(canvas: Canvas, chest: Chest, point: Point, below: Field, grain: _Grain) -> None:
    left, back, up = (axis - middle for axis, middle in zip(point, chest.stomach, strict=True))
    sac = np.maximum(below + 4, ellipsoid((left, 44), (back, 36), (up, 38)) + 6 * grain.smooth)
    canvas.paint("muscle", sac, 0.8)
    canvas.paint("spleen", sac + 2.5, 0.9 + 0.22 * grain.fine)
    canvas.paint("air", ellipsoid((left, chest.gas), (back + 20, chest.gas * 0.7), (up, chest.gas)))


def _paint_midline(canvas: Canvas, chest: Chest, point: Point, grain: _Grain) -> None:
    left, back, up = point
    spine = 0.42 * chest.half_depth
    mediastinum = ellipsoid((left, 26), (back - 18, 38)) + 5 * grain.smooth
    canvas.paint("fat", mediastinum, 0.55 + 0.2 * grain.coarse)
    for column in COLUMNS:
        section = ellipsoid((left - column.left, column.half_width), (back - spine - column.behind, column.half_depth))
        canvas.paint(column.tissue, section, column.share * (1 + 0.12 * grain.fine))
    disc = np.abs((up + chest.ribs) % 33 - 16.5) - 3.5
    canvas.paint("muscle", np.maximum(disc, ellipsoid((left, 22), (back - spine, 18))), 0.7)
    breastbone = ellipsoid((left, 19), (back + chest.half_depth - chest.fat - 8, 7.0), (up - 30, 90))
    canvas.paint("bone", breastbone)
    canvas.paint("marrow", breastbone + 2.0)


def _paint_arm(canvas: Canvas, chest: Chest, point: Point) -> None:
    left, back, up = point
    for side in (-1, 1):
        reach = left - side * (chest.half_width + 70 - 0.1 * up)
        arm = ellipsoid((reach, 44), (back - 15, 46))
        canvas.paint("skin fat", arm)
        canvas.paint("muscle", arm + 10)
        canvas.paint("marrow", ellipsoid((reach, 11), (back - 15, 11)))
