"""The chest around the heart as X-rays see it, painted in attenuation (water = 1)."""

from typing import NamedTuple

import numpy as np

from medgraft.phantoms.canvas import Canvas
from medgraft.phantoms.chest import Chest, Point
from medgraft.phantoms.fields import Field, ellipsoid
from medgraft.phantoms.texture import Texture

#: Linear attenuation of tissues over that of water; blood and myocardium follow from the contrast agent.
ATTENUATION = {"air": 0.0, "lung": 0.16, "fat": 0.90, "muscle": 1.05, "liver": 1.09, "marrow": 1.2, "bone": 1.65}

_RIB_PITCH_MM = 27.0


class Column(NamedTuple):
    """What runs along the spine: its centre (mm to the left of and behind the vertebrae's) and half-axes, mm."""

    tissue: str
    left: float
    behind: float
    half_width: float
    half_depth: float


#: Painted in this order: muscles of the back, vertebrae with their rind, spinal canal, wall and blood of the aorta.
COLUMNS = (
    Column("muscle", 0, 38, 62, 26),
    Column("bone", 0, 0, 22, 18),
    Column("marrow", 0, 0, 19.5, 15.5),
    Column("muscle", 0, 24, 8, 7),
    Column("muscle", 26, -14, 13.5, 13.5),
    Column("blood", 26, -14, 11.5, 11.5),
)


def paint_ct_chest(canvas: Canvas, chest: Chest, point: Point, texture: Texture) -> None:
    """Paint the chest without the heart: lungs, wall, ribs, liver, what runs along the spine, breastbone."""
    left, back, up = point
    grain = texture.at(point, 2.4)
    skin = ellipsoid((left, chest.half_width), (back, chest.half_depth))
    canvas.paint("fat", skin, 1 + 0.015 * grain)
    canvas.paint("muscle", skin + chest.fat, 1 + 0.012 * grain)
    _paint_ribs(canvas, chest, point, skin)
    inside = skin + chest.fat + chest.muscle
    canvas.paint("lung", inside, 1 + 0.2 * texture.at(point, 6))
    _paint_lung_vessels(canvas, point, inside, texture)
    _paint_liver(canvas, chest, point, inside, grain)
    canvas.paint("fat", ellipsoid((left, 26), (back - 18, 40)) + 5 * texture.smooth_at(point, 10))
    for column in COLUMNS:
        behind = back - 0.42 * chest.half_depth - column.behind
        canvas.paint(column.tissue, ellipsoid((left - column.left, column.half_width), (behind, column.half_depth)))
    breastbone = ellipsoid((left, 19), (back + chest.half_depth - chest.fat - 8, 7.0), (up - 30, 90))
    canvas.paint("bone", breastbone)
    canvas.paint("marrow", breastbone + 1.5)


def _paint_ribs(canvas: Canvas, chest: Chest, point: Point, skin: Field) -> None:
    _left, back, up = point
    # Ribs lie in the muscle and slope down towards the breastbone.
    along = (up - 0.55 * back + chest.ribs) % _RIB_PITCH_MM - _RIB_PITCH_MM / 2
    rib = ellipsoid((skin + chest.fat + 0.5 * chest.muscle, 4.5), (along, 7.0))
    canvas.paint("bone", rib)
    canvas.paint("marrow", rib + 1.8)


def _paint_lung_vessels(canvas: Canvas, point: Point, inside: Field, texture: Texture) -> None:
    left, back, up = point
    hilum = np.sqrt((np.abs(left) - 35) ** 2 + back**2 + up**2)
    peaks = texture.at(point, 2.2) - 1.25 - 0.009 * hilum
    canvas.paint("right blood", np.maximum(inside + 4, -2.2 * peaks))


def _paint_liver(canvas: Canvas, chest: Chest, point: Point, inside: Field, grain: Field) -> None:
    left, back, up = point
    right_dome = chest.domes[0] - 30 - ((left + 75) / 95) ** 2 * 55 - ((back + 5) / 95) ** 2 * 35
    left_dome = chest.domes[1] - 30 - ((left - 70) / 85) ** 2 * 40 - ((back + 5) / 100) ** 2 * 35
    below = np.maximum(up - np.maximum(right_dome, left_dome), inside)
    canvas.paint("fat", below)
    canvas.paint(
        "liver", np.maximum(below + 3, ellipsoid((left + 50, 110), (back + 8, 92), (up + 95, 82))), 1 + 0.01 * grain
    )
