"""What a learning curve comes to: means with intervals over subjects, paired differences, the wall before and after."""

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
from medgraft.samples import MaskedSamples
from medgraft.study.curve.figures import SubjectFigures
from medgraft.study.curve.learning_curve import AS_IS
from medgraft.study.curve.outcome import CurveOutcome, CurvePoint
from medgraft.study.curve.volumes import VolumeAgreement, volume_agreements
from medgraft.study.curve.walls import WallAgreement, WallContrast, wall_agreements, wall_contrasts


@dataclass(frozen=True, kw_only=True)
class CurveRow:
    """One figure of one arm at one size, over all its draws.

    value: mean over subjects, draws averaged within each; median: over the same. draws: the mean of each draw alone.
    best: the best of any subject in any draw.
    subjects: how many were measured. masks: their labelled phases in all draws; unmatched: those of which the model
    missed or invented a structure (`SubjectFigures`).
    """

    arm: str
    size: int
    on: str
    figure: str
    value: Interval
    median: float
    draws: tuple[float, ...]
    best: float
    subjects: int
    masks: int
    unmatched: int


@dataclass(frozen=True, kw_only=True)
class CurveContrast:
    """How much better one model is than another on the same subjects.

    draws: the difference in each draw alone. adjusted: p over all sizes, after Holm.
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
class ArmTrainings:
    """The trainings of one arm: of each size and draw the one at the rate that validation chose.

    unended: of how many the last epoch was the best, so that more might do better.
    """

    arm: str
    trainings: int
    unended: int


@dataclass(frozen=True, kw_only=True)
class CurveFindings:
    """All of it."""

    rows: tuple[CurveRow, ...]
    contrasts: tuple[CurveContrast, ...]
    walls: tuple[WallAgreement, ...]
    wall_contrasts: tuple[WallContrast, ...]
    volumes: tuple[VolumeAgreement, ...]
    trainings: tuple[ArmTrainings, ...]


def curve_findings(outcome: CurveOutcome) -> CurveFindings:
    """Figures of every point with intervals over subjects, and what differs from what."""
    walls = wall_agreements(outcome)
    return CurveFindings(
        rows=tuple(
            row for on in groups_of(outcome) for points in _cells(outcome) for row in _rows(outcome, points, on)
        ),
        contrasts=(*_between_arms(outcome), *_against_as_is(outcome, "test"), *_against_as_is(outcome, "home")),
        walls=walls,
        wall_contrasts=wall_contrasts(walls, outcome.curve.seed),
        volumes=volume_agreements(outcome),
        trainings=tuple(_trainings(outcome, arm) for arm in outcome.arms),
    )


def groups_of(outcome: CurveOutcome) -> tuple[str, ...]:
    """Who was measured: "test", and "home" where there are any."""
    return tuple(group for group in ("test", "home") if getattr(outcome.points[0], group))


def distance_unit(outcome: CurveOutcome, samples: MaskedSamples) -> Literal["mm", "voxels"]:
    """The unit of all distances: mm where every sample that was measured has a spacing."""
    first = outcome.points[0]
    measured = {figure.stack for figure in (*first.test, *first.home)}
    return "mm" if all(item.spacing for item in samples.items if item.stack in measured) else "voxels"


@dataclass(frozen=True, kw_only=True)
class _Measure:
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


def _measures(structures: tuple[str, ...]) -> Iterator[_Measure]:
    """In the order of the tables."""
    yield _Measure(name=MEAN_DICE, of="dice", structures=structures)
    for name in structures:
        yield _Measure(name=f"Dice {name}", of="dice", structures=(name,))
        yield _Measure(name=f"95 % Hausdorff {name}", of="hausdorff95", structures=(name,))


def _cells(outcome: CurveOutcome) -> list[tuple[CurvePoint, ...]]:
    """Points that differ by their draw alone, the travelling model first."""
    trained = [outcome.of(arm, size) for arm in outcome.arms for size in outcome.sizes]
    return [points for points in (outcome.of(AS_IS, 0), *trained) if points]


def _rows(outcome: CurveOutcome, points: Sequence[CurvePoint], on: str) -> Iterator[CurveRow]:
    for measure in _measures(outcome.structures):
        values, _ = _by_subject(points, on, measure)
        measured = [f for point in points for f in _group(point, on) if np.isfinite(measure.value(f))]
        if measured:
            yield CurveRow(
                arm=points[0].arm,
                size=points[0].size,
                on=on,
                figure=measure.name,
                value=mean_interval(values, seed=outcome.curve.seed),
                median=float(np.nanmedian(values.mean(axis=0))),
                draws=tuple(np.nanmean(values, axis=1).tolist()),
                best=measure.best(values),
                subjects=len({figures.subject for figures in measured}),
                masks=len(measured),
                unmatched=sum(map(measure.is_unmatched, measured)),
            )


def _by_subject(
    points: Sequence[CurvePoint], on: str, measure: _Measure
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """(draws, S) the mean of a figure over each subject's stacks and phases, NaN where it has none; their names."""
    draws = [
        means_by_subject([figures.subject for figures in found], [measure.value(figures) for figures in found])
        for found in (_group(point, on) for point in points)
    ]
    subjects = tuple(draws[0])
    return np.array([[means.get(subject, np.nan) for subject in subjects] for means in draws]), subjects


