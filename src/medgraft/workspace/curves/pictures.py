"""Pictures of single subjects for the report of a learning curve: what models see of them, beside what was drawn."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from medgraft.core.progress import Progress, Report, silent
from medgraft.exchange.package import ModelPackage
from medgraft.report import ModelKey, Overlay
from medgraft.samples import MaskedSamples
from medgraft.study.curve import CurveOutcome, SubjectFigures
from medgraft.study.curve.compared import compared_models
from medgraft.workspace.curves.content import CurvePictures, key_of
from medgraft.workspace.curves.planes import planes_of
from medgraft.workspace.curves.subjects import Shown, shown_subject
from medgraft.workspace.curves.walls import bulls_eye, surfaces
from medgraft.workspace.project import Project
from medgraft.workspace.stacks.volumes import stack_volume


def curve_pictures(
    project: Project,
    outcome: CurveOutcome,
    samples: MaskedSamples,
    models: Mapping[ModelKey, ModelPackage],
    report: Report = silent,
) -> CurvePictures:
    """The worst, the median and the best test subject of the best arm in planes; the median one's wall at each phase.

    Every model predicts again; `report` is told after every subject and phase.
    """
    best = _best(outcome)
    ranked = _ranked(outcome.of(best.arm, best.size)[0].test)
    middle = [row for row in outcome.of(best.arm, best.size)[0].test if row.stack == ranked["median"].stack]
    asked = list(dict.fromkeys((row.stack, row.phase) for row in (*ranked.values(), *middle)))
    shown: dict[tuple[str, str], Shown] = {}
    with project.cohort() as cohort:
        for done, (stack, phase) in enumerate(asked, start=1):
            shown[stack, phase] = shown_subject(cohort, samples, stack, phase, models)
            report(Progress(stage="pictures", done=done, total=len(asked), detail=f"{stack} {phase}"))
    beats = [shown[row.stack, row.phase] for row in middle]
    return CurvePictures(
        overlays=tuple(
            _overlay(project, rank, best.title, shown[row.stack, row.phase], outcome) for rank, row in ranked.items()
        ),
        bulls_eyes=tuple(eye for beat in beats for eye in bulls_eye(beat)),
        surfaces=tuple(surfaces(beats[0], stack_volume(project, beats[0].entry.id), best.title)),
    )


def _best(outcome: CurveOutcome) -> ModelKey:
    """The model at the largest size whose first draw has the highest mean Dice."""
    size = outcome.sizes[-1]
    arm = max(outcome.arms, key=lambda arm: np.mean([row.mean_dice for row in outcome.of(arm, size)[0].test]))
    return ModelKey(arm=arm, size=size)


def _ranked(rows: Sequence[SubjectFigures]) -> dict[str, SubjectFigures]:
    """By rank; with fewer than three rows some have two."""
    ordered = sorted(rows, key=lambda row: (row.mean_dice, row.subject, row.phase))
    places = {"worst": 0, "median": len(ordered) // 2, "best": len(ordered) - 1}
    return {rank: ordered[place] for rank, place in places.items()}


def _overlay(project: Project, rank: str, ranked_by: str, shown: Shown, outcome: CurveOutcome) -> Overlay:
    entry, volume = shown.entry, stack_volume(project, shown.entry.id)
    return Overlay(
        subject=entry.subject,
        phase=shown.phase,
        rank=rank,
        ranked_by=ranked_by,
        dice=dict(_dice(outcome, shown)),
        planes=planes_of(volume, entry.spacing, shown.image, shown.reference, shown.seen, aside=entry.aside),
    )


def _dice(outcome: CurveOutcome, shown: Shown) -> Iterator[tuple[str, float]]:
    """Mean Dice of this subject and phase, of every model that is shown."""
    for point in compared_models(outcome):
        title = key_of(point).title
        if title in shown.seen:
            rows = (row for row in point.test if (row.stack, row.phase) == (shown.entry.id, shown.phase))
            yield title, next(rows).mean_dice
