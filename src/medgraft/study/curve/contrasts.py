"""Models on the same subjects: each subject's means, draws averaged, and paired differences between two models."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.evaluation import (
    MEAN_DICE,
    Interval,
    PairedDifference,
    holm,
    mean_difference,
    mean_interval,
    means_by_subject,
)
from medgraft.study.curve.figures import SubjectFigures
from medgraft.study.curve.outcome import AS_IS, CurveOutcome, CurvePoint


@dataclass(frozen=True, kw_only=True)
class CurveContrast:
    """How much better one model is than another on the same subjects.

    draws: the difference in each draw alone. adjusted: p after Holm over all starts and sizes that are compared with
    the same other.
    """

    arm: str
    size: int
    other: str
    other_size: int
    on: str
    difference: PairedDifference
    draws: tuple[float, ...]
    adjusted: float


@dataclass(frozen=True, kw_only=True)
class Measure:
    """How a figure of a table is read: the mean over structures, of those that are labelled."""

    name: str
    of: Literal["dice", "hausdorff95"]
    structures: tuple[str, ...]

    def value(self, figures: SubjectFigures) -> float:
        """NaN where none of the structures is labelled."""
        by_class: Mapping[str, float] = getattr(figures, self.of)
        labelled = [by_class[name] for name in self.structures if name in by_class]
        return float(np.mean(labelled)) if labelled else float("nan")

    def is_unmatched(self, figures: SubjectFigures) -> bool:
        """Whether any of the structures was missed or invented."""
        return not set(self.structures).isdisjoint(figures.unmatched)

    def best(self, values: NDArray[np.float64]) -> float:
        """The best of some values."""
        return float(np.nanmin(values) if self.of == "hausdorff95" else np.nanmax(values))


def contrasts(
    outcome: CurveOutcome, pairs: Sequence[tuple[Sequence[CurvePoint], Sequence[CurvePoint]]], on: str
) -> list[CurveContrast]:
    """One comparison, pair by pair; p values are adjusted over all of them."""
    found = [difference(outcome, points, others, on) for points, others in pairs]
    adjusted = holm(np.asarray([item.p_value for item in found]))
    return [
        CurveContrast(
            arm=points[0].arm,
            size=points[0].size,
            other=others[0].arm,
            other_size=others[0].size,
            on=on,
            difference=item,
            draws=draw_differences(outcome, points, others, on),
            adjusted=float(p),
        )
        for (points, others), item, p in zip(pairs, found, adjusted, strict=True)
    ]


def gains(outcome: CurveOutcome, on: str = "test") -> list[CurveContrast]:
    """What every start at every size gains over the travelling model as it is; nothing where there is none.

    One family: whoever takes the best of all ways has tried all of them, however few arms or sizes they come from.
    """
    as_is = outcome.of(AS_IS, 0)
    if not as_is or not group_of(as_is[0], on):
        return []
    ways = [outcome.of(arm, size) for arm in outcome.arms for size in outcome.sizes]
    return contrasts(outcome, [(points, as_is) for points in ways if points], on)


def subject_means(outcome: CurveOutcome, points: Sequence[CurvePoint]) -> dict[str, tuple[float, float]]:
    """Mean Dice and mean 95 % Hausdorff distance of each test subject over structures, phases, stacks and draws."""
    distance = Measure(name="95 % Hausdorff", of="hausdorff95", structures=outcome.structures)
    dices, subjects = by_subject(points, "test", _mean_dice(outcome))
    distances, _ = by_subject(points, "test", distance)
    return dict(
        zip(subjects, zip(dices.mean(axis=0).tolist(), distances.mean(axis=0).tolist(), strict=True), strict=True)
    )


def mean_dice(outcome: CurveOutcome, points: Sequence[CurvePoint]) -> float:
    """Mean Dice of some draws over the test subjects, draws averaged within each subject."""
    values, _ = by_subject(points, "test", _mean_dice(outcome))
    return float(np.nanmean(values))


def dice_of_draw(outcome: CurveOutcome, point: CurvePoint) -> Interval:
    """Mean Dice of one model over the test subjects: of its own draw, and not of those beside it."""
    values, _ = by_subject([point], "test", _mean_dice(outcome))
    return mean_interval(values, seed=outcome.curve.seed)


def difference(
    outcome: CurveOutcome, points: Sequence[CurvePoint], others: Sequence[CurvePoint], on: str = "test"
) -> PairedDifference:
    """Mean Dice of some points less that of others over the same subjects, draws averaged within each subject."""
    return mean_difference(MEAN_DICE, *_mean_dice_of_both(outcome, points, others, on), seed=outcome.curve.seed)


def draw_differences(
    outcome: CurveOutcome, points: Sequence[CurvePoint], others: Sequence[CurvePoint], on: str = "test"
) -> tuple[float, ...]:
    """The same in each draw alone: both learned from the same subjects, or the other is the travelling model."""
    values, baseline = _mean_dice_of_both(outcome, points, others, on)
    return tuple(np.nanmean(values - baseline, axis=1).tolist())


def _mean_dice_of_both(
    outcome: CurveOutcome, points: Sequence[CurvePoint], others: Sequence[CurvePoint], on: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    measure = _mean_dice(outcome)
    (values, subjects), (baseline, same) = (by_subject(side, on, measure) for side in (points, others))
    if subjects != same:
        raise InputError(f"Expected the same subjects on both sides, got {len(subjects)} and {len(same)}.")
    return values, baseline


def _mean_dice(outcome: CurveOutcome) -> Measure:
    return next(measures(outcome.structures))


def measures(structures: tuple[str, ...]) -> Iterator[Measure]:
    """In the order of the tables."""
    yield Measure(name=MEAN_DICE, of="dice", structures=structures)
    for name in structures:
        yield Measure(name=f"Dice {name}", of="dice", structures=(name,))
        yield Measure(name=f"95 % Hausdorff {name}", of="hausdorff95", structures=(name,))


def by_subject(points: Sequence[CurvePoint], on: str, measure: Measure) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """(draws, S) the mean of a figure over each subject's stacks and phases, NaN where it has none; their names."""
    draws = [
        means_by_subject([figures.subject for figures in found], [measure.value(figures) for figures in found])
        for found in (group_of(point, on) for point in points)
    ]
    subjects = tuple(draws[0])
    return np.array([[means.get(subject, np.nan) for subject in subjects] for means in draws]), subjects


def group_of(point: CurvePoint, on: str) -> tuple[SubjectFigures, ...]:
    """Figures of the subjects of one group, "test" or "home"."""
    return point.home if on == "home" else point.test
