"""A held-out subject in three planes, with the contours of the reference and of each model."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from medgraft.report.curve.content import Overlay, Plane
from medgraft.report.figures.outline import draw_outline
from medgraft.report.style import INK, LABEL, MUTED, TITLE, bare, grey_limits, new_figure

#: Reference and model on grey: white, and Okabe-Ito's orange, told apart in brightness as well.
_REFERENCE, _MODEL = "#FFFFFF", "#E69F00"
_DASHES = (0, (2.5, 1.8))
#: Behind the key, so that white can be seen.
_DARK = "#3a3f45"
#: Inches.
_WIDTH, _HEIGHT = 11.0, 2.3


def mask_overlays(overlay: Overlay) -> Figure:
    """A row per model, a column per plane. The reference is dashed white, the model's answer orange."""
    models = list(overlay.dice)
    shapes = [plane.image.shape[0] * plane.aspect / plane.image.shape[1] for plane in overlay.planes]
    # Planes of one row are equally high, so their widths follow their shapes.
    widths = [1 / shape for shape in shapes]
    height = min(_HEIGHT, (_WIDTH - 0.6) / sum(widths))
    figure = new_figure(0.7 + len(models) * (height + 0.3), width=max(6.0, height * sum(widths) + 0.9))
    grid = figure.subplots(len(models), len(overlay.planes), squeeze=False, width_ratios=widths)
    for row, title in enumerate(models):
        for column, plane in enumerate(overlay.planes):
            _draw(grid[row, column], plane, plane.seen[title])
        heading = f"{title}: Dice {overlay.dice[title]:.2f}"
        grid[row, 0].set_title(heading, loc="left", fontsize=TITLE, color=INK)
    for axes, plane in zip(grid[-1], overlay.planes, strict=True):
        axes.set_xlabel(plane.title, fontsize=LABEL, color=MUTED)
    figure.legend(handles=_key(), loc="outside lower center", ncols=2, fontsize=LABEL, facecolor=_DARK, edgecolor=_DARK,
                  framealpha=1, labelcolor="white")  # fmt: skip
    return figure


def _draw(axes: Axes, plane: Plane, seen: NDArray[np.uint8]) -> None:
    low, high = grey_limits(plane.image)
    axes.imshow(plane.image, cmap="gray", vmin=low, vmax=high, aspect=plane.aspect, interpolation="bilinear")
    for mask, colour, line, width in ((seen, _MODEL, "solid", 1.5), (plane.reference, _REFERENCE, _DASHES, 1.1)):
        for code in np.unique(mask[mask > 0]):
            draw_outline(axes, mask == code, colour, line, width)
    axes.set_xlim(-0.5, plane.image.shape[1] - 0.5)
    axes.set_ylim(plane.image.shape[0] - 0.5, -0.5)
    bare(axes)


def _key() -> list[Line2D]:
    return [
        Line2D([], [], color=_REFERENCE, linestyle=_DASHES, linewidth=1.3, label="reference"),
        Line2D([], [], color=_MODEL, linewidth=1.7, label="model"),
    ]
