"""Surfaces as text that the page's own script reads: small numbers, little-endian, base64."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray

from medgraft.report.figures.surface_views import centred, reach, thickness_scale
from medgraft.report.style import THICKNESS_COLOURS
from medgraft.report.wall import Surface

#: Coordinates are stored in 65,535 steps of twice the largest reach: a few micrometres on a heart.
_STEPS = 65535
#: Thickness is stored as steps of the colour scale; 255 says that there is none.
_LEVELS, _UNKNOWN = 254, 255


@dataclass(frozen=True, kw_only=True)
class Mesh:
    """One surface for the script. vertices: uint16 triples; triangles: uint32 triples; levels: uint8."""

    title: str
    vertices: str
    triangles: str
    levels: str


@dataclass(frozen=True, kw_only=True)
class Meshes:
    """Surfaces on one scale of length and one of thickness. colours: 255 RGB triples. low, high: mm of its ends."""

    surfaces: tuple[Mesh, ...]
    colours: str
    low: float
    high: float


def meshes(surfaces: Sequence[Surface]) -> Meshes:
    """Surfaces centred and scaled together."""
    scale = thickness_scale(surfaces)
    side = 2 * max(reach(surface) for surface in surfaces)
    table = np.asarray(colormaps[THICKNESS_COLOURS](np.linspace(0, 1, _LEVELS + 1)))[:, :3]
    low, high = float(scale.vmin or 0), float(scale.vmax or 1)
    return Meshes(
        surfaces=tuple(_mesh(surface, side, low, high) for surface in surfaces),
        colours=_text(np.rint(255 * table).astype(np.uint8)),
        low=low,
        high=high,
    )


def _mesh(surface: Surface, side: float, low: float, high: float) -> Mesh:
    places = np.rint((centred(surface) / side + 0.5) * _STEPS).astype("<u2")
    share = np.clip((np.asarray(surface.thickness, float) - low) / (high - low), 0, 1)
    known = np.isfinite(share)
    levels = np.where(known, np.rint(np.where(known, share, 0) * _LEVELS), _UNKNOWN).astype(np.uint8)
    return Mesh(
        title=f"{surface.source}, {surface.phase.upper()}",
        vertices=_text(places),
        triangles=_text(surface.triangles.astype("<u4")),
        levels=_text(levels),
    )


def _text(values: NDArray[np.generic]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