def _group(point: CurvePoint, on: str) -> tuple[SubjectFigures, ...]:
    return point.home if on == "home" else point.test


def _between_arms(outcome: CurveOutcome) -> list[CurveContrast]:
    """Each arm against the first, size by size."""
    first = outcome.arms[0]
    found: list[CurveContrast] = []
    for arm in outcome.arms[1:]:
        pairs = [(outcome.of(arm, size), outcome.of(first, size)) for size in outcome.sizes]
        found += contrasts(outcome, pairs, "test")
    return found


def _against_as_is(outcome: CurveOutcome, on: str) -> list[CurveContrast]:
    """Each arm against the travelling model as it is; at home, what is forgotten."""
    as_is = outcome.of(AS_IS, 0)
    if not as_is or on not in groups_of(outcome):
        return []
    return [
        contrast
        for arm in outcome.arms
        for contrast in contrasts(outcome, [(outcome.of(arm, size), as_is) for size in outcome.sizes], on)
    ]


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


def _trainings(outcome: CurveOutcome, arm: str) -> ArmTrainings:
    points = [point for point in outcome.points if point.arm == arm]
    unended = sum(0 < point.epoch == len(point.curve) for point in points)
    return ArmTrainings(arm=arm, trainings=len(points), unended=unended)


def subject_means(outcome: CurveOutcome, points: Sequence[CurvePoint]) -> dict[str, tuple[float, float]]:
    """Mean Dice and mean 95 % Hausdorff distance of each test subject over structures, phases, stacks and draws."""
    distance = _Measure(name="95 % Hausdorff", of="hausdorff95", structures=outcome.structures)
    dices, subjects = _by_subject(points, "test", _mean_dice(outcome))
    distances, _ = _by_subject(points, "test", distance)
    return dict(
        zip(subjects, zip(dices.mean(axis=0).tolist(), distances.mean(axis=0).tolist(), strict=True), strict=True)
    )


def mean_dice(outcome: CurveOutcome, points: Sequence[CurvePoint]) -> float:
    """Mean Dice of some draws over the test subjects, draws averaged within each subject."""
    values, _ = _by_subject(points, "test", _mean_dice(outcome))
    return float(np.nanmean(values))


def dice_of_draw(outcome: CurveOutcome, point: CurvePoint) -> Interval:
    """Mean Dice of one model over the test subjects: of its own draw, and not of those beside it."""
    values, _ = _by_subject([point], "test", _mean_dice(outcome))
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
    (values, subjects), (baseline, same) = (_by_subject(side, on, measure) for side in (points, others))
    if subjects != same:
        raise InputError(f"Expected the same subjects on both sides, got {len(subjects)} and {len(same)}.")
    return values, baseline


def _mean_dice(outcome: CurveOutcome) -> _Measure:
    return next(_measures(outcome.structures))
