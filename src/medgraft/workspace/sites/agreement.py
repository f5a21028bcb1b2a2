"""How far two sites agree on masks of the same cases, drawn blindly at both: per structure and annotation rule."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medgraft.core.errors import InputError
from medgraft.core.files import AnyPath
from medgraft.core.geometry import even_spacing, slices_aside
from medgraft.core.progress import Progress, Report, silent
from medgraft.core.task import MASK_CLASSES, MASK_CODES
from medgraft.evaluation import Interval, dice, mean_interval, means_by_subject
from medgraft.exchange import QUESTIONS, AnnotationRules, Part, read_rules
from medgraft.workspace.measuring.surface_distance import surface_distance
from medgraft.workspace.project import is_project
from medgraft.workspace.sites.masks import Cases, SiteCase, SiteMask, site_cases
from medgraft.workspace.sites.parts import Axis, axis_of, heart_parts, heights

#: The structure that the rules of the questionnaire move: the border of the cavity.
_RULED = "pool"

#: How far affines may differ, in mm: files keep them in single precision.
_SAME_PLACE = 0.01


@dataclass(frozen=True, kw_only=True)
class StructureAgreement:
    """Agreement on one structure in one part of the heart, as means over subjects with 95 % intervals.

    cases: phases of stacks that both drew. unmatched: those in which only one site drew any of the structure there.
    dice: 0..1. hausdorff_mm: the 95 % Hausdorff distance, as of `CaseAgreement`.
    """

    structure: str
    part: Part
    subjects: int
    cases: int
    unmatched: int
    dice: Interval
    hausdorff_mm: Interval


@dataclass(frozen=True, kw_only=True)
class RuleAgreement:
    """One annotation rule, what the sites say, and in which part of the heart it shows.

    a, b: their answers, "" where a site's rules were not given.
    """

    key: str
    text: str
    a: str
    b: str
    differs: bool
    part: Part


@dataclass(frozen=True, kw_only=True)
class CaseAgreement:
    """One structure in one part of one phase of one case.

    drawn_at_a, drawn_at_b: whether the site drew any of it there. hausdorff_mm: of the surfaces there, each to the
    other site's whole surface; the diagonal of the image where a site drew none of the structure; NaN where the
    spacing is unknown or slices are not equally far apart. axis: along what base and rest are told apart.
    """

    subject: str
    case: str
    phase: int
    structure: str
    part: Part
    drawn_at_a: bool
    drawn_at_b: bool
    dice: float
    hausdorff_mm: float
    axis: Axis


@dataclass(frozen=True, kw_only=True)
class CaseLeftOut:
    """A case that cannot be compared, by the name that it has at either site, and why."""

    case: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class SiteAgreement:
    """How far the masks at two places agree.

    structures: each as a whole. parts: the pool where annotation rules show. cases: as a whole, the worst first.
    """

    a: str
    b: str
    structures: tuple[StructureAgreement, ...]
    parts: tuple[StructureAgreement, ...]
    rules: tuple[RuleAgreement, ...]
    cases: tuple[CaseAgreement, ...]
    left_out: tuple[CaseLeftOut, ...]


_OF_A_KIND = "compare two folders (medgraft masks export writes one of a project's masks), or two projects"

#: What makes a case the same at both sites, by whether each of them is a project.
_SAME_CASE = {
    (False, False): "give the masks of a case the same path in both folders, as P1/cine_gt.nii.gz",
    (True, True): "import the same images into both projects",
    (False, True): _OF_A_KIND,
    (True, False): _OF_A_KIND,
}


def agree_sites(
    a: AnyPath,
    b: AnyPath,
    *,
    mask_codes_a: Mapping[int, int] | None = None,
    mask_codes_b: Mapping[int, int] | None = None,
    rules_a: AnyPath | None = None,
    rules_b: AnyPath | None = None,
    seed: int = 0,
    report: Report = silent,
) -> SiteAgreement:
    """Compare the masks that two sites drew of the same cases.

    Args:
        a: a folder of NIfTI masks, or a project.
        b: the same cases at the other site, under equal names, or with equal pixels in a project.
        mask_codes_a: codes of the masks in a folder, and what they mean in `core.task.MASK_CODES`; None: they are ours.
        mask_codes_b: of the other site's.
        rules_a: the first site's annotation rules, filled in.
        rules_b: the other's.
        seed: of the resampling of subjects.
        report: told after every case.

    Raises:
        InputError: a place without masks, codes for a project, no case that both drew, or rules that cannot be read.
        ImageError: a mask that is damaged or has codes of another kind.
    """
    ours, theirs = site_cases(Path(a), mask_codes_a), site_cases(Path(b), mask_codes_b)
    said = [read_rules(Path(path)) if path else None for path in (rules_a, rules_b)]
    found, left_out = _compared(ours, theirs, report)
    scores = _drawn_at_both(found)
    if not scores:
        told = "; ".join(f"{one.case}: {one.reason}" for one in left_out[:5])
        do = "" if ours.keys() & theirs.keys() else f" Do: {_SAME_CASE[is_project(Path(a)), is_project(Path(b))]}."
        raise InputError(f"Expected masks of the same cases at {a} and {b}, found none: {told}.{do}")
    ruled = sorted({question.part for question in QUESTIONS if question.compared})
    return SiteAgreement(
        a=str(a),
        b=str(b),
        structures=tuple(one for name in MASK_CLASSES if (one := _summary(scores, name, "whole", seed))),
        parts=tuple(one for part in ruled if (one := _summary(scores, _RULED, part, seed))),
        rules=tuple(_rules(*said)),
        cases=tuple(one for one in sorted(scores, key=lambda one: one.dice) if one.part == "whole"),
        left_out=tuple(left_out),
    )


def _compared(ours: Cases, theirs: Cases, report: Report) -> tuple[list[CaseAgreement], list[CaseLeftOut]]:
    alone = sorted(set(ours) ^ set(theirs))
    left_out = [CaseLeftOut(case=(ours | theirs)[key].title, reason="at one site only") for key in alone]
    shared = sorted(set(ours) & set(theirs))
    scores: list[CaseAgreement] = []
    for number, key in enumerate(shared, 1):
        found = _compare(ours[key], theirs[key])
        if isinstance(found, str):
            left_out.append(CaseLeftOut(case=ours[key].title, reason=found))
        else:
            scores += found
        report(Progress(stage="cases", done=number, total=len(shared), detail=ours[key].case))
    return scores, left_out


def _compare(ours: SiteCase, theirs: SiteCase) -> list[CaseAgreement] | str:
    """One case at both sites, or why it cannot be compared."""
    if doubt := ours.doubt or theirs.doubt:
        return doubt
    a, b = ours.read(), theirs.read()
    return _apart(a, b) or list(_scores(ours.subject, ours.case, a, b))


def _apart(a: SiteMask, b: SiteMask) -> str:
    """Why the voxels of two masks are not the same places or none was drawn at both; "" if they can be compared."""
    if a.mask.shape != b.mask.shape:
        return f"{a.mask.shape} at one site, {b.mask.shape} at the other"
    if a.affines.shape != b.affines.shape or not np.allclose(a.affines, b.affines, rtol=0, atol=_SAME_PLACE):
        return "stored in another orientation, or lying elsewhere in the patient, at one site than at the other"
    return "" if set(a.phases) & set(b.phases) else "no phase that both drew"


def _scores(subject: str, case: str, a: SiteMask, b: SiteMask) -> Iterator[CaseAgreement]:
    """Every structure in every part at every phase that both drew; nothing where neither drew anything."""
    spacing = even_spacing(a.affines, a.spacing)
    aside = slices_aside(a.affines) if spacing else None
    axis, height = axis_of(a, b), heights(a, b)
    for phase in sorted(set(a.phases) & set(b.phases)):
        parts = heart_parts((a.mask[phase] | b.mask[phase]) > 0, height)
        for structure in (name for name in MASK_CLASSES if name in a.classes and name in b.classes):
            at_a, at_b = (site.mask[phase] == MASK_CODES[structure] for site in (a, b))
            for part, inside in parts.items():
                first, second = at_a & inside, at_b & inside
                if first.any() or second.any():
                    yield CaseAgreement(
                        subject=subject,
                        case=case,
                        phase=phase,
                        structure=structure,
                        part=part,
                        drawn_at_a=bool(first.any()),
                        drawn_at_b=bool(second.any()),
                        dice=dice(first, second),
                        hausdorff_mm=surface_distance(at_a, at_b, spacing, aside, within=inside) if spacing else np.nan,
                        axis=axis,
                    )


def _drawn_at_both(scores: Sequence[CaseAgreement]) -> list[CaseAgreement]:
    """Without structures that one of the sites never draws: its masks say nothing about them."""
    at_a = {score.structure for score in scores if score.drawn_at_a}
    at_b = {score.structure for score in scores if score.drawn_at_b}
    return [score for score in scores if score.structure in at_a & at_b]


def _summary(scores: Sequence[CaseAgreement], structure: str, part: Part, seed: int) -> StructureAgreement | None:
    """None for a structure that the sites do not both draw."""
    found = [score for score in scores if (score.structure, score.part) == (structure, part)]
    if not found:
        return None
    return StructureAgreement(
        structure=structure,
        part=part,
        subjects=len({score.subject for score in found}),
        cases=len(found),
        unmatched=sum(score.drawn_at_a != score.drawn_at_b for score in found),
        dice=_mean(found, "dice", seed),
        hausdorff_mm=_mean(found, "hausdorff_mm", seed),
    )


def _mean(scores: Sequence[CaseAgreement], figure: str, seed: int) -> Interval:
    """The mean over subjects, each with the mean over its phases and cases."""
    means = means_by_subject([score.subject for score in scores], [getattr(score, figure) for score in scores])
    return mean_interval(np.array(list(means.values())), seed=seed)


def _rules(a: AnnotationRules | None, b: AnnotationRules | None) -> Iterator[RuleAgreement]:
    for question in QUESTIONS:
        if question.compared:
            answers = [rules.answers[question.key] if rules else "" for rules in (a, b)]
            yield RuleAgreement(
                key=question.key,
                text=question.text,
                a=answers[0],
                b=answers[1],
                differs=all(answers) and answers[0] != answers[1],
                part=question.part,
            )
