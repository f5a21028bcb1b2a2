"""What was measured as one list of figures: each of one stack, of one source."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

from medgraft.evaluation import means_by_subject
from medgraft.workspace.measuring.measured import MeasuredMean, PhaseMeasures, Source, StackMeasures

#: Figures that are summarised and compared: how they are called, and their units.
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


@dataclass(frozen=True, kw_only=True)
class FigureValue:
    """One figure of one stack as one source's masks have it."""

    figure: str
    unit: str
    source: Source
    subject: str
    stack: str
    value: float


def figure_values(stacks: Sequence[StackMeasures], phases: Sequence[PhaseMeasures]) -> tuple[FigureValue, ...]:
    """Every figure that is known; thickness at ED and at ES."""
    return (*_of_stacks(stacks), *_of_phases(stacks, phases))


def means_over_subjects(values: Sequence[FigureValue]) -> tuple[MeasuredMean, ...]:
    """Of every figure and source, each subject counted once with the mean over its stacks."""
    found: dict[tuple[str, str, Source], list[FigureValue]] = {}
    for value in values:
        found.setdefault((value.figure, value.unit, value.source), []).append(value)
    return tuple(_mean(*key, own) for key, own in found.items())


def _mean(figure: str, unit: str, source: Source, values: Sequence[FigureValue]) -> MeasuredMean:
    each = list(means_by_subject([one.subject for one in values], [one.value for one in values]).values())
    sd = stdev(each) if len(each) > 1 else None
    return MeasuredMean(figure=figure, unit=unit, source=source, subjects=len(each), mean=mean(each), sd=sd)


def _of_stacks(stacks: Sequence[StackMeasures]) -> Iterator[FigureValue]:
    for field, (figure, unit) in _OF_STACK.items():
        yield from (value for row in stacks for value in _value(row, field, figure, unit))


def _of_phases(stacks: Sequence[StackMeasures], phases: Sequence[PhaseMeasures]) -> Iterator[FigureValue]:
    rows = {(row.stack, row.source, row.phase): row for row in phases}
    for field, (figure, unit) in _OF_PHASE.items():
        for phase in ("ed", "es"):
            own = (rows.get((one.stack, one.source, getattr(one, phase))) for one in stacks)
            title = f"{figure} at {phase.upper()}"
            yield from (value for row in own if row for value in _value(row, field, title, unit))


def _value(row: StackMeasures | PhaseMeasures, field: str, figure: str, unit: str) -> Iterator[FigureValue]:
    value = getattr(row, field)
    if value is not None:
        yield FigureValue(
            figure=figure, unit=unit, source=row.source, subject=row.subject, stack=row.stack, value=value
        )
