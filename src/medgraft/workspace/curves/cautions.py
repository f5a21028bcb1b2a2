"""What the reader of a learning curve should know besides its figures, as sentences."""

import math
from collections.abc import Iterator, Sequence

from medgraft.core.counted import counted
from medgraft.report import ModelKey
from medgraft.samples import MaskedSamples
from medgraft.study.curve import CurveFile, CurveFindings, CurveOutcome, CurvePoint


def cautions_before(
    curve: CurveFile,
    samples: MaskedSamples,
    *,
    sizes: Sequence[int],
    n_others: int,
    seen_before: Sequence[str],
    unknown_trainings: Sequence[str],
    modalities: Sequence[str],
) -> tuple[str, ...]:
    """What is known before anything is trained.

    Args:
        curve: what is asked.
        samples: who can be used, and what was left out.
        sizes: of the training sets, smallest first.
        n_others: subjects whose split the curve file does not name.
        seen_before: subjects to train on that the travelling model knows.
        unknown_trainings: its trainings of which nobody knows whom they saw.
        modalities: what images say they are.
    """
    return (
        *_known_already(seen_before, unknown_trainings),
        *_no_hu(curve, modalities),
        *_unequal(curve, sizes),
        *samples.left_out_sentences,
        *_others(curve, n_others),
    )


def cautions_after(outcome: CurveOutcome, findings: CurveFindings) -> tuple[str, ...]:
    """What had not ended, what could not be measured."""
    return (
        *_unended(findings),
        *_lost(outcome),
        *_unlearnt(outcome),
        *_unlabelled(outcome),
        *_without_walls(findings),
    )


def _known_already(seen_before: Sequence[str], unknown_trainings: Sequence[str]) -> Iterator[str]:
    if seen_before:
        known = ", ".join(seen_before)
        yield f"The travelling model has seen subjects that are trained on here, which flatters it: {known}."
    if unknown_trainings:
        trainings = ", ".join(unknown_trainings)
        yield f"Whether the travelling model has seen others of them is not known: it brings no hashes of {trainings}."


def _no_hu(curve: CurveFile, modalities: Sequence[str]) -> Iterator[str]:
    if others := curve.not_in_hu(modalities):
        yield (
            f"Images of {', '.join(others)} are read as HU, which are those of CT alone: what models see depends on "
            "the scanner. Do: use percentiles (`window` in the curve file)."
        )


def _unequal(curve: CurveFile, sizes: Sequence[int]) -> Iterator[str]:
    if curve.updates is None and len(sizes) > 1:
        yield (
            f"An epoch sees every case once, so {counted(sizes[0], 'subject')} give fewer updates than {sizes[-1]}: "
            "part of the curve's slope is the longer training (as in the paper)."
        )


def _others(curve: CurveFile, n_others: int) -> Iterator[str]:
    if n_others:
        yield (
            f"Left out: {counted(n_others, 'subject')} whose split is none of train, {curve.validation.split} and "
            f"{curve.test.split}."
        )


def _unended(findings: CurveFindings) -> Iterator[str]:
    for item in findings.trainings:
        if item.unended:
            yield (
                f"{item.arm}: in {item.unended} of {counted(item.trainings, 'training')} the last epoch was the best: "
                "it may not have ended, and more epochs may do better."
            )


def _lost(outcome: CurveOutcome) -> Iterator[str]:
    lost = [point.title for point in outcome.points if point.rate is not None and _is_lost(point)]
    if lost:
        yield f"Diverged at once and measured as they began: {', '.join(lost)}."


def _unlearnt(outcome: CurveOutcome) -> Iterator[str]:
    kept = [p.title for p in outcome.points if p.rate is not None and not p.epoch and not _is_lost(p)]
    if kept:
        yield f"No epoch did better on the validation subjects than the package, which was kept: {', '.join(kept)}."


def _is_lost(point: CurvePoint) -> bool:
    return all(dice is None or math.isnan(dice) for dice in point.curve)


def _unlabelled(outcome: CurveOutcome) -> Iterator[str]:
    labelled = {code for figure in outcome.points[0].test for code in figure.dice}
    missing = [item.name for item in outcome.task.classes[1:] if item.code not in labelled]
    if missing:
        yield f"Never labelled here, and so not measured: {', '.join(missing)}."


def _without_walls(findings: CurveFindings) -> Iterator[str]:
    """Over whom walls are not compared, phase by phase."""
    of_phase = {wall.phase: [one for one in findings.walls if one.phase == wall.phase] for wall in findings.walls}
    for phase, walls in of_phase.items():
        lacking = {ModelKey(arm=wall.arm, size=wall.size).title: wall.lacking for wall in walls if wall.lacking}
        if lacking:
            n = max(len(wall.subjects) for wall in walls)
            listed = "; ".join(f"{title} in {', '.join(subjects)}" for title, subjects in lacking.items())
            yield (
                f"Wall thickness at {phase.upper()} is compared over {counted(n, 'subject')}. "
                f"In others models show no wall: {listed}."
            )
