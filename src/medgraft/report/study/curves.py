"""Training curves: every fold faint, their mean bold."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from medgraft.report.study.content import FoldCurves, ModelResult
from medgraft.report.style import ACCURACY, INK, LABEL, TICK, TRAINING, VALIDATION, new_figure, tidy

_COLUMNS = 4


class _Line(NamedTuple):
    colour: str
    dashes: Literal["-", "--"]
    label: str


_TRAIN = _Line(TRAINING, "--", "training loss")
_VALID = _Line(VALIDATION, "-", "validation loss")
_ACCURACY = _Line(ACCURACY, "-", "validation accuracy")


def curves_at_rate(results: Sequence[ModelResult], rate: float) -> Figure:
    """Loss above, accuracy below, of all models trained with one rate (Figure 3 of Ho and Kim 2021).

    All losses share one axis and so do all accuracies, so models can be compared. Models without that rate are left
    out; at least one must have it.
    """
    shown = [(r.title, r.curves, r.curves.rates.index(rate)) for r in results if r.curves and rate in r.curves.rates]
    rows = -(-len(shown) // _COLUMNS)
    columns = min(_COLUMNS, len(shown))
    figure = new_figure(0.4 + 3.6 * rows, width=2.5 * max(columns, 3))
    grid = figure.subplots(2 * rows, columns, squeeze=False, sharex=True)
    top = _loss_limit([curves for _, curves, _ in shown])
    for place in range(rows * columns):
        above, below = grid[2 * (place // columns) : 2 * (place // columns) + 2, place % columns]
        if place >= len(shown):
            above.set_axis_off()
            below.set_axis_off()
            continue
        title, curves, index = shown[place]
        _draw_pair(above, below, curves, index, top)
        tidy(above, title=title.replace(" (", "\n("), y="loss" if place % columns == 0 else "")
        tidy(below, x="epoch", y="accuracy" if place % columns == 0 else "")
    _legend(figure)
    return figure


def curves_by_rate(result: ModelResult) -> Figure:
    """One model's curves at each of its rates, the chosen rate and epoch marked."""
    if result.curves is None:
        raise ValueError(f"Expected a result with curves, got {result.name}.")
    curves = result.curves
    figure = new_figure(3.9, width=max(3.2 * len(curves.rates), 6.4))
    grid = figure.subplots(2, len(curves.rates), squeeze=False, sharex=True, sharey="row")
    for index, rate in enumerate(curves.rates):
        above, below = grid[:, index]
        chosen = rate == result.chosen_rate
        _draw_pair(above, below, curves, index, _loss_limit([curves]))
        tidy(above, title=f"rate {rate:g}{', chosen' if chosen else ''}", y="" if index else "loss", bold=chosen)
        tidy(below, x="epoch", y="" if index else "accuracy")
        if chosen:
            _mark_epoch(above, below, result.chosen_epoch)
    _legend(figure)
    return figure


def _draw_pair(above: Axes, below: Axes, curves: FoldCurves, index: int, top: float) -> None:
    _draw(above, curves.epochs, curves.train_loss[index], _TRAIN)
    _draw(above, curves.epochs, curves.val_loss[index], _VALID)
    _draw(below, curves.epochs, curves.val_accuracy[index], _ACCURACY)
    above.set_ylim(0, top)
    below.set_ylim(0, 1)


def _draw(axes: Axes, epochs: Sequence[int], folds: NDArray[np.float64], line: _Line) -> None:
    style: dict[str, Any] = {"color": line.colour, "linestyle": line.dashes}
    # A single epoch has no line to draw, so it is a point.
    marker = "o" if len(epochs) == 1 else None
    axes.plot(epochs, folds.T, linewidth=0.7, alpha=0.3, marker=marker, markersize=2, **style)
    axes.plot(epochs, folds.mean(axis=0), linewidth=1.8, marker=marker, markersize=4, **style)


def _mark_epoch(above: Axes, below: Axes, epoch: int | None) -> None:
    if epoch is None:
        return
    for axes in (above, below):
        axes.axvline(epoch, color=INK, linewidth=0.9, linestyle=":")
    above.annotate(
        f"epoch {epoch}",
        (epoch, 1),
        xycoords=("data", "axes fraction"),
        xytext=(3, -9),
        textcoords="offset points",
        fontsize=TICK,
        color=INK,
    )


def _loss_limit(curves: Sequence[FoldCurves]) -> float:
    # A single diverging fold must not flatten all other curves.
    losses = np.concatenate([np.stack([c.train_loss, c.val_loss]).ravel() for c in curves])
    finite = losses[np.isfinite(losses)]
    return 1.05 * float(np.percentile(finite, 99)) if finite.any() else 1.0


def _legend(figure: Figure) -> None:
    lines = (_TRAIN, _VALID, _ACCURACY)
    handles = [Line2D([], [], color=line.colour, linestyle=line.dashes, label=line.label) for line in lines]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=LABEL)
