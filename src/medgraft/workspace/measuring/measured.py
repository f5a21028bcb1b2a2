"""What measuring a project gives: figures of every phase and stack, and how a model agrees with the reference."""

from dataclasses import dataclass
from typing import Literal

from medgraft.evaluation import Correlation, Interval

#: Whose mask was measured: the project's own, or a model's.
Source = Literal["reference", "model"]


@dataclass(frozen=True, kw_only=True)
class PhaseMeasures:
    """One stack at one phase; what cannot be said is None, and `reasons` say why.

    phase: its name, such as "ed", or its number. left_out: slices that do not count, neither IN nor muscle beside
    it. cavity_ml: of the slices that count; change_ml: what leaving the others out adds. *_voxels: the same where
    the spacing is unknown, else None. mass_g, mass_change_g: of the myocardium, likewise. thickness_*_mm: of the wall.
    segments_mm: median thickness of the 16 or 17 segments of the American Heart Association.
    """

    subject: str
    stack: str
    source: Source
    phase: str
    left_out: int
    cavity_ml: float | None
    change_ml: float | None
    cavity_voxels: int | None
    change_voxels: int | None
    mass_g: float | None
    mass_change_g: float | None
    thickness_median_mm: float | None
    thickness_p95_mm: float | None
    thickness_maximum_mm: float | None
    segments_mm: tuple[float | None, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class StackMeasures:
    """One stack; what cannot be said is None, and `reasons` say why.

    ed, es: the phases that are taken for end diastole and end systole. stroke_ml: `edv_ml` less `esv_ml`; ejection: its
    share of `edv_ml` in %, which needs no spacing. mass_g: at ED. left_out: slices that do not count, at ED and ES
    together. *_change_*: what leaving them out adds.
    """

    subject: str
    stack: str
    source: Source
    ed: str | None
    es: str | None
    edv_ml: float | None
    esv_ml: float | None
    stroke_ml: float | None
    ejection_percent: float | None
    mass_g: float | None
    left_out: int
    edv_change_ml: float | None
    esv_change_ml: float | None
    ejection_change_percent: float | None
    mass_change_g: float | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class OverlapMeasures:
    """How a model's mask of one structure at one phase lies over the reference.

    dice: 0..1. hausdorff_mm: the 95 % Hausdorff distance, None where the spacing is unknown or slices are not equally
    far apart. unmatched: only one of both masks shows the structure, and the distance is the diagonal of the image.
    """

    subject: str
    stack: str
    phase: str
    structure: str
    dice: float
    hausdorff_mm: float | None
    unmatched: bool


@dataclass(frozen=True, kw_only=True)
class UnmeasuredStack:
    """A stack that could not be measured in the masks of a source, and why."""

    subject: str
    stack: str
    source: Source
    reason: str


@dataclass(frozen=True, kw_only=True)
class MeasuredMean:
    """One figure over subjects; several stacks of one are averaged. sd: sample standard deviation, None of one."""

    figure: str
    unit: str
    source: Source
    subjects: int
    mean: float
    sd: float | None


@dataclass(frozen=True, kw_only=True)
class MeasuredAgreement:
    """How far a model's figure agrees with the reference over subjects; several stacks of one are averaged.

    Only stacks that have the figure from both sides count.
    seen, reference: of each of `subjects`. pearson; icc: absolute agreement of single measurements. bias, lower, upper:
    mean of seen minus reference and limits of agreement (Bland and Altman), with 95 % intervals over subjects.
    """

    figure: str
    unit: str
    subjects: tuple[str, ...]
    seen: tuple[float, ...]
    reference: tuple[float, ...]
    pearson: Correlation
    icc: Correlation
    bias: Interval
    lower: Interval
    upper: Interval


@dataclass(frozen=True, kw_only=True)
class OverlapAgreement:
    """Overlap of one structure at one phase as means over subjects with 95 % intervals.

    unmatched: stacks in which only one of both masks shows the structure.
    """

    structure: str
    phase: str
    subjects: int
    unmatched: int
    dice: Interval
    hausdorff_mm: Interval


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Everything that was measured.

    model, slices_by: their names; None where there was none. seen_before: subjects that the model was trained or
    chosen on, measured but not compared. unknown_trainings: its trainings of which nobody knows whether they saw
    others. files: what was written.
    """

    model: str | None
    slices_by: str | None
    stacks: tuple[StackMeasures, ...]
    phases: tuple[PhaseMeasures, ...]
    overlaps: tuple[OverlapMeasures, ...]
    means: tuple[MeasuredMean, ...]
    agreement: tuple[MeasuredAgreement, ...]
    overlap: tuple[OverlapAgreement, ...]
    seen_before: tuple[str, ...]
    unknown_trainings: tuple[str, ...]
    left_out: tuple[UnmeasuredStack, ...]
    files: tuple[str, ...] = ()
