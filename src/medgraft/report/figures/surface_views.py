"""A surface coloured by thickness, seen from four sides: what paper shows of the one that turns."""

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from medgraft.report.style import INK, LABEL, MUTED, RULE, THICKNESS_COLOURS, TICK, TITLE, bare, new_figure
from medgraft.report.wall import Surface

Floats = NDArray[np.float64]

#: Degrees about the vertical axis.
_SIDES = (0, 90, 180, 270)
_TILT = 15.0
_UNKNOWN = np.array([0.75, 0.77, 0.8])
#: Share of its colour that a face keeps when it is seen from the edge.
_SHADE = 0.45


def surface_views(surfaces: Sequence[Surface]) -> Figure:
    """A row per surface, a column per side, all on one scale of mm and one scale of length."""
    scale = thickness_scale(surfaces)
    figure = new_figure(0.3 + 2.6 * len(surfaces), width=11)
    grid = figure.subplots(len(surfaces), len(_SIDES), squeeze=False)
    half = max(reach(surface) for surface in surfaces)
    for row, surface in enumerate(surfaces):
        for axes, turn in zip(grid[row], _SIDES, strict=True):
            _draw(axes, surface, turn, scale, half)
        grid[row, 0].set_title(f"{surface.source}, {surface.phase.upper()}", loc="left", fontsize=TITLE, color=INK)
    bar = figure.colorbar(ScalarMappable(scale, THICKNESS_COLOURS), ax=grid, shrink=0.7, aspect=24, pad=0.02)
    bar.set_label("wall thickness, mm", fontsize=LABEL, color=MUTED)
    bar.ax.tick_params(labelsize=TICK, colors=MUTED)
    bar.outline.set_edgecolor(RULE)
    return figure


def thickness_scale(surfaces: Sequence[Surface]) -> Normalize:
    """From the 2nd to the 98th percentile of all surfaces together, so that single spikes do not take all colours."""
    known = np.concatenate([surface.thickness[np.isfinite(surface.thickness)] for surface in surfaces])
    low, high = np.percentile(known, (2, 98)) if known.size else (0.0, 1.0)
    return Normalize(float(low), float(max(high, low + 1e-3)), clip=True)


def centred(surface: Surface) -> Floats:
    """(V, 3) vertices about the middle of their box; a wall that fills its image has none outside."""
    vertices: Floats = np.asarray(surface.vertices, float)
    return np.asarray(vertices - (vertices.min(axis=0) + vertices.max(axis=0)) / 2) if len(vertices) else vertices


def reach(surface: Surface) -> float:
    """The farthest vertex from the middle, mm: however a surface is turned, it stays within."""
    return float(np.linalg.norm(centred(surface), axis=1).max(initial=0)) or 1.0


def _draw(axes: Axes, surface: Surface, turn: float, scale: Normalize, half: float) -> None:
    corners = (centred(surface) @ _rotation(turn, _TILT).T)[surface.triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normals, axis=1)
    towards = np.divide(normals[:, 2], length, out=np.zeros_like(length), where=length > 0)
    # An open surface shows its inside too, so no face is left out: those behind are drawn first.
    order = np.argsort(corners[:, :, 2].mean(axis=1), kind="stable")
    colours = _colours(surface, scale) * (_SHADE + (1 - _SHADE) * np.abs(towards))[:, None]
    faces = PolyCollection(
        list(corners[order, :, :2]), facecolors=colours[order], edgecolors=colours[order], linewidths=0.2
    )
    faces.set_rasterized(True)
    axes.add_collection(faces)
    axes.set_xlim(-half, half)
    axes.set_ylim(-half, half)
    axes.set_aspect("equal")
    bare(axes)


def _colours(surface: Surface, scale: Normalize) -> Floats:
    """(F, 3) of the mean thickness of each face's corners."""
    thickness = surface.thickness[surface.triangles].mean(axis=1)
    known = np.isfinite(thickness)
    colours = np.asarray(colormaps[THICKNESS_COLOURS](scale(np.where(known, thickness, 0.0))))[:, :3]
    return np.asarray(np.where(known[:, None], colours, _UNKNOWN))


def _rotation(turn: float, tilt: float) -> Floats:
    """About the vertical axis, then towards the viewer, in degrees."""
    (ct, st), (cx, sx) = ((np.cos(a), np.sin(a)) for a in np.radians((turn, tilt)))
    about_y = np.array([[ct, 0, st], [0, 1, 0], [-st, 0, ct]])
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    return np.asarray(about_x @ about_y)
