"""Run a study in a project, or what is missing of it."""

import json
from pathlib import Path

from medgraft.core.errors import InputError
from medgraft.core.progress import Progress, Report, silent
from medgraft.evaluation import write_table_csv, write_table_json
from medgraft.exchange import opened_package, read_facts
from medgraft.samples import Samples
from medgraft.study import (
    Compute,
    Estimate,
    Findings,
    StudyFile,
    estimate_study,
    find,
    model_plans,
    resolved_yaml,
    run_study,
    write_outcome,
)
from medgraft.workspace.kept.asked_runs import AskedRuns
from medgraft.workspace.kept.machines import IN_THIS_PROCESS, Machines
from medgraft.workspace.kept.outcomes import study_outcome
from medgraft.workspace.kept.progress import kept_progress
from medgraft.workspace.kept.results_folder import announce, claimed, fresh_draft, only_once, publish
from medgraft.workspace.kept.study_list import STUDY_FILE
from medgraft.workspace.project import Project
from medgraft.workspace.studies.executor import open_executor
from medgraft.workspace.studies.models import keep_models
from medgraft.workspace.studies.samples import image_reader, project_samples
from medgraft.workspace.studies.summary import StudySummary, study_summary

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
        InputError: nothing labelled, too few subjects, unknown names, subjects that a package it starts from has seen
        at any site, a name that a learning curve has, machines that are not there. WeightsError: weights are missing.
        ProjectError: the study is running already.
    """
    samples = project_samples(project, study.task, study.reader)
    _check_unseen(project, study, samples, report)
    with (
        open_executor(machines, project, checkpoint_seconds) as executor,
        only_once(claimed(project.studies / study.name, project.curves / study.name)) as folder,
        kept_progress(folder, report, machines) as tell,
        project.cohort() as cohort,
    ):
        announce(folder / STUDY_FILE, resolved_yaml(study))
        store = AskedRuns(root=project.runs, by=folder)
        outcome = run_study(study, samples, image_reader(cohort), executor, store, report=tell)
        findings = find(outcome)
        draft = fresh_draft(folder)
        write_outcome(outcome, draft)
        _keep_tables(findings, draft / "results")
        keep_models(outcome, samples, findings, draft / "models", store)
        publish(draft, folder)
    report(Progress(stage="results", done=1, total=1))
    return study_summary(outcome, findings)


def plan_study(project: Project, study: StudyFile) -> Estimate:
    """What a study would do, how long it may take and what disk it needs, from a few measured passes.

    Raises what `start_study` raises before training, apart from names, machines and weights that are not there.
    """
    samples = project_samples(project, study.task, study.reader)
    _check_unseen(project, study, samples)
    with project.cohort() as cohort:
        return estimate_study(study, samples, image_reader(cohort), Compute().prepare())


def show_study(project: Project, name: str) -> StudySummary:
    """The figures of a finished study. Raises `ProjectError` if there is none of that name."""
    outcome = study_outcome(project, name)
    return study_summary(outcome, find(outcome))


def _check_unseen(project: Project, study: StudyFile, samples: Samples, report: Report = silent) -> None:
    """Every subject of a study is validated or tested: with weights that know some, memory would be measured."""
    with project.cohort() as cohort:
        subject_of = cohort.subject_of_stacks({item.subject for item in samples.items})
    sources = (plan.weights.partition(":") for plan in model_plans(study))
    for package in sorted({place for kind, _, place in sources if kind == "package"}):
        with opened_package(Path(package)) as folder:
            facts = read_facts(folder)
        if known := sorted(facts.seen.of_stacks(subject_of, report)):
            raise InputError(
                f"Expected subjects that {facts.name} was not trained on, as each is validated or tested here, got "
                f"{', '.join(known[:5])}. Do: start from it with other subjects only, in a project of their own. Other "
                "people under the same running numbers need ids of their own (medgraft import --pseudonym-key)."
            )


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
