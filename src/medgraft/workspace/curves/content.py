"""What the report of a learning curve says: its outcome and findings as the tables and figures of the page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from medgraft.core.lineage import Lineage
from medgraft.networks import spec
from medgraft.report import (
    Agreement,
    BullsEye,
    CurveContent,
    CurveDifference,
    CurveFigure,
    ModelKey,
    Overlay,
    Recipe,
    RuleAnswer,
    SubjectFigure,
    Surface,
    TrainingCurve,
    VolumeAgreement,
    WallAgreement,
    WallDifference,
)
from medgraft.samples import MaskedSamples
from medgraft.study import resolved_yaml
from medgraft.study.curve import CurveFile, CurveFindings, CurveOutcome, CurvePoint, Verdict
from medgraft.study.curve.compared import compared_models
from medgraft.study.curve.contrasts import subject_means
from medgraft.study.curve.volumes import VolumeAgreement as FoundVolume
from medgraft.study.curve.walls import WallAgreement as FoundWall
from medgraft.workspace.measuring.agreement import drawn_agreement, figure_agreement


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
    distance_unit: str,
    cautions: tuple[str, ...],
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
        distance_unit: mm or voxels, as they were when the curve was run.
        cautions: what was found with the verdict (`curve_cautions`).
        warnings: what the reader should know besides what the figures show.
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
        figures=tuple(_figures(findings)),
        differences=tuple(_differences(findings)),
        recipe=_recipe(outcome),
        settings=_settings(curve),
        distance_unit=distance_unit,
        walls=tuple(_wall(wall, curve.seed) for wall in findings.walls if wall.subjects),
        wall_differences=tuple(_wall_differences(findings)),
        volumes=tuple(_volume(item, curve.seed) for item in findings.volumes),
        subjects=tuple(_subjects(outcome)),
        overlays=pictures.overlays,
        bulls_eyes=pictures.bulls_eyes,
        surfaces=pictures.surfaces,
        trainings=tuple(_training(point) for point in outcome.points if point.rate is not None),
        rules=rules,
        cautions=cautions,
        warnings=warnings,
        lineage=lineage,
        digests={
            "samples": samples.digest[:16],
            **({"package": outcome.package_digest[:16]} if outcome.package_digest else {}),
        },
    )


def _settings(curve: CurveFile) -> str:
    """The curve file as it is passed on: other files by their names, not by where they lie on this machine."""
    names = {key: path and Path(path).name for key, path in (("package", curve.package), ("rules", curve.rules))}
    return resolved_yaml(curve.model_copy(update=names))


def key_of(point: CurvePoint) -> ModelKey:
    """The model of a point, whichever draw it is."""
    return ModelKey(arm=point.arm, size=point.size)


def _figures(findings: CurveFindings) -> Iterator[CurveFigure]:
    for row in findings.rows:
        yield CurveFigure(
            model=ModelKey(arm=row.arm, size=row.size),
            on="home" if row.on == "home" else "test",
            figure=row.figure,
            value=row.value,
            median=row.median,
            best=row.best,
            draws=row.draws,
            subjects=row.subjects,
            masks=row.masks,
            unmatched=row.unmatched,
        )


def _differences(findings: CurveFindings) -> Iterator[CurveDifference]:
    for item in findings.contrasts:
        yield CurveDifference(
            model=ModelKey(arm=item.arm, size=item.size),
            other=ModelKey(arm=item.other, size=item.other_size),
            on="home" if item.on == "home" else "test",
            difference=item.difference,
            draws=item.draws,
            adjusted=item.adjusted,
        )


def _wall(wall: FoundWall, seed: int) -> WallAgreement:
    key = ModelKey(arm=wall.arm, size=wall.size)
    return WallAgreement(model=key, phase=wall.phase, figure=wall.figure, **vars(_agreement(wall, "mm", seed)))


def _volume(found: FoundVolume, seed: int) -> VolumeAgreement:
    key = ModelKey(arm=found.arm, size=found.size)
    return VolumeAgreement(model=key, figure=found.figure, unit=found.unit, **vars(_agreement(found, found.unit, seed)))


def _agreement(found: FoundWall | FoundVolume, unit: str, seed: int) -> Agreement:
    return drawn_agreement(figure_agreement(found.figure, unit, found.subjects, found.seen, found.reference, seed=seed))


def _subjects(outcome: CurveOutcome) -> Iterator[SubjectFigure]:
    for point in compared_models(outcome):
        for subject, (dice, distance) in subject_means(outcome, outcome.of(point.arm, point.size)).items():
            yield SubjectFigure(subject=subject, model=key_of(point), dice=dice, distance=distance)


def _wall_differences(findings: CurveFindings) -> Iterator[WallDifference]:
    for item in findings.wall_contrasts:
        yield WallDifference(
            model=ModelKey(arm=item.arm, size=item.size),
            other=ModelKey(arm=item.other, size=item.other_size),
            phase=item.phase,
            figure=item.figure,
            difference=item.difference,
        )


def _training(point: CurvePoint) -> TrainingCurve:
    return TrainingCurve(
        model=key_of(point),
        draw=point.draw,
        rate=point.rate or 0.0,
        epoch=point.epoch,
        before=point.before,
        dice=point.curve,
    )


def _recipe(outcome: CurveOutcome) -> Recipe:
    curve = outcome.curve
    return Recipe(
        network=spec(outcome.network).title,
        n_subjects=outcome.n_subjects,
        grid=_grid(curve),
        starts={name: arm.start for name, arm in curve.arms.items()},
        rates={name: arm.rates for name, arm in curve.arms.items()},
        epochs=curve.epochs,
        updates=curve.updates,
        batch_size=curve.batch_size,
        decay=f"times {curve.decay.factor:g} after every {curve.decay.epochs} epochs",
        n_draws=curve.draws,
        seed=curve.seed,
        augmented=curve.augment,
    )


def _grid(curve: CurveFile) -> str:
    """What the network reads, in words.

    >>> _grid(CurveFile(network="segresnet3d", shape=(48, 48, 48), arms={"scratch": {}}))
    '48 x 48 x 48 voxels of 1 mm, -200 to 600 HU'
    """
    voxels = f"voxels of {curve.spacing:g} mm" if curve.spacing else "voxels as stored"
    unit = "HU" if curve.window.of == "hu" else "percentiles"
    return f"{' x '.join(map(str, curve.shape))} {voxels}, {curve.window.low:g} to {curve.window.high:g} {unit}"
