"""Thickness as models see it against the reference: scatter and Bland-Altman, model by model."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from medgraft.report.curve.content import CurveContent, WallAgreement
from medgraft.report.curve.style import Mark, mark_of
from medgraft.report.finding import millimetres
from medgraft.report.style import INK, MUTED, TICK, new_figure, tidy


def wall_agreement(content: CurveContent, figure: str) -> Figure:
    """One figure of the wall at every phase: a row per model, a scatter and a Bland-Altman plot per phase.

    In the scatter the diagonal is equality. In the Bland-Altman plot (1999, doi 10.1177/096228029900800204) the
    line is the mean difference, dashes the limits of 95 % of differences, bands their 95 % intervals.
    """
    walls = [wall for wall in content.walls if wall.figure == figure]
    models = list(dict.fromkeys(wall.model for wall in walls))
    phases = list(dict.fromkeys(wall.phase for wall in walls))
    drawn = new_figure(0.5 + 2.5 * len(models), width=max(5.6 * len(phases), 7))
    grid = drawn.subplots(len(models), 2 * len(phases), squeeze=False)
    by_phase = {phase: [wall for wall in walls if wall.phase == phase] for phase in phases}
    for row, model in enumerate(models):
        for column, phase in enumerate(phases):
            left, right = grid[row, 2 * column : 2 * column + 2]
            found = [wall for wall in by_phase[phase] if wall.model == model]
            if not found:
                left.set_axis_off()
                right.set_axis_off()
                continue
            last, limits = row == len(models) - 1, _limits(by_phase[phase])
            _scatter(left, found[0], mark_of(content, model), limits, last=last)
            _bland_altman(right, found[0], mark_of(content, model), limits, last=last)
            right.set_ylim(_spread(by_phase[phase]))
    return drawn


def _scatter(axes: Axes, wall: WallAgreement, mark: Mark, limits: tuple[float, float], *, last: bool) -> None:
    axes.plot(limits, limits, color=MUTED, linewidth=0.8)
    axes.plot(wall.reference, wall.seen, linestyle="", marker=mark.marker, color=mark.colour, markersize=5, alpha=0.75)
    tidy(axes, title=f"{wall.model.title}\n{wall.phase.upper()}", x="reference, mm" if last else "", y="seen, mm")
    axes.set_xlim(limits)
    axes.set_ylim(limits)
    axes.set_aspect("equal")
    r = wall.pearson
    axes.text(
        0.04, 0.97, f"r {r.value:.2f}\n{r.low:.2f} to {r.high:.2f}", transform=axes.transAxes, va="top", fontsize=TICK,
        color=INK,
    )  # fmt: skip


def _bland_altman(axes: Axes, wall: WallAgreement, mark: Mark, limits: tuple[float, float], *, last: bool) -> None:
    mean, difference = (wall.seen + wall.reference) / 2, wall.seen - wall.reference
    for value, dashes in ((wall.bias, "-"), (wall.lower, "--"), (wall.upper, "--")):
        axes.axhspan(value.low, value.high, color=mark.colour, alpha=0.1, linewidth=0)
        axes.axhline(value.value, color=INK, linewidth=0.9, linestyle=dashes)
        axes.annotate(
            millimetres(value), (1, value.value), xycoords=("axes fraction", "data"), xytext=(3, 0),
            textcoords="offset points", va="center", fontsize=TICK, color=INK,
        )  # fmt: skip
    axes.axhline(0, color=MUTED, linewidth=0.6, linestyle=":")
    axes.plot(mean, difference, linestyle="", marker=mark.marker, color=mark.colour, markersize=5, alpha=0.75)
    tidy(axes, title="", x="mean of both, mm" if last else "", y="seen - reference, mm")
    axes.set_xlim(limits)


def _limits(walls: Sequence[WallAgreement]) -> tuple[float, float]:
    values = np.concatenate([np.concatenate([wall.seen, wall.reference]) for wall in walls])
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    edge = 0.08 * (high - low) or 1.0
    return low - edge, high + edge


def _spread(walls: Sequence[WallAgreement]) -> tuple[float, float]:
    values = np.concatenate([wall.seen - wall.reference for wall in walls])
    bounds = [bound for wall in walls for end in (wall.lower, wall.upper) for bound in (end.low, end.high)]
    both = np.concatenate([values, bounds])
    low, high = float(np.nanmin(both)), float(np.nanmax(both))
    edge = 0.05 * (high - low) or 1.0
    return low - edge, high + edge
