"""What a learning curve comes to: means with intervals over subjects, paired differences, the wall before and after."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.evaluation import (
    MEAN_DICE,
    Correlation,
    Interval,
    PairedDifference,
    holm,
    mean_difference,
    mean_interval,
    pearson,
)
from medgraft.study.curve.figures import SubjectFigures
from medgraft.study.curve.learning_curve import AS_IS
from medgraft.study.curve.outcome import CurveOutcome, CurvePoint


@dataclass(frozen=True, kw_only=True)
class CurveRow:
    """One figure of one arm at one size, over all its draws. best: the largest of any subject in any draw."""

    arm: str
    size: int
    on: str
    figure: str
    value: Interval
    best: float


@dataclass(frozen=True, kw_only=True)
class CurveContrast:
    """How much better one model is than another on the same subjects. adjusted: p over all sizes, after Holm."""

    arm: str
    size: int
    other: str
    other_size: int
    on: str
    difference: PairedDifference
    adjusted: float


@dataclass(frozen=True, kw_only=True)
class WallAgreement:
    """The wall of held-out subjects as a model sees it against the reference (the paper's Table 1)."""

    arm: str
    size: int
    phase: str
    figure: str
    correlation: Correlation


@dataclass(frozen=True, kw_only=True)
class CurveFindings:
    """All of it."""

    rows: tuple[CurveRow, ...]
    contrasts: tuple[CurveContrast, ...]
    walls: tuple[WallAgreement, ...]


def curve_findings(outcome: CurveOutcome) -> CurveFindings:
    """Figures of every point with intervals over subjects, and what differs from what."""
    return CurveFindings(
        rows=tuple(
            row for on in groups_of(outcome) for points in _cells(outcome) for row in _rows(outcome, points, on)
        ),
        contrasts=(*_between_arms(outcome), *_against_as_is(outcome, "test"), *_against_as_is(outcome, "home")),
        walls=tuple(_walls(outcome)),
    )


def groups_of(outcome: CurveOutcome) -> tuple[str, ...]:
    """Who was measured: "test", and "home" where there are any."""
    return tuple(group for group in ("test", "home") if getattr(outcome.points[0], group))


def subject_values(
    points: Sequence[CurvePoint], on: str, value: Callable[[SubjectFigures], float | None]
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """(draws, S) the mean of a figure over each subject's phases, NaN where it has none, and the subjects' names."""
    figures: list[tuple[SubjectFigures, ...]] = [getattr(point, on) for point in points]
    subjects = tuple(sorted({figure.subject for figure in figures[0]}))
    rows = [
        [_mean([value(figure) for figure in each if figure.subject == name]) for name in subjects] for each in figures
    ]
    return np.asarray(rows, float), subjects


def mean_dice(figures: SubjectFigures) -> float | None:
    """Of the labelled structures; None if nothing is labelled."""
    values = [value for value in figures.dice.values() if value is not None]
    return float(np.mean(values)) if values else None


def _cells(outcome: CurveOutcome) -> list[tuple[CurvePoint, ...]]:
    """Points that differ by their draw alone, the travelling model first."""
    trained = [outcome.of(arm, size) for arm in outcome.arms for size in outcome.sizes]
    return [points for points in (outcome.of(AS_IS, 0), *trained) if points]


def _figures(structures: Sequence[str]) -> Mapping[str, Callable[[SubjectFigures], float | None]]:
    """How each figure of a table is read; by the name it has there."""
    table: dict[str, Callable[[SubjectFigures], float | None]] = {MEAN_DICE: mean_dice}
    for name in structures:
        table[f"Dice {name}"] = lambda figures, name=name: figures.dice.get(name)  # type: ignore[misc]  # mypy loses the default's type
        table[f"95 % Hausdorff {name}"] = lambda figures, name=name: figures.hausdorff95.get(name)  # type: ignore[misc]  # as above
    return table


def _rows(outcome: CurveOutcome, points: Sequence[CurvePoint], on: str) -> list[CurveRow]:
    rows = []
    for name, value in _figures(outcome.structures).items():
        values, _ = subject_values(points, on, value)
        if not np.isfinite(values).any():
            continue
        rows.append(
            CurveRow(
                arm=points[0].arm,
                size=points[0].size,
                on=on,
                figure=name,
                value=mean_interval(values, seed=outcome.curve.seed),
                best=float(np.nanmin(values) if "Hausdorff" in name else np.nanmax(values)),
            )
        )
    return rows


def _between_arms(outcome: CurveOutcome) -> list[CurveContrast]:
    """Each arm against the first, size by size."""
    first = outcome.arms[0]
    contrasts = []
    for arm in outcome.arms[1:]:
        pairs = [(outcome.of(arm, size), outcome.of(first, size)) for size in outcome.sizes]
        contrasts += _contrasts(outcome, pairs, "test")
    return contrasts


def _against_as_is(outcome: CurveOutcome, on: str) -> list[CurveContrast]:
    """Each arm against the travelling model as it is; at home, what is forgotten."""
    as_is = outcome.of(AS_IS, 0)
    if not as_is or on not in groups_of(outcome):
        return []
    return [
        contrast
        for arm in outcome.arms
        for contrast in _contrasts(outcome, [(outcome.of(arm, size), as_is) for size in outcome.sizes], on)
    ]


def _contrasts(
    outcome: CurveOutcome, pairs: Sequence[tuple[Sequence[CurvePoint], Sequence[CurvePoint]]], on: str
) -> list[CurveContrast]:
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
            adjusted=float(p),
        )
        for (points, others), item, p in zip(pairs, found, adjusted, strict=True)
    ]


def difference(
    outcome: CurveOutcome, points: Sequence[CurvePoint], others: Sequence[CurvePoint], on: str = "test"
) -> PairedDifference:
    """Mean Dice of some points less that of others over the same subjects, draws averaged within each subject."""
    values, subjects = subject_values(points, on, mean_dice)
    baseline, same = subject_values(others, on, mean_dice)
    if subjects != same:
        raise InputError(f"Expected the same subjects on both sides, got {len(subjects)} and {len(same)}.")
    return mean_difference(MEAN_DICE, values, baseline, seed=outcome.curve.seed)


def _walls(outcome: CurveOutcome) -> list[WallAgreement]:
    """Of the travelling model and of each arm at its largest size: what changed by training here."""
    largest = [outcome.of(arm, outcome.sizes[-1]) for arm in outcome.arms]
    return [wall for points in (outcome.of(AS_IS, 0), *largest) if points for wall in _walls_of(points[0])]


def _walls_of(point: CurvePoint) -> list[WallAgreement]:
    measured = [figure for figure in point.test if figure.thickness and figure.true_thickness]
    walls = []
    for phase in dict.fromkeys(figure.phase for figure in measured):
        pairs = [(f.thickness, f.true_thickness) for f in measured if f.phase == phase]
        for name in pairs[0][0] if pairs and pairs[0][0] else ():
            seen = np.asarray([own[name] for own, _ in pairs if own])
            true = np.asarray([reference[name] for _, reference in pairs if reference])
            if len(seen) > 2:
                correlation = pearson(seen, true)
                walls.append(
                    WallAgreement(arm=point.arm, size=point.size, phase=phase, figure=name, correlation=correlation)
                )
    return walls


def _mean(values: Sequence[float | None]) -> float:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else float("nan")
