"""What a learning curve comes to: means with intervals over subjects, paired differences, the wall before and after."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from medgraft.evaluation import Interval, mean_interval
from medgraft.samples import MaskedSamples
from medgraft.study.curve.contrasts import CurveContrast, by_subject, contrasts, gains, group_of, measures
from medgraft.study.curve.outcome import AS_IS, CurveOutcome, CurvePoint
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
        contrasts=(*_between_arms(outcome), *gains(outcome, "test"), *gains(outcome, "home")),
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


def _cells(outcome: CurveOutcome) -> list[tuple[CurvePoint, ...]]:
    """Points that differ by their draw alone, the travelling model first."""
    trained = [outcome.of(arm, size) for arm in outcome.arms for size in outcome.sizes]
    return [points for points in (outcome.of(AS_IS, 0), *trained) if points]


def _rows(outcome: CurveOutcome, points: Sequence[CurvePoint], on: str) -> Iterator[CurveRow]:
    for measure in measures(outcome.structures):
        values, _ = by_subject(points, on, measure)
        measured = [f for point in points for f in group_of(point, on) if np.isfinite(measure.value(f))]
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


def _between_arms(outcome: CurveOutcome) -> list[CurveContrast]:
    """Each arm against the first, size by size."""
    first, *others = outcome.arms
    pairs = [(outcome.of(arm, size), outcome.of(first, size)) for arm in others for size in outcome.sizes]
    return contrasts(outcome, pairs, "test")


def _trainings(outcome: CurveOutcome, arm: str) -> ArmTrainings:
    points = [point for point in outcome.points if point.arm == arm]
    unended = sum(0 < point.epoch == len(point.curve) for point in points)
    return ArmTrainings(arm=arm, trainings=len(points), unended=unended)
