"""How far what a model's masks come to agrees with the reference, over subjects."""

from collections.abc import Iterator, Sequence

import numpy as np

from medgraft.evaluation import Interval, bland_altman, icc, mean_interval, means_by_subject, pearson
from medgraft.report import Agreement
from medgraft.workspace.measuring.figures import FigureValue
from medgraft.workspace.measuring.measured import MeasuredAgreement, OverlapAgreement, OverlapMeasures


def measured_agreement(values: Sequence[FigureValue]) -> tuple[MeasuredAgreement, ...]:
    """Every figure that two or more subjects have from both sides, each stack compared with itself."""
    figures = dict.fromkeys((value.figure, value.unit) for value in values)
    found = (_agreement(*key, [value for value in values if value.figure == key[0]]) for key in figures)
    return tuple(one for one in found if one)


def figure_agreement(
    figure: str,
    unit: str,
    subjects: Sequence[str],
    seen: Sequence[float],
    reference: Sequence[float],
    *,
    seed: int = 0,
) -> MeasuredAgreement:
    """Correlations, bias and limits of agreement of a figure that two or more subjects have from both sides.

    seed: of the resampling of subjects.
    """
    both = np.array([seen, reference]).T
    differences = bland_altman(both[:, 0], both[:, 1], np.asarray(subjects), seed=seed)
    return MeasuredAgreement(
        figure=figure,
        unit=unit,
        subjects=tuple(subjects),
        seen=tuple(seen),
        reference=tuple(reference),
        pearson=pearson(both[:, 0], both[:, 1]),
        icc=icc(both),
        bias=differences.mean,
        lower=differences.lower,
        upper=differences.upper,
    )


def drawn_agreement(found: MeasuredAgreement) -> Agreement:
    """The same as a report draws it."""
    return Agreement(
        seen=np.array(found.seen),
        reference=np.array(found.reference),
        pearson=found.pearson.interval,
        icc=found.icc.interval,
        bias=found.bias,
        lower=found.lower,
        upper=found.upper,
    )


def overlap_agreement(overlaps: Sequence[OverlapMeasures]) -> tuple[OverlapAgreement, ...]:
    """Overlap of every structure at every phase."""
    keys = dict.fromkeys((one.structure, one.phase) for one in overlaps)
    return tuple(_overlap(*key, [one for one in overlaps if (one.structure, one.phase) == key]) for key in keys)


def _agreement(figure: str, unit: str, values: Sequence[FigureValue]) -> MeasuredAgreement | None:
    """None unless two subjects have the figure from both sides."""
    pairs = list(_pairs(values))
    whose = [subject for subject, _ in pairs]
    seen, reference = (means_by_subject(whose, [pair[side] for _, pair in pairs]) for side in (0, 1))
    if len(seen) < 2:
        return None
    return figure_agreement(figure, unit, list(seen), list(seen.values()), list(reference.values()))


def _pairs(values: Sequence[FigureValue]) -> Iterator[tuple[str, tuple[float, float]]]:
    """Subject, and what the model and the reference say, of every stack that has the figure from both."""
    seen, reference = (
        {(one.subject, one.stack): one.value for one in values if one.source == source}
        for source in ("model", "reference")
    )
    for subject, stack in seen:
        if (subject, stack) in reference:
            yield subject, (seen[subject, stack], reference[subject, stack])


def _overlap(structure: str, phase: str, rows: Sequence[OverlapMeasures]) -> OverlapAgreement:
    return OverlapAgreement(
        structure=structure,
        phase=phase,
        subjects=len({row.subject for row in rows}),
        unmatched=sum(row.unmatched for row in rows),
        dice=_mean(rows, [row.dice for row in rows]),
        hausdorff_mm=_mean(rows, [row.hausdorff_mm for row in rows]),
    )


def _mean(rows: Sequence[OverlapMeasures], values: Sequence[float | None]) -> Interval:
    """The mean over subjects, each with the mean over its stacks."""
    return mean_interval(np.array(list(means_by_subject([row.subject for row in rows], values).values())))
