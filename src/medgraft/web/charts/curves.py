"""Training curves of one learning rate: every fold faint, their mean bold; loss above, accuracy below."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from medgraft.web.charts.svg import drawing, element, path

_WIDTH, _LOSS, _ACCURACY = 320, 164, 124
_LEFT, _RIGHT, _TOP, _BOTTOM = 36, 10, 22, 20

Curve = NDArray[np.float64]
Place = Callable[[int, float], tuple[float, float]]


def rate_curves(
    train_loss: Curve, validation_loss: Curve, validation_accuracy: Curve, *, top: float, chosen: int | None
) -> Markup:
    """Curves (folds, epochs) of one rate.

    Args:
        train_loss: of each fold.
        validation_loss: of each fold.
        validation_accuracy: of each fold, 0..1.
        top: the highest loss of the axis, shared by all rates.
        chosen: the epoch to mark, from 1; None where another rate was chosen.
    """
    epochs = train_loss.shape[1]
    loss, accuracy = _place(epochs, 0, _LOSS, top), _place(epochs, _LOSS, _ACCURACY, 1.0)
    parts = [
        *_axis(loss, epochs, top, "loss"),
        *_axis(accuracy, epochs, 1.0, "accuracy"),
        *_lines(loss, train_loss, "train", top),
        *_lines(loss, validation_loss, "validation", top),
        *_lines(accuracy, validation_accuracy, "accuracy", 1.0),
        *(_mark(loss, accuracy, chosen, top) if chosen else []),
        *_epochs(epochs),
    ]
    return drawing(_WIDTH, _LOSS + _ACCURACY, parts, label=_words(validation_loss, chosen), class_="curves")


def _epochs(epochs: int) -> list[Markup]:
    """What is written under both: the first and the last epoch."""
    y, right = _LOSS + _ACCURACY - 4, _WIDTH - _RIGHT
    return [
        element("text", "epoch 1", x=_LEFT, y=y, class_="axis"),
        element("text", str(epochs), x=right, y=y, text_anchor="end", class_="axis"),
    ]


def _place(epochs: int, above: float, height: float, top: float) -> Place:
    step = (_WIDTH - _LEFT - _RIGHT) / max(epochs - 1, 1)
    room = height - _TOP - _BOTTOM

    def place(at: int, value: float) -> tuple[float, float]:
        return _LEFT + at * step, above + _TOP + (1 - min(value / top, 1.0)) * room

    return place


def _axis(place: Place, epochs: int, top: float, name: str) -> list[Markup]:
    marks = [value for value in _round_steps(top) if value <= top * 1.001]
    lines = []
    for value in marks:
        (x1, y), (x2, _) = place(0, value), place(max(epochs - 1, 1), value)
        lines.append(element("line", x1=x1, x2=x2, y1=y, y2=y, class_="rule"))
        lines.append(element("text", f"{value:g}", x=x1 - 6, y=y + 3.5, text_anchor="end", class_="axis"))
    x, y = place(0, top)
    return [*lines, element("text", name, x=x, y=y - 10, class_="axis name")]


def _round_steps(top: float) -> list[float]:
    """Two to five round numbers from 0 up to `top`."""
    size = 10 ** math.floor(math.log10(top))
    step = next(size * part for part in (0.2, 0.25, 0.5, 1, 2) if top / (size * part) <= 4)
    return [round(step * at, 6) for at in range(int(top / step + 1e-6) + 1)]


def _lines(place: Place, folds: Curve, kind: str, top: float) -> list[Markup]:
    with np.errstate(all="ignore"):
        mean = folds.mean(axis=0)
    faint = [path(_points(place, fold), f"fold {kind}") for fold in folds.tolist()]
    return [*faint, path(_points(place, mean.tolist()), f"mean {kind}"), *_single(place, mean, kind, top)]


def _single(place: Place, mean: Curve, kind: str, top: float) -> list[Markup]:
    """One epoch makes no line, so it is a dot."""
    if len(mean) != 1 or not np.isfinite(mean[0]):
        return []
    x, y = place(0, min(float(mean[0]), top))
    return [element("circle", cx=x, cy=y, r=3.5, class_=f"spot {kind}")]


def _points(place: Place, values: Sequence[float]) -> list[tuple[float, float] | None]:
    return [place(at, value) if math.isfinite(value) else None for at, value in enumerate(values)]


def _mark(loss: Place, accuracy: Place, chosen: int, top: float) -> list[Markup]:
    (x, y1), (_, y2) = loss(chosen - 1, top), accuracy(chosen - 1, 0.0)
    late = x > _WIDTH * 0.7
    return [
        element("line", x1=x, x2=x, y1=y1, y2=y2, class_="chosen"),
        element(
            "text",
            f"epoch {chosen}",
            x=x - 5 if late else x + 5,
            y=_LOSS - 6,
            text_anchor="end" if late else "start",
            class_="axis chosen-text",
        ),
    ]


def _words(validation_loss: Any, chosen: int | None) -> str:
    finite = np.isfinite(validation_loss).all()
    lowest = f"lowest mean validation loss {validation_loss.mean(axis=0).min():.2f}" if finite else "a fold diverged"
    return f"Training curves: {lowest}" + (f", epoch {chosen} was chosen" if chosen else "")
