"""Run a study in a project, or what is missing of it."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import torch
from filelock import FileLock, Timeout

from medgraft.core.errors import ProjectError
from medgraft.core.lineage import Hop, Lineage
from medgraft.core.progress import Progress, Report, silent
from medgraft.core.task import Task
from medgraft.evaluation import Interval, write_table_csv, write_table_json
from medgraft.exchange import ModelPackage, write_package
from medgraft.samples import Samples
from medgraft.study import (
    Estimate,
    Findings,
    LocalExecutor,
    RunStore,
    StageOutcome,
    StudyFile,
    StudyOutcome,
    estimate_study,
    find,
    read_outcome,
    resolved_yaml,
    run_study,
    write_outcome,
)
from medgraft.study.findings import HEADLINE, best_title
from medgraft.study.graft import build_model
from medgraft.study.grid import model_plans
from medgraft.study.staging import load_source
from medgraft.study.study_data import study_recipe
from medgraft.study.trial import Desk
from medgraft.workspace.project import Project
from medgraft.workspace.study_samples import image_reader, project_samples


@dataclass(frozen=True, kw_only=True)
class StudyRow:
    """One model of a finished study, decided in one way, in a few words."""

    model: str
    decision: str
    macro_f1: Interval
    accuracy: Interval


@dataclass(frozen=True, kw_only=True)
class StudySummary:
    """A finished study. best: chosen by validation loss alone. folder: its place in the project."""

    name: str
    subjects: int
    images: int
    best: str
    rows: tuple[StudyRow, ...]
    folder: str


def start_study(
    project: Project, study: StudyFile, *, checkpoint_seconds: float = 30.0, report: Report = silent
) -> StudySummary:
    """Run a study and evaluate it; what an earlier start finished is not done again.

    Results are under `studies/<name>/`: the resolved study file, curves and predictions per stage, tables, and a model
    package per model and depth (of the first seed). They are whole or absent.

    Args:
        project: where images and labels are.
        study: what to compare and how.
        checkpoint_seconds: a training in progress is saved at most this often.
        report: told of every trial and epoch.

    Raises:
        InputError: nothing labelled, too few subjects, unknown names. WeightsError: weights are missing.
        ProjectError: the study is running already.
    """
    samples = project_samples(project, study.task, study.reader)
    folder = project.studies / study.name
    folder.mkdir(parents=True, exist_ok=True)
    with _only_once(folder), project.cohort() as cohort:
        _announce(study, folder)
        desk = Desk(RunStore(root=project.runs), project.cache, device(), checkpoint_seconds=checkpoint_seconds)
        outcome = run_study(study, samples, image_reader(cohort), LocalExecutor(desk), report=report)
        findings = find(outcome)
        draft = folder / "draft"
        shutil.rmtree(draft, ignore_errors=True)
        write_outcome(outcome, draft)
        _keep_tables(findings, draft / "results")
        _keep_models(outcome, samples, findings, draft, desk.store)
        _publish(draft, folder)
    report(Progress(stage="results", done=1, total=1))
    return _summary(study.name, outcome, findings, samples)


def plan_study(project: Project, study: StudyFile) -> Estimate:
    """What a study would do, how long it may take and what disk it needs, from a few measured passes."""
    samples = project_samples(project, study.task, study.reader)
    with project.cohort() as cohort:
        return estimate_study(study, samples, image_reader(cohort), device())


def study_outcome(project: Project, name: str) -> StudyOutcome:
    """The results of a finished study. Raises `ProjectError` if there is none of that name."""
    folder = project.studies / name
    if not folder.is_dir():
        raise ProjectError(f"Expected a study of this project, got {name!r}. Available: {_names(project)}.")
    with project.labels() as store:
        return read_outcome(folder, store.task)


def show_study(project: Project, name: str) -> StudySummary:
    """The figures of a finished study. Raises `ProjectError` if there is none of that name."""
    outcome = study_outcome(project, name)
    samples = project_samples(project, outcome.study.task, outcome.study.reader)
    return _summary(name, outcome, find(outcome), samples)


def list_studies(project: Project) -> tuple[str, ...]:
    """Names of the studies of a project, finished or not."""
    if not project.studies.is_dir():
        return ()
    return tuple(sorted(path.parent.name for path in project.studies.glob("*/study.yaml")))


def device() -> torch.device:
    """Where to compute: a GPU if there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _names(project: Project) -> str:
    return ", ".join(list_studies(project)) or "none"


