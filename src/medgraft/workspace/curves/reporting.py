"""The report of a learning curve: verdict, curves, walls and pictures in one page."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from medgraft import __version__
from medgraft.core.errors import InputError, WeightsError
from medgraft.core.files import AnyPath
from medgraft.core.progress import Report, silent
from medgraft.exchange.package import ModelPackage, read_package
from medgraft.exchange.rules import QUESTIONS, AnnotationRules, read_rules
from medgraft.images.where import cause
from medgraft.report import ModelKey, RuleAnswer, write_curve_report
from medgraft.samples import MaskedSamples
from medgraft.study.curve import CurveOutcome, curve_findings, verdict
from medgraft.study.curve.compared import compared_models
from medgraft.workspace.curves.content import CurvePictures, curve_content, key_of
from medgraft.workspace.curves.pictures import curve_pictures
from medgraft.workspace.curves.running import curve_outcome
from medgraft.workspace.kept.curve_folder import read_findings
from medgraft.workspace.masks.samples import project_masks
from medgraft.workspace.project import Project
from medgraft.workspace.studies.reporting import ReportMade, report_made

_CHANGED = (
    "Images or masks of the project have changed since this curve was run. Figures are of the curve as it was run; "
    "pictures of single subjects are left out. Run the curve again for the masks as they are now."
)


def report_curve(
    project: Project,
    name: str,
    *,
    rules: AnyPath | None = None,
    folder: AnyPath | None = None,
    now: datetime | None = None,
    report: Report = silent,
) -> ReportMade:
    """Write the report of a finished learning curve.

    Args:
        project: where the curve is.
        name: of the curve.
        rules: the filled-in annotation rules of this site, to be set beside those of the travelling model; those that
            the curve file named by default, if they are still there.
        folder: where to write; `curves/<name>/report` by default.
        now: the time to put on the page; the present by default.
        report: told after every picture.

    A model that is gone or damaged is left out of the pictures, and rules of the curve file that cannot be read out of
    the table; the page says so.

    Raises:
        ProjectError: no such curve, or it has not ended. InputError: `rules` that cannot be read.
    """
    outcome, found = curve_outcome(project, name), read_findings(project.curves / name)
    samples = project_masks(project, outcome.curve.task, in_mm=outcome.curve.spacing is not None)
    models, without = _models(project, outcome)
    ours, unread = (read_rules(Path(rules)), ()) if rules else _local_rules(outcome)
    changed = _changed(models, samples)
    content = curve_content(
        outcome,
        curve_findings(outcome),
        verdict(outcome),
        samples,
        pictures=CurvePictures()
        if changed or not models
        else curve_pictures(project, outcome, samples, models, report),
        rules=_rules(models, ours),
        lineage={key.title: package.lineage for key, package in models.items()},
        distance_unit=found["distance_unit"],
        cautions=tuple(found["cautions"]),
        warnings=(
            *([_CHANGED] if changed else []),
            *_unmeasured_wall(outcome),
            *without,
            *unread,
            *outcome.curve.notes,
        ),
        created_note=f"{now or datetime.now(UTC):%d %B %Y}, medgraft {__version__}",
    )
    return report_made(name, write_curve_report(content, Path(folder or project.curves / name / "report")))


def _local_rules(outcome: CurveOutcome) -> tuple[AnnotationRules | None, tuple[str, ...]]:
    """The rules that the curve file named, and why there are none."""
    if outcome.curve.rules is None:
        return None, ()
    file = Path(outcome.curve.rules)
    try:
        return read_rules(file), ()
    except InputError as error:
        return None, (f"The annotation rules of this site cannot be read any more: {cause(error, file)}",)


def _models(project: Project, outcome: CurveOutcome) -> tuple[dict[ModelKey, ModelPackage], tuple[str, ...]]:
    """Every compared model; why some are not there."""
    kept = project.curves / outcome.curve.name / "models"
    models, without = {}, []
    for key in map(key_of, compared_models(outcome)):
        place = kept / f"{key.arm}-{key.size}" if key.size else Path(str(outcome.curve.package))
        try:
            models[key] = _as_run(place, key, outcome)
        except WeightsError as error:
            without.append(
                f"No pictures of {key.title}, nor its rules and lineage; its figures are kept. {cause(error, place)}"
            )
    return models, tuple(without)


def _as_run(place: Path, key: ModelKey, outcome: CurveOutcome) -> ModelPackage:
    """A package, if it is what the curve was run with. Raises `WeightsError` for another one under the same path."""
    package = read_package(place)
    if not key.size and package.weights_digest != outcome.package_digest:
        raise WeightsError(f"{place.name} is another model now ({package.name}) than when the curve was run.")
    return package


def _unmeasured_wall(outcome: CurveOutcome) -> Iterator[str]:
    """Of the advised model, where a medgraft ran the curve that measured the wall at the largest size alone."""
    walled = {key_of(p): any(figures.true_thickness for figures in p.test) for p in compared_models(outcome)}
    for key in (key for key, measured in walled.items() if not measured and any(walled.values())):
        yield (
            f"The wall of {key.title} was not measured when this curve was run. Do: start the curve again: nothing is "
            "trained again."
        )


def _changed(models: Mapping[ModelKey, ModelPackage], samples: MaskedSamples) -> bool:
    trained = [package for key, package in models.items() if key.size]
    return any(package.lineage.hops[-1].data_digest != samples.digest for package in trained)


def _rules(models: Mapping[ModelKey, ModelPackage], ours: AnnotationRules | None) -> tuple[RuleAnswer, ...]:
    """Both sites' answers, nothing where neither gave any."""
    theirs = next((package.rules for key, package in models.items() if not key.size), None)
    if theirs is None and ours is None:
        return ()
    return tuple(
        RuleAnswer(
            question=question.text,
            home=theirs.answers[question.key] if theirs else "",
            here=ours.answers[question.key] if ours else "",
            compared=question.compared,
        )
        for question in QUESTIONS
    )
