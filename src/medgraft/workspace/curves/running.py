"""Run a learning curve in a project, or what is missing of it; show what it found."""

from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic_core import to_json

from medgraft.core.errors import NotFoundError, StudyFileError
from medgraft.core.files import AnyPath
from medgraft.core.progress import Progress, Report, silent
from medgraft.exchange import (
    AnnotationRules,
    RuleDifference,
    Seen,
    differences,
    opened_package,
    read_facts,
    read_rules,
)
from medgraft.exchange.package import ModelPackage, read_package
from medgraft.samples import MaskedSamples
from medgraft.study import RunStore, resolved_yaml
from medgraft.study.curve import (
    CurveFile,
    CurveFindings,
    CurveOutcome,
    Start,
    Verdict,
    check_shares,
    curve_findings,
    read_curve,
    read_curve_file,
    run_curve,
    verdict,
    write_curve,
)
from medgraft.study.curve.findings import distance_unit
from medgraft.workspace.curves.cautions import curve_cautions
from medgraft.workspace.curves.models import keep_models
from medgraft.workspace.kept.asked_runs import AskedRuns
from medgraft.workspace.kept.curve_folder import CURVE_FILE, FINDINGS, curve_names
from medgraft.workspace.kept.find_model import find_model
from medgraft.workspace.kept.machines import IN_THIS_PROCESS, Machines
from medgraft.workspace.kept.progress import kept_progress
from medgraft.workspace.kept.results_folder import announce, check_ended, claimed, fresh_draft, only_once, publish
from medgraft.workspace.kept.unknown_trainings import unknown_trainings
from medgraft.workspace.masks.samples import mask_task, project_masks, volume_reader
from medgraft.workspace.project import Project
from medgraft.workspace.studies.executor import open_executor

__all__ = [
    "CurveFile",
    "CurveSummary",
    "RuleDifference",
    "curve_outcome",
    "read_request",
    "rules_apart",
    "start_curve",
]


@dataclass(frozen=True, kw_only=True)
class CurveSummary:
    """What a learning curve found: its verdict, figures with intervals, differences, the wall before and after.

    rules: where the two sites draw otherwise. seen_before: subjects trained on here that the travelling model had seen
    already, so that fine-tuning it promises too much. unknown_trainings: its trainings of which nobody knows whom they
    saw. cautions: these two and more that a reader should know besides the figures, as sentences.
    distance_unit: mm or voxels.
    """

    name: str
    verdict: Verdict
    findings: CurveFindings
    rules: tuple[RuleDifference, ...]
    seen_before: tuple[str, ...]
    unknown_trainings: tuple[str, ...]
    cautions: tuple[str, ...]
    distance_unit: str


def read_request(path: AnyPath, overrides: tuple[str, ...] = (), *, project: Project) -> CurveFile:
    """A curve file as a user keeps it: its package and its rules are found.

    Both are paths seen from the file's folder; the package may be CURVE/MODEL of the project. Raises `StudyFileError`,
    or `InputError` if one of them is not there.
    """
    path = Path(path)
    curve, folder = read_curve_file(path, overrides), path.resolve().parent
    found = {}
    if curve.package is not None:
        here = folder / Path(curve.package).expanduser()
        found["package"] = str(here if here.exists() else find_model(curve.package, project.root))
    if curve.rules is not None:
        found["rules"] = str(folder / Path(curve.rules).expanduser())
    return curve.model_copy(update=found)


def rules_apart(curve: CurveFile) -> tuple[RuleDifference, ...]:
    """Where this site draws otherwise than the site of the travelling model; what is not known does not differ.

    Raises `InputError` for rules that cannot be read, `WeightsError` for a damaged package.
    """
    if curve.rules is None or curve.package is None:
        return ()
    with opened_package(Path(curve.package)) as folder:
        return _apart(curve, read_facts(folder).rules)


def start_curve(
    project: Project,
    curve: CurveFile,
    *,
    machines: Machines = IN_THIS_PROCESS,
    checkpoint_seconds: float = 30.0,
    report: Report = silent,
) -> CurveSummary:
    """Run a learning curve and evaluate it; what an earlier start finished is not done again.

    Results are under `curves/<name>/`: the resolved file, every point with figures of each held-out subject, tables,
    and a model package of each arm's first draw at its largest size and at the size that the verdict names. They are
    whole or absent.

    Raises:
        InputError: no masks, too few subjects, held-out subjects that the travelling model has seen at any site, a
        network that does not segment, a name that a study has, machines that are not there or batches that devices
        cannot share evenly. WeightsError: the package is damaged or another
        network's. ProjectError: the curve is running already.
    """
    check_shares(curve.batch_size, machines.devices)
    samples = project_masks(project, curve.task, in_mm=curve.spacing is not None)
    modalities = _modalities(project, curve, samples)
    curve = curve.windowed(modalities)
    package = read_package(Path(curve.package)) if curve.package else None
    start = _start(curve, package, _known(project, package.seen, samples, report)) if package else None
    rules = _apart(curve, package.rules if package else None)
    with (
        open_executor(machines, project, checkpoint_seconds) as executor,
        only_once(claimed(project.curves / curve.name, project.studies / curve.name)) as folder,
        kept_progress(folder, report, machines) as tell,
        project.cohort() as cohort,
    ):
        announce(folder / CURVE_FILE, resolved_yaml(curve))
        store = AskedRuns(root=project.runs, by=folder)
        outcome = run_curve(curve, samples, volume_reader(cohort), executor, store, package=start, report=tell)
        draft = fresh_draft(folder)
        write_curve(outcome, draft)
        summary = _summary(
            outcome,
            samples,
            modalities=modalities,
            rules=rules,
            seen_before=_seen_before(outcome, samples, start, store),
            unknown=unknown_trainings(package.seen, cohort) if package else (),
        )
        (draft / FINDINGS).write_bytes(to_json(asdict(summary), indent=1, inf_nan_mode="null") + b"\n")
        keep_models(outcome, samples, package, draft / "models", store, advised=summary.verdict)
        publish(draft, folder)
    report(Progress(stage="results", done=1, total=1))
    return summary


