"""What the reader of a learning curve should know besides its figures, as sentences."""

from collections.abc import Iterator, Sequence

from medgraft.core.counted import counted
from medgraft.report import ModelKey
from medgraft.samples import Dropped
from medgraft.study.curve import CurveFindings, CurveOutcome


def curve_cautions(
    outcome: CurveOutcome,
    findings: CurveFindings,
    *,
    seen_before: Sequence[str],
    unknown_trainings: Sequence[str],
    dropped: Sequence[Dropped],
    modalities: Sequence[str],
) -> tuple[str, ...]:
    """What flatters, what had not ended, what was left out: the same sentences in the terminal, page and report."""
    return (
        *_known_already(seen_before, unknown_trainings),
        *_no_hu(outcome, modalities),
        *_unended(findings),
        *_unequal(outcome),
        *_left_out(outcome, dropped),
        *_without_walls(findings),
    )


def _known_already(seen_before: Sequence[str], unknown_trainings: Sequence[str]) -> Iterator[str]:
    if seen_before:
        known = ", ".join(seen_before)
        yield f"The travelling model had seen subjects that were trained on here, which flatters it: {known}."
    if unknown_trainings:
        trainings = ", ".join(unknown_trainings)
        yield f"Whether the travelling model had seen others of them is not known: it brings no hashes of {trainings}."


def _no_hu(outcome: CurveOutcome, modalities: Sequence[str]) -> Iterator[str]:
    if others := outcome.curve.not_in_hu(modalities):
        yield (
            f"Images of {', '.join(others)} were read as HU, which are those of CT alone: what models see depends on "
            "the scanner. Do: use percentiles (`window` in the curve file)."
        )


def _unended(findings: CurveFindings) -> Iterator[str]:
    for item in findings.trainings:
        if item.unended:
            yield (
                f"{item.arm}: in {item.unended} of {counted(item.trainings, 'training')} the last epoch was the best: "
                "it may not have ended, and more epochs may do better."
            )


def _unequal(outcome: CurveOutcome) -> Iterator[str]:
    sizes = outcome.sizes
    if outcome.curve.updates is None and len(sizes) > 1:
        yield (
            f"An epoch sees every case once, so {sizes[0]} subjects were trained with fewer updates than {sizes[-1]}: "
            "part of the curve's slope is the longer training (as in the paper)."
        )


def _left_out(outcome: CurveOutcome, dropped: Sequence[Dropped]) -> Iterator[str]:
    curve = outcome.curve
    for item in dropped:
        yield f"Left out: {counted(item.count, 'stack')} ({item.reason}), for example {item.example}."
    if n_others := outcome.n_subjects["others"]:
        yield (
            f"Left out: {counted(n_others, 'subject')} whose split is none of train, {curve.validation.split} and "
            f"{curve.test.split}."
        )
    lost = [point.title for point in outcome.points if point.rate is not None and not point.epoch]
    if lost:
        yield f"Diverged at once and measured as they began: {', '.join(lost)}."
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