class _only_once:  # noqa: N801 (read as a phrase: with _only_once(folder))
    """Holds a study while it runs; a second start is refused instead of waiting."""

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        self.lock = FileLock(folder.with_name(f".{folder.name}.lock"), timeout=0)

    def __enter__(self) -> None:
        try:
            self.lock.acquire()
        except Timeout as error:
            raise ProjectError(f"Study {self.name} is being run by another process. Do: wait for it.") from error

    def __exit__(self, *_: object) -> None:
        self.lock.release()


def _announce(study: StudyFile, folder: Path) -> None:
    """Write the resolved study file; results of a study that was asked otherwise no longer belong to it."""
    file, text = folder / "study.yaml", resolved_yaml(study)
    if file.exists() and file.read_text() != text:
        _discard(folder)
    file.write_text(text)


def _publish(draft: Path, folder: Path) -> None:
    """Put finished results in place of what is there, `results` last: it says that the study has ended."""
    _discard(folder)
    for name in ("models", "results"):
        (draft / name).rename(folder / name)
    shutil.rmtree(draft)


def _discard(folder: Path) -> None:
    for name in ("results", "models"):
        shutil.rmtree(folder / name, ignore_errors=True)


def _keep_tables(findings: Findings, results: Path) -> None:
    write_table_csv(findings.table, results / "figures.csv")
    write_table_json(findings.table, results / "figures.json")
    contrasts = [
        {
            "model": item.model,
            "other": item.other,
            "on": item.on,
            "decision": item.decision,
            **{name: _rounded(value) for name, value in vars(item.difference).items()},
        }
        for item in findings.contrasts
    ]
    (results / "contrasts.json").write_text(json.dumps(contrasts, indent=1) + "\n")


def _rounded(value: object) -> object:
    return float(f"{value:.9g}") if isinstance(value, float) else value


def _keep_models(outcome: StudyOutcome, samples: Samples, findings: Findings, folder: Path, store: RunStore) -> None:
    """A package of every model and depth: the fit on all training samples at the first seed."""
    plans = {plan.name: plan for plan in model_plans(outcome.study)}
    for stage in outcome.stages:
        if stage.seed != outcome.study.seeds[0]:
            continue
        plan = plans[stage.model]
        weights = load_source(plan, stage.seed)
        model = build_model(plan, weights, n_classes=len(outcome.task.codes), seed=stage.seed)
        state = {**model.state_dict(), **store.state(stage.final_run)}
        package = ModelPackage(
            name=f"{outcome.study.name}: {stage.title}",
            task=outcome.task,
            network=stage.network,
            size=plan.size or weights.contract.size,
            contract=weights.contract,
            recipe=study_recipe(outcome.study),
            lineage=_lineage(outcome.task, stage, samples, weights.licence),
            figures=_headlines(findings, stage.title),
            state=state,
        )
        write_package(package, folder / "models" / model_folder(stage))


def model_folder(stage: StageOutcome) -> str:
    """Name of a model's package folder."""
    return f"{stage.model}-depth-{stage.depth}"


def _lineage(task: Task, stage: StageOutcome, samples: Samples, licence: str) -> Lineage:
    start = Hop(what=stage.weights, weights_digest=stage.weights_digest, licence=licence)
    here = Hop(
        what=f"depth {stage.depth}, rate {stage.choice.rate:g}, {stage.choice.epoch} epochs",
        weights_digest=stage.final_run,
        data_digest=samples.digest,
        task=task.name,
    )
    return Lineage(hops=(start, here))


def _headlines(findings: Findings, title: str) -> dict[str, float]:
    rows = [row for row in findings.table if row.model.startswith(f"{title} [")]
    return {f"{HEADLINE} ({row.decision}) {row.model[len(title) + 1 :]}": row.figures[HEADLINE].value for row in rows}


def _summary(name: str, outcome: StudyOutcome, findings: Findings, samples: Samples) -> StudySummary:
    return StudySummary(
        name=name,
        subjects=len(set(samples.subjects.tolist())),
        images=len(samples),
        best=best_title(outcome),
        rows=tuple(
            StudyRow(
                model=row.model,
                decision=row.decision,
                macro_f1=row.figures["macro_f1"],
                accuracy=row.figures["accuracy"],
            )
            for row in findings.table
        ),
        folder=f"studies/{name}",
    )
