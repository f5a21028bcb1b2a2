"""Volumes and ejection fraction of held-out subjects as models see them, beside the reference.

One point is one subject, the mean over its stacks. All models are compared over the same subjects, but for those that
say nothing of most: these are left out, or nothing could be said of any.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from medgraft.measurement import ejection_fraction
from medgraft.study.curve.compared import compared_models
from medgraft.study.curve.outcome import CurveOutcome, CurvePoint
from medgraft.study.curve.walls import LEAST_POINTS, LEAST_SHOWN


@dataclass(frozen=True, kw_only=True)
class VolumeAgreement:
    """EDV, ESV (ml) or EF (%) as one model sees them. seen, reference: of each of `subjects`."""

    arm: str
    size: int
    figure: str
    unit: str
    subjects: tuple[str, ...]
    seen: tuple[float, ...]
    reference: tuple[float, ...]


#: Volumes (ml) by phase.
_Volumes = Mapping[str, float]
_NAN = float("nan")


def volume_agreements(outcome: CurveOutcome) -> tuple[VolumeAgreement, ...]:
    """Of every compared model that tells the figure of half the subjects or more; nothing where none is known."""
    return tuple(item for figure in _FIGURES for item in _of_figure(outcome, figure))


def _of_figure(outcome: CurveOutcome, figure: str) -> Iterator[VolumeAgreement]:
    models = compared_models(outcome)
    reference = {name: ml for name, ml in _by_subject(models[0], figure, "true_volume").items() if np.isfinite(ml)}
    seen = [(model, _by_subject(model, figure, "volume")) for model in models]
    compared = [
        (model, values) for model, values in seen if _n_known(values, reference) >= LEAST_SHOWN * len(reference)
    ]
    subjects = [name for name in reference if all(np.isfinite(values[name]) for _, values in compared)]
    if len(subjects) < LEAST_POINTS:
        return
    for model, values in compared:
        yield VolumeAgreement(
            arm=model.arm,
            size=model.size,
            figure=figure,
            unit=_FIGURES[figure][0],
            subjects=tuple(subjects),
            seen=tuple(values[name] for name in subjects),
            reference=tuple(reference[name] for name in subjects),
        )


def _n_known(values: Mapping[str, float], subjects: Iterable[str]) -> int:
    return sum(math.isfinite(values[name]) for name in subjects)


def _by_subject(point: CurvePoint, figure: str, side: Literal["volume", "true_volume"]) -> dict[str, float]:
    """NaN where it is unknown in any stack of a subject."""
    stacks: dict[str, dict[str, dict[str, float]]] = {}
    for found in point.test:
        volume = getattr(found, side)
        phases = stacks.setdefault(found.subject, {}).setdefault(found.stack, {})
        phases[found.phase] = _NAN if volume is None else volume
    read = _FIGURES[figure][1]
    return {subject: float(np.mean([read(own) for own in each.values()])) for subject, each in sorted(stacks.items())}


def _ejected(volumes: _Volumes) -> float:
    """In percent; NaN where the model sees no blood at end-diastole."""
    ed, es = volumes.get("ed", _NAN), volumes.get("es", _NAN)
    return 100 * ejection_fraction(ed, es) if ed > 0 and es >= 0 else _NAN


_FIGURES: Mapping[str, tuple[str, Callable[[_Volumes], float]]] = {
    "EDV": ("ml", lambda volumes: volumes.get("ed", _NAN)),
    "ESV": ("ml", lambda volumes: volumes.get("es", _NAN)),
    "EF": ("%", _ejected),
}
