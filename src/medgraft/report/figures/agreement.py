"""Two ways of measuring the same subjects: scatter and Bland-Altman plot."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from medgraft.report.agreement import Agreement, FigureAgreement
from medgraft.report.finding import one_decimal
from medgraft.report.style import INK, MUTED, TICK, VALIDATION, Mark, new_figure, tidy

_MARK = Mark(VALIDATION, "o")


def agreement_plots(agreements: Sequence[FigureAgreement]) -> Figure:
    """Two figures to a row, each as a scatter and as a Bland-Altman plot.

    In the scatter the diagonal is equality. In the Bland-Altman plot (1999, doi 10.1177/096228029900800204) the
    line is the mean difference, dashes the limits of 95 % of differences, bands their 95 % intervals.
    """
    n_rows = -(-len(agreements) // 2)
    drawn = new_figure(0.3 + 2.6 * n_rows, width=11.2)
    grid = drawn.subplots(n_rows, 4, squeeze=False).reshape(-1, 2)
    for (left, right), agreement in zip(grid, agreements, strict=False):
        limits, unit = limits_of([agreement]), agreement.unit
        draw_scatter(left, agreement, _MARK, limits, title=agreement.title, x=f"reference, {unit}", y=f"model, {unit}")
        draw_bland_altman(right, agreement, _MARK, limits, x=f"mean of both, {unit}", unit=unit)
        right.set_ylim(spread_of([agreement]))
    for axes in grid[len(agreements) :].ravel():
        axes.set_axis_off()
    return drawn


def draw_scatter(
    axes: Axes, agreement: Agreement, mark: Mark, limits: tuple[float, float], *, title: str, x: str, y: str
) -> None:
    """Seen over reference, with Pearson's correlation and its interval."""
    axes.plot(limits, limits, color=MUTED, linewidth=0.8)
    axes.plot(
        agreement.reference, agreement.seen, linestyle="", marker=mark.marker, color=mark.colour, markersize=5,
        alpha=0.75,
    )  # fmt: skip
    tidy(axes, title=title, x=x, y=y)
    axes.set_xlim(limits)
    axes.set_ylim(limits)
    axes.set_aspect("equal")
    r = agreement.pearson
    ends = f"\n{r.low:.2f} to {r.high:.2f}" if np.isfinite(r.low) else ""
    # On the side of the diagonal where fewer points are.
    below = bool(np.mean(agreement.seen > agreement.reference) > 0.5)
    place: dict[str, Any] = {"x": 0.97, "y": 0.03, "ha": "right"} if below else {"x": 0.04, "y": 0.97, "va": "top"}
    axes.text(s=f"r {r.value:.2f}{ends}", transform=axes.transAxes, fontsize=TICK, color=INK, **place)


def draw_bland_altman(
    axes: Axes, agreement: Agreement, mark: Mark, limits: tuple[float, float], *, x: str, unit: str
) -> None:
    """Seen minus reference over the mean of both."""
    mean, difference = (agreement.seen + agreement.reference) / 2, agreement.seen - agreement.reference
    for value, dashes in ((agreement.bias, "-"), (agreement.lower, "--"), (agreement.upper, "--")):
        axes.axhspan(value.low, value.high, color=mark.colour, alpha=0.1, linewidth=0)
        axes.axhline(value.value, color=INK, linewidth=0.9, linestyle=dashes)
        axes.annotate(
            one_decimal(value), (1, value.value), xycoords=("axes fraction", "data"), xytext=(3, 0),
            textcoords="offset points", va="center", fontsize=TICK, color=INK,
        )  # fmt: skip
    axes.axhline(0, color=MUTED, linewidth=0.6, linestyle=":")
    axes.plot(mean, difference, linestyle="", marker=mark.marker, color=mark.colour, markersize=5, alpha=0.75)
    tidy(axes, title="", x=x, y=f"model - reference, {unit}")
    axes.set_xlim(limits)


def limits_of(agreements: Sequence[Agreement]) -> tuple[float, float]:
    """The range of all values, with an edge."""
    values = np.concatenate([np.concatenate([one.seen, one.reference]) for one in agreements])
    return _with_edge(values, 0.08)


def spread_of(agreements: Sequence[Agreement]) -> tuple[float, float]:
    """The range of all differences and of the intervals of their limits, with an edge."""
    differences = np.concatenate([one.seen - one.reference for one in agreements])
    bounds = [bound for one in agreements for end in (one.lower, one.upper) for bound in (end.low, end.high)]
    return _with_edge(np.concatenate([differences, bounds]), 0.05)


def _with_edge(values: NDArray[np.float64], share: float) -> tuple[float, float]:
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    edge = share * (high - low) or 1.0
    return low - edge, high + edge
