"""Run a learning curve in a project, or what is missing of it; show what it found."""

from dataclasses import asdict, dataclass

from pydantic_core import to_json

from medgraft.core.errors import NotFoundError
from medgraft.core.progress import Progress, Report, silent
from medgraft.exchange import (
    RuleDifference,
)
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
    run_curve,
    verdict,
    write_curve,
)
from medgraft.study.curve.findings import distance_unit
from medgraft.workspace.curves.asking import asked_curve
from medgraft.workspace.curves.cautions import cautions_after, cautions_before
from medgraft.workspace.curves.models import keep_models
from medgraft.workspace.kept.asked_runs import AskedRuns
from medgraft.workspace.kept.curve_folder import CURVE_FILE, FINDINGS, curve_names
from medgraft.workspace.kept.machines import IN_THIS_PROCESS, Machines
from medgraft.workspace.kept.progress import kept_progress
from medgraft.workspace.kept.results_folder import announce, check_ended, claimed, fresh_draft, only_once, publish
from medgraft.workspace.kept.unknown_trainings import unknown_trainings
from medgraft.workspace.masks.samples import mask_task, volume_reader
from medgraft.workspace.project import Project
from medgraft.workspace.studies.executor import open_executor

__all__ = [
    "CurveFile",
    "CurveSummary",
    "RuleDifference",
    "curve_outcome",
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
    asked = asked_curve(project, curve, report)
    curve, samples, package = asked.curve, asked.samples, asked.package
    with (
        open_executor(machines, project, checkpoint_seconds) as executor,
        only_once(claimed(project.curves / curve.name, project.studies / curve.name)) as folder,
        kept_progress(folder, report, machines) as tell,
        project.cohort() as cohort,
    ):
        announce(folder / CURVE_FILE, resolved_yaml(curve))
        store = AskedRuns(root=project.runs, by=folder)
        outcome = run_curve(curve, samples, volume_reader(cohort), executor, store, package=asked.start, report=tell)
        draft = fresh_draft(folder)
        write_curve(outcome, draft)
        summary = _summary(
            outcome,
            samples,
            modalities=asked.modalities,
            rules=asked.rules,
            seen_before=_seen_before(outcome, samples, asked.start, store),
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
        cautions=(
            *cautions_before(
                outcome.curve,
                samples,
                sizes=outcome.sizes,
                n_others=outcome.n_subjects["others"],
                seen_before=seen_before,
                unknown_trainings=unknown,
                modalities=modalities,
            ),
            *cautions_after(outcome, findings),
        ),
        distance_unit=distance_unit(outcome, samples),
    )


def _seen_before(
    outcome: CurveOutcome, samples: MaskedSamples, start: Start | None, store: RunStore
) -> tuple[str, ...]:
    trained = {stack for point in outcome.points if point.run for stack in store.read(point.run).facts["stacks"]}
    known = trained & start.trained_on if start else frozenset()
    return tuple(sorted({item.subject for item in samples.items if item.stack in known}))