def curve_outcome(project: Project, name: str) -> CurveOutcome:
    """The results of a finished curve. Raises `ProjectError` if there is none of that name."""
    folder = project.curves / name
    if not folder.is_dir():
        names = ", ".join(curve_names(project)) or "none"
        raise NotFoundError(f"Expected a learning curve of this project, got {name!r}. Available: {names}.")
    check_ended(folder)
    return read_curve(folder, mask_task)


def _modalities(project: Project, curve: CurveFile, samples: MaskedSamples) -> tuple[str, ...]:
    """What the images of a curve say they are; those of sites that have no part in it aside."""
    sites = {item.site or "" for item in samples.items} if curve.sites is None else {*curve.sites}
    sites |= {curve.home.site} if curve.home else set()
    used = {item.stack for item in samples.items if (item.site or "") in sites}
    with project.cohort() as cohort:
        return tuple(sorted({entry.modality for entry in cohort.entries() if entry.id in used}))


def _apart(curve: CurveFile, theirs: AnnotationRules | None) -> tuple[RuleDifference, ...]:
    return differences(read_rules(Path(curve.rules)), theirs) if curve.rules and theirs else ()


def _known(project: Project, seen: Seen, samples: MaskedSamples, report: Report) -> frozenset[str]:
    """Stacks of the subjects that a model has seen, by any of their stacks."""
    with project.cohort() as cohort:
        subject_of = cohort.subject_of_stacks({item.subject for item in samples.items})
    subjects = seen.of_stacks(subject_of, report)
    return frozenset(item.stack for item in samples.items if item.subject in subjects)


def _start(curve: CurveFile, package: ModelPackage, known: frozenset[str]) -> Start:
    if package.network != curve.network or package.task.codes != mask_task(curve.task).codes:
        raise StudyFileError(
            f"Expected a package of {curve.network} for {curve.task}, got one of {package.network} for "
            f"{package.task.name}. Do: name the package's network in the curve file."
        )
    # What changes training alone may differ; patches too, which slide over the whole image afterwards.
    free: dict[str, object] = {"augment": None} if curve.centred else {"augment": None, "shape": None}
    theirs, ours = ({**recipe.as_dict(), **free} for recipe in (package.volume_recipe, curve.recipe))
    if theirs != ours:
        apart = [f"{key} {theirs[key]} there, {ours[key]} here" for key in ours if theirs[key] != ours[key]]
        raise StudyFileError(
            f"Expected images to be read as {package.name} reads them, got {'; '.join(apart)}. "
            "Do: set the same in the curve file, so that the model as it is is not measured on other pictures."
        )
    return Start(
        origin=package.name,
        digest=package.weights_digest,
        state=package.state,
        trained_on=known,
    )


def _summary(
    outcome: CurveOutcome,
    samples: MaskedSamples,
    *,
    modalities: tuple[str, ...],
    rules: tuple[RuleDifference, ...],
    seen_before: tuple[str, ...],
    unknown: tuple[str, ...],
) -> CurveSummary:
    findings = curve_findings(outcome)
    return CurveSummary(
        name=outcome.curve.name,
        verdict=verdict(outcome),
        findings=findings,
        rules=rules,
        seen_before=seen_before,
        unknown_trainings=unknown,
        cautions=curve_cautions(
            outcome,
            findings,
            seen_before=seen_before,
            unknown_trainings=unknown,
            dropped=samples.dropped,
            modalities=modalities,
        ),
        distance_unit=distance_unit(outcome, samples),
    )


def _seen_before(
    outcome: CurveOutcome, samples: MaskedSamples, start: Start | None, store: RunStore
) -> tuple[str, ...]:
    trained = {stack for point in outcome.points if point.run for stack in store.read(point.run).facts["stacks"]}
    known = trained & start.trained_on if start else frozenset()
    return tuple(sorted({item.subject for item in samples.items if item.stack in known}))
