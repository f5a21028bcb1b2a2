"""The wall of held-out subjects as models see it, beside the reference: what the paper's Table 1 says.

One point is one subject at one phase, the mean over its stacks. All models are compared over the same subjects, those
whose wall the reference and every compared model show: else a model would be measured on the walls it happens to find.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from medgraft.evaluation import Correlation, PairedDifference, pearson, pearson_difference
from medgraft.study.curve.compared import compared_models
from medgraft.study.curve.outcome import CurveOutcome, CurvePoint

#: A model that shows the wall of a smaller share of the subjects does not decide over whom the others are compared.
LEAST_SHOWN = 0.5
#: Below three points any two measurements lie on a line.
LEAST_POINTS = 3

_UNKNOWN = Correlation(value=float("nan"), low=float("nan"), high=float("nan"), n=0)


@dataclass(frozen=True, kw_only=True)
class WallAgreement:
    """One figure of the wall at one phase, as one model sees it.

    subjects: over whom it is compared; none where the model is not, or where they are fewer than three.
    seen, reference: mm, of each of them. lacking: subjects whose wall the reference shows and this model does not.
    correlation: Pearson's, with its interval; NaN without subjects.
    """

    arm: str
    size: int
    phase: str
    figure: str
    subjects: tuple[str, ...]
    seen: tuple[float, ...]
    reference: tuple[float, ...]
    lacking: tuple[str, ...]
    correlation: Correlation


@dataclass(frozen=True, kw_only=True)
class WallContrast:
    """Pearson's correlation of one model less that of another over the same subjects: after transfer less before."""

    arm: str
    size: int
    other: str
    other_size: int
    phase: str
    figure: str
    difference: PairedDifference


#: Figures of the wall by subject and name, in mm.
_Walls = Mapping[str, Mapping[str, float]]


def wall_agreements(outcome: CurveOutcome) -> tuple[WallAgreement, ...]:
    """Of every compared model whose walls were measured; nothing where none were."""
    models = [point for point in compared_models(outcome) if any(figures.true_thickness for figures in point.test)]
    phases = dict.fromkeys(figures.phase for point in models[:1] for figures in point.test if figures.true_thickness)
    return tuple(item for phase in phases for item in _at_phase(models, phase))


def wall_contrasts(walls: Sequence[WallAgreement], seed: int) -> tuple[WallContrast, ...]:
    """Every model that was trained here less the travelling one as it is, where both are compared."""
    compared = [wall for wall in walls if wall.subjects]
    before = {(wall.phase, wall.figure): wall for wall in compared if not wall.size}
    return tuple(
        _contrast(after, before[after.phase, after.figure], seed)
        for after in compared
        if after.size and (after.phase, after.figure) in before
    )


def _at_phase(models: Sequence[CurvePoint], phase: str) -> Iterator[WallAgreement]:
    reference = _walls(models[0], phase, "true_thickness")
    seen = [_walls(model, phase, "thickness") for model in models]
    compared = [len(walls) >= LEAST_SHOWN * len(reference) for walls in seen]
    lacking = [tuple(subject for subject in reference if subject not in walls) for walls in seen]
    left_out = set().union(*(missing for missing, counts in zip(lacking, compared, strict=True) if counts))
    shared = [subject for subject in reference if subject not in left_out]
    for model, walls, counts, missing in zip(models, seen, compared, lacking, strict=True):
        subjects = shared if counts and len(shared) >= LEAST_POINTS else []
        for name in next(iter(reference.values()), ()):
            pairs = {subject: (walls[subject][name], reference[subject][name]) for subject in subjects}
            yield _agreement(model, phase, name, pairs, missing)


def _walls(point: CurvePoint, phase: str, side: Literal["thickness", "true_thickness"]) -> _Walls:
    """Of each subject the mean over its stacks; nothing of those of whom a stack lacks the wall on this side."""
    stacks: dict[str, list[Mapping[str, float] | None]] = {}
    for figures in point.test:
        if figures.phase == phase and figures.true_thickness:
            stacks.setdefault(figures.subject, []).append(getattr(figures, side))
    whole = {subject: [wall for wall in walls if wall] for subject, walls in sorted(stacks.items()) if all(walls)}
    return {
        subject: {name: float(np.mean([wall[name] for wall in walls])) for name in walls[0]}
        for subject, walls in whole.items()
    }


def _agreement(
    model: CurvePoint, phase: str, figure: str, pairs: Mapping[str, tuple[float, float]], lacking: tuple[str, ...]
) -> WallAgreement:
    """Of pairs (seen, reference) by subject."""
    seen, reference = zip(*pairs.values(), strict=True) if pairs else ((), ())
    return WallAgreement(
        arm=model.arm,
        size=model.size,
        phase=phase,
        figure=figure,
        subjects=tuple(pairs),
        seen=seen,
        reference=reference,
        lacking=lacking,
        correlation=pearson(np.asarray(seen), np.asarray(reference)) if pairs else _UNKNOWN,
    )


def _contrast(after: WallAgreement, before: WallAgreement, seed: int) -> WallContrast:
    reference = np.asarray(after.reference)
    return WallContrast(
        arm=after.arm,
        size=after.size,
        other=before.arm,
        other_size=before.size,
        phase=after.phase,
        figure=after.figure,
        difference=pearson_difference(np.asarray(after.seen), np.asarray(before.seen), reference, seed=seed),
    )
