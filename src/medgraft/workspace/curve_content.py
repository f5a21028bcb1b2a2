"""What the report of a learning curve says: its outcome and findings as the tables and figures of the page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from medgraft.core.lineage import Lineage
from medgraft.evaluation import MEAN_DICE, bland_altman, icc
from medgraft.networks import spec
from medgraft.report import (
    BullsEye,
    CurveContent,
    CurveDifference,
    CurveFigure,
    ModelKey,
    Overlay,
    Recipe,
    RuleAnswer,
    Surface,
    TrainingCurve,
    WallAgreement,
)
from medgraft.samples import MaskedSamples
from medgraft.study import resolved_yaml
from medgraft.study.curve import CurveFile, CurveFindings, CurveOutcome, CurvePoint, Verdict
from medgraft.study.curve import findings as found


@dataclass(frozen=True, kw_only=True)
class CurvePictures:
    """What is drawn of single subjects."""

    overlays: tuple[Overlay, ...] = ()
    bulls_eyes: tuple[BullsEye, ...] = ()
    surfaces: tuple[Surface, ...] = ()


def curve_content(
    outcome: CurveOutcome,
    findings: CurveFindings,
    verdict: Verdict,
    samples: MaskedSamples,
    *,
    pictures: CurvePictures = CurvePictures(),
    rules: tuple[RuleAnswer, ...] = (),
    lineage: Mapping[str, Lineage],
    warnings: tuple[str, ...],
    created_note: str,
) -> CurveContent:
    """Everything the report of a learning curve says.

    Args:
        outcome: of the curve.
        findings: in it.
        verdict: on it.
        samples: subjects with masks as they are in the project.
        pictures: of single subjects.
        rules: by which masks were drawn at both sites.
        lineage: of models, by title.
        warnings: what the reader should know besides what the outcome itself shows.
        created_note: one line under the title.
    """
    curve = outcome.curve
    return CurveContent(
        title=f"Learning curve {curve.name}",
        created_note=created_note,
        task=outcome.task,
        verdict=verdict.text,
        advice=verdict.advice,
        arms=outcome.arms,
        sizes=outcome.sizes,
        figures=tuple(_figures(outcome, findings)),
        differences=tuple(_differences(findings)),
        recipe=_recipe(outcome, samples),
        settings=resolved_yaml(curve),
        distance_unit=_distance_unit(outcome, samples),
        walls=tuple(_walls(outcome, findings)),
        overlays=pictures.overlays,
        bulls_eyes=pictures.bulls_eyes,
        surfaces=pictures.surfaces,
        trainings=tuple(_training(point) for point in outcome.points if point.rate is not None),
        rules=rules,
        warnings=(*_warnings(outcome), *warnings),
        lineage=lineage,
        digests={"samples": samples.digest[:16]},
    )


def key_of(point: CurvePoint) -> ModelKey:
    """The model of a point, whichever draw it is."""
    return ModelKey(arm=point.arm, size=point.size)


def _figures(outcome: CurveOutcome, findings: CurveFindings) -> Iterator[CurveFigure]:
    for row in findings.rows:
        yield CurveFigure(
            model=ModelKey(arm=row.arm, size=row.size),
            on="home" if row.on == "home" else "test",
            figure=row.figure,
            value=row.value,
            best=row.best,
            draws=_draws(outcome, row) if row.figure == MEAN_DICE else (),
        )


def _draws(outcome: CurveOutcome, row: found.CurveRow) -> tuple[float, ...]:
    """Mean Dice over subjects, draw by draw."""
    values, _ = found.subject_values(outcome.of(row.arm, row.size), row.on, found.mean_dice)
    return tuple(float(np.nanmean(each)) for each in values if np.isfinite(each).any())


def _differences(findings: CurveFindings) -> Iterator[CurveDifference]:
    for item in findings.contrasts:
        yield CurveDifference(
            model=ModelKey(arm=item.arm, size=item.size),
            other=ModelKey(arm=item.other, size=item.other_size),
            on="home" if item.on == "home" else "test",
            difference=item.difference,
            adjusted=item.adjusted,
        )


def _walls(outcome: CurveOutcome, findings: CurveFindings) -> Iterator[WallAgreement]:
    """Of the first draw, whose correlation was found."""
    for wall in findings.walls:
        (point, *_) = outcome.of(wall.arm, wall.size)
        measured = [f for f in point.test if f.phase == wall.phase and f.thickness and f.true_thickness]
        seen = np.array([f.thickness[wall.figure] for f in measured if f.thickness])
        reference = np.array([f.true_thickness[wall.figure] for f in measured if f.true_thickness])
        subjects = np.array([f.subject for f in measured])
        differences = bland_altman(seen, reference, subjects, seed=outcome.curve.seed)
        yield WallAgreement(
            model=key_of(point),
            phase=wall.phase,
            figure=wall.figure,
            seen=seen,
            reference=reference,
            pearson=wall.correlation.interval,
            icc=icc(np.stack([seen, reference], axis=1)).interval,
            bias=differences.mean,
            lower=differences.lower,
            upper=differences.upper,
        )


def _distance_unit(outcome: CurveOutcome, samples: MaskedSamples) -> str:
    first = outcome.points[0]
    measured = {figure.stack for figure in (*first.test, *first.home)}
    return "mm" if all(item.spacing for item in samples.items if item.stack in measured) else "voxels"


def _training(point: CurvePoint) -> TrainingCurve:
    return TrainingCurve(
        model=key_of(point), draw=point.draw, rate=point.rate or 0.0, epoch=point.epoch, dice=point.curve
    )


def _recipe(outcome: CurveOutcome, samples: MaskedSamples) -> Recipe:
    curve = outcome.curve
    return Recipe(
        network=spec(outcome.network).title,
        n_subjects=_n_subjects(outcome, samples),
        grid=_grid(curve),
        starts={name: arm.start for name, arm in curve.arms.items()},
        rates={name: arm.rates for name, arm in curve.arms.items()},
        epochs=curve.epochs,
        decay=f"times {curve.decay.factor:g} after every {curve.decay.epochs} epochs",
        n_draws=curve.draws,
        seed=curve.seed,
        augmented=curve.augment,
    )


def _n_subjects(outcome: CurveOutcome, samples: MaskedSamples) -> dict[str, int]:
    first = outcome.points[0]
    measured = {group: {figure.subject for figure in getattr(first, group)} for group in ("test", "home")}
    rest = [item for item in samples.items if item.subject not in measured["test"] | measured["home"]]
    validation = {item.subject for item in rest if item.split == outcome.curve.validation.split}
    return {
        "train": len({item.subject for item in rest} - validation),
        "validation": len(validation),
        "test": len(measured["test"]),
        "home": len(measured["home"]),
    }


def _grid(curve: CurveFile) -> str:
    """What the network reads, in words.

    >>> _grid(CurveFile(network="segresnet3d", shape=(48, 48, 48), arms={"scratch": {}}))
    '48 x 48 x 48 voxels of 1 mm, -200 to 600 HU'
    """
    voxels = f"voxels of {curve.spacing:g} mm" if curve.spacing else "voxels as stored"
    unit = "HU" if curve.window.of == "hu" else "percentiles"
    return f"{' x '.join(map(str, curve.shape))} {voxels}, {curve.window.low:g} to {curve.window.high:g} {unit}"


def _warnings(outcome: CurveOutcome) -> Iterator[str]:
    lost = [point.title for point in outcome.points if point.rate is not None and not point.epoch]
    if lost:
        yield f"Diverged at once and measured as they began: {', '.join(lost)}."
    labelled = {code for figure in outcome.points[0].test for code in figure.dice}
    missing = [item.name for item in outcome.task.classes[1:] if item.code not in labelled]
    if missing:
        yield f"Never labelled here, and so not measured: {', '.join(missing)}."
    sizes, budget = outcome.sizes, outcome.curve.updates
    if budget is None and len(sizes) > 1:
        yield (
            f"An epoch sees every case once, so {sizes[0]} subjects were trained with fewer updates than {sizes[-1]}: "
            "part of the curve's slope is the longer training (as in the paper)."
        )
