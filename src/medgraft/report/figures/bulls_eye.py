"""Bull's-eye of wall thickness: segments of the left ventricle as the American Heart Association numbers them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Wedge
from numpy.typing import NDArray

from medgraft.report.style import (
    INK,
    LABEL,
    MUTED,
    PAPER,
    RULE,
    THICKNESS_COLOURS,
    TICK,
    TITLE,
    bare,
    ink_on,
    new_figure,
)
from medgraft.report.wall import BullsEye


class _Ring(NamedTuple):
    """Segments of one level: the first one's number and centre in degrees (anterior is up), counter-clockwise."""

    first: int
    n_segments: int
    centre: float
    inner: float
    outer: float


#: Cerqueira et al. 2002, doi 10.1161/hc0402.102975, Figure 4: the base is outside, the apex inside.
RINGS = (
    _Ring(1, 6, 90, 0.75, 1.0),
    _Ring(7, 6, 90, 0.5, 0.75),
    _Ring(13, 4, 90, 0.25, 0.5),
    _Ring(17, 1, 90, 0.0, 0.25),
)
#: What is written around: how it is turned in degrees, and where.
_WALLS = {"anterior": (0, 0, 1.1), "septum": (90, -1.1, 0), "inferior": (0, 0, -1.1), "lateral": (-90, 1.1, 0)}


def bulls_eyes(eyes: Sequence[BullsEye]) -> Figure:
    """A row per phase, a column per source, all on one scale of mm; the number in a segment is its thickness.

    Of 16 segments the middle stays empty.
    """
    sources = list(dict.fromkeys(source for eye in eyes for source in eye.by_source))
    values = np.concatenate([eye.by_source[source] for eye in eyes for source in eye.by_source])
    known = values[np.isfinite(values)]
    scale = Normalize(float(known.min()), float(known.max())) if known.size else Normalize(0.0, 1.0)
    figure = new_figure(0.4 + 2.7 * len(eyes), width=0.9 + 2.6 * len(sources))
    grid = figure.subplots(len(eyes), len(sources), squeeze=False)
    for row, eye in enumerate(eyes):
        for axes, source in zip(grid[row], sources, strict=True):
            bare(axes)
            if source in eye.by_source:
                _draw(axes, eye.by_source[source], scale)
            axes.set_title(f"{source}\n{eye.subject}, {eye.phase.upper()}", fontsize=TITLE, color=INK)
    colours = ScalarMappable(scale, THICKNESS_COLOURS)
    bar = figure.colorbar(colours, ax=grid, shrink=0.6, aspect=24, pad=0.02)
    bar.set_label("wall thickness, mm", fontsize=LABEL, color=MUTED)
    bar.ax.tick_params(labelsize=TICK, colors=MUTED)
    bar.outline.set_edgecolor(RULE)
    return figure


def _draw(axes: Axes, thickness: NDArray[np.float64], scale: Normalize) -> None:
    colours = colormaps[THICKNESS_COLOURS]
    for number, value in enumerate(thickness, start=1):
        ring = next(ring for ring in RINGS if ring.first <= number < ring.first + ring.n_segments)
        width = 360 / ring.n_segments
        centre = ring.centre + (number - ring.first) * width
        known = np.isfinite(value)
        colour = to_hex(colours(scale(value))) if known else PAPER
        start, end = (centre - width / 2, centre + width / 2)
        wedge = Wedge((0, 0), ring.outer, start, end, width=ring.outer - ring.inner, facecolor=colour, edgecolor=PAPER)
        axes.add_patch(wedge)
        if not known:
            wedge.set(hatch="////", edgecolor=RULE)
        middle = (ring.inner + ring.outer) / 2 if ring.inner else 0.0
        x, y = middle * np.cos(np.radians(centre)), middle * np.sin(np.radians(centre))
        text = f"{value:.1f}" if known else "?"
        axes.text(x, y, text, ha="center", va="center", fontsize=TICK - 1, color=ink_on(colour))
    for wall, (turn, x, y) in _WALLS.items():
        axes.text(x, y, wall, ha="center", va="center", rotation=turn, fontsize=TICK - 1, color=MUTED)
    axes.set_xlim(-1.16, 1.16)
    axes.set_ylim(-1.16, 1.16)
    axes.set_aspect("equal")
