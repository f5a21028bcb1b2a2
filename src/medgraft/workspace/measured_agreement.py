"""How far what a model's masks come to agrees with the reference, over subjects."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from medgraft.evaluation import Interval, bland_altman, icc, mean_interval, pearson
from medgraft.workspace.measured import (
    MeasuredAgreement,
    OverlapAgreement,
    OverlapMeasures,
    PhaseMeasures,
    Source,
    StackMeasures,
)

#: Figures that are compared: how they are called, and their units.
_OF_STACK = {
    "edv_ml": ("end-diastolic volume", "ml"),
    "esv_ml": ("end-systolic volume", "ml"),
    "stroke_ml": ("stroke volume", "ml"),
    "ejection_percent": ("ejection fraction", "%"),
    "mass_g": ("myocardial mass", "g"),
}
_OF_PHASE = {
    "thickness_median_mm": ("median thickness", "mm"),
    "thickness_p95_mm": ("95th percentile of thickness", "mm"),
    "thickness_maximum_mm": ("largest thickness", "mm"),
}


def measured_agreement(
    stacks: Sequence[StackMeasures], phases: Sequence[PhaseMeasures]
) -> tuple[MeasuredAgreement, ...]:
    """Every figure that two or more subjects have from both sides; thickness at ED and at ES."""
    values = (*_of_stacks(stacks), *_of_phases(phases))
    figures = dict.fromkeys((value.figure, value.unit) for value in values)
    found = (_agreement(*key, [value for value in values if value.figure == key[0]]) for key in figures)
    return tuple(one for one in found if one)


def overlap_agreement(overlaps: Sequence[OverlapMeasures]) -> tuple[OverlapAgreement, ...]:
    """Overlap of every structure at every phase."""
    keys = dict.fromkeys((one.structure, one.phase) for one in overlaps)
    return tuple(_overlap(*key, [one for one in overlaps if (one.structure, one.phase) == key]) for key in keys)


@dataclass(frozen=True, kw_only=True)
class _Value:
    """One figure of one stack."""

    figure: str
    unit: str
    source: Source
    subject: str
    value: float


def _of_stacks(stacks: Sequence[StackMeasures]) -> Iterator[_Value]:
    for field, (figure, unit) in _OF_STACK.items():
        for row in stacks:
            if (value := getattr(row, field)) is not None:
                yield _Value(figure=figure, unit=unit, source=row.source, subject=row.subject, value=value)


def _of_phases(phases: Sequence[PhaseMeasures]) -> Iterator[_Value]:
    for field, (figure, unit) in _OF_PHASE.items():
        for row in sorted(phases, key=lambda row: row.phase):
            if row.phase in {"ed", "es"} and (value := getattr(row, field)) is not None:
                title = f"{figure} at {row.phase.upper()}"
                yield _Value(figure=title, unit=unit, source=row.source, subject=row.subject, value=value)


def _agreement(figure: str, unit: str, values: Sequence[_Value]) -> MeasuredAgreement | None:
    """None unless two subjects have the figure from both sides."""
    reference, seen = _by_subject(values, "reference"), _by_subject(values, "model")
    subjects = sorted(set(reference) & set(seen))
    if len(subjects) < 2:
        return None
    both = np.array([(seen[subject], reference[subject]) for subject in subjects])
    differences = bland_altman(both[:, 0], both[:, 1], np.asarray(subjects))
    return MeasuredAgreement(
        figure=figure,
        unit=unit,
        subjects=tuple(subjects),
        seen=tuple(both[:, 0].tolist()),
        reference=tuple(both[:, 1].tolist()),
        pearson=pearson(both[:, 0], both[:, 1]),
        icc=icc(both),
        bias=differences.mean,
        lower=differences.lower,
        upper=differences.upper,
    )


def _by_subject(values: Sequence[_Value], source: Source) -> dict[str, float]:
    """The mean over each subject's stacks."""
    found: dict[str, list[float]] = defaultdict(list)
    for value in values:
        if value.source == source:
            found[value.subject].append(value.value)
    return {subject: float(np.mean(own)) for subject, own in found.items()}


def _overlap(structure: str, phase: str, rows: Sequence[OverlapMeasures]) -> OverlapAgreement:
    return OverlapAgreement(
        structure=structure,
        phase=phase,
        subjects=len({row.subject for row in rows}),
        dice=_mean([(row.subject, row.dice) for row in rows]),
        hausdorff_mm=_mean([(row.subject, row.hausdorff_mm) for row in rows]),
    )


def _mean(rows: Sequence[tuple[str, float | None]]) -> Interval:
    """The mean over subjects, each with the mean over its stacks."""
    found: dict[str, list[float]] = defaultdict(list)
    for subject, value in rows:
        found[subject] += [] if value is None else [value]
    return mean_interval(np.array([np.mean(own) if own else np.nan for own in found.values()]))
