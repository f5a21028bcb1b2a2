"""Run a study in a project, or what is missing of it."""

import json
import shutil
from pathlib import Path

from filelock import Timeout

from medgraft.core.errors import ProjectError
from medgraft.core.progress import Progress, Report, silent
from medgraft.evaluation import write_table_csv, write_table_json
from medgraft.study import (
    Compute,
    Estimate,
    Findings,
    RunStore,
    StudyFile,
    StudyOutcome,
    estimate_study,
    find,
    read_outcome,
    resolved_yaml,
    run_study,
    write_outcome,
)
from medgraft.workspace.executor import open_executor
from medgraft.workspace.machines import IN_THIS_PROCESS, Machines
from medgraft.workspace.project import Project
from medgraft.workspace.study_list import study_states
from medgraft.workspace.study_lock import study_lock
from medgraft.workspace.study_models import keep_models
from medgraft.workspace.study_progress import kept_progress
from medgraft.workspace.study_samples import image_reader, project_samples
from medgraft.workspace.study_summary import StudySummary, study_summary

#: Also what callers pass in and get back.
__all__ = [
    "Estimate",
    "Machines",
    "StudyFile",
    "StudySummary",
    "plan_study",
    "show_study",
    "start_study",
    "study_outcome",
]


def start_study(
    project: Project,
    study: StudyFile,
    *,
    machines: Machines = IN_THIS_PROCESS,
    checkpoint_seconds: float = 30.0,
    report: Report = silent,
) -> StudySummary:
    """Run a study and evaluate it; what an earlier start finished is not done again.

    Results are under `studies/<name>/`: the resolved study file, curves and predictions per stage, tables, and a model
    package per model and depth (of the first seed). They are whole or absent. While it runs, `study_progress` tells
    how far it is, whoever asks.

    Args:
        project: where images and labels are.
        study: what to compare and how.
        machines: where to compute; in this process by default.
        checkpoint_seconds: a training in progress is saved at most this often.
        report: told of every trial and epoch.

    Raises:
        InputError: nothing labelled, too few subjects, unknown names. WeightsError: weights are missing.
        ProjectError: the study is running already.
    """
    samples = project_samples(project, study.task, study.reader)
    folder = project.studies / study.name
    folder.mkdir(parents=True, exist_ok=True)
    store = RunStore(root=project.runs)
    with _only_once(folder), kept_progress(folder, report, machines) as tell, project.cohort() as cohort:
        _announce(study, folder)
        with open_executor(machines, project, checkpoint_seconds) as executor:
            outcome = run_study(study, samples, image_reader(cohort), executor, store, report=tell)
        findings = find(outcome)
        draft = folder / "draft"
        shutil.rmtree(draft, ignore_errors=True)
        write_outcome(outcome, draft)
        _keep_tables(findings, draft / "results")
        keep_models(outcome, samples, findings, draft / "models", store)
        _publish(draft, folder)
    report(Progress(stage="results", done=1, total=1))
    return study_summary(outcome, findings)


def plan_study(project: Project, study: StudyFile) -> Estimate:
    """What a study would do, how long it may take and what disk it needs, from a few measured passes."""
    samples = project_samples(project, study.task, study.reader)
    with project.cohort() as cohort:
        return estimate_study(study, samples, image_reader(cohort), Compute().prepare())


def study_outcome(project: Project, name: str) -> StudyOutcome:
    """The results of a finished study. Raises `ProjectError` if there is none of that name."""
    folder = project.studies / name
    if not folder.is_dir():
        names = ", ".join(state.name for state in study_states(project)) or "none"
        raise ProjectError(f"Expected a study of this project, got {name!r}. Available: {names}.")
    with project.labels() as store:
        return read_outcome(folder, store.task)


def show_study(project: Project, name: str) -> StudySummary:
    """The figures of a finished study. Raises `ProjectError` if there is none of that name."""
    outcome = study_outcome(project, name)
    return study_summary(outcome, find(outcome))


class _only_once:  # noqa: N801 (read as a phrase: with _only_once(folder))
    """Holds a study while it runs; a second start is refused instead of waiting."""

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        # A moment, for `is_running` holds the lock for a moment.
        self.lock = study_lock(folder, timeout=1)

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
