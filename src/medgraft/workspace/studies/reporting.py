"""The report of a finished study: figures, tables and pictures in one page."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from medgraft import __version__
from medgraft.core.files import AnyPath
from medgraft.core.progress import Progress, Report, silent
from medgraft.exchange import PackageFacts, Seen, read_facts
from medgraft.exchange.package import read_package
from medgraft.report import PlainRows, WrittenReport, write_report
from medgraft.samples import Samples
from medgraft.study import RunStore, StageOutcome, StudyOutcome
from medgraft.workspace.kept.outcomes import model_folder, study_outcome
from medgraft.workspace.kept.unknown_trainings import unknown_trainings
from medgraft.workspace.project import Project
from medgraft.workspace.studies.pictures import ModelPictures, model_pictures
from medgraft.workspace.studies.report_content import report_content
from medgraft.workspace.studies.samples import image_reader, project_samples

#: Maps and Grad-CAM are drawn for at most this many models: the best and the worst by validation loss, as in the paper.
_PICTURED = 4

_CHANGED = (
    "Labels or images of the project have changed since this study was run. Figures are of the study as it was run; "
    "maps and Grad-CAM are left out. Run the study again for the labels as they are now."
)


@dataclass(frozen=True, kw_only=True)
class ReportMade:
    """The report of a study or a learning curve.

    page: the HTML file. files: that one, pictures and tables, seen from its folder. findings, cautions: what the page
    says, in its order; of a learning curve the verdict comes first. tables: every figure of the page, rows by table.
    """

    study: str
    page: str
    files: tuple[str, ...]
    findings: tuple[str, ...]
    cautions: tuple[str, ...]
    tables: Mapping[str, PlainRows]


def report_study(
    project: Project, name: str, *, folder: AnyPath | None = None, now: datetime | None = None, report: Report = silent
) -> ReportMade:
    """Write the report of a finished study.

    Args:
        project: where the study is.
        name: of the study.
        folder: where to write; `studies/<name>/report` by default.
        now: the time to put on the page; the present by default.
        report: told after every picture.

    Raises:
        ProjectError: no such study, or it has not ended. WeightsError: a model of it is gone or damaged.
    """
    outcome = study_outcome(project, name)
    samples = project_samples(project, outcome.study.task, outcome.study.reader)
    models = _models(project, outcome)
    changed = any(facts.lineage.hops[-1].data_digest != samples.digest for facts in models.values())
    content = report_content(
        outcome,
        lineage={title: facts.lineage for title, facts in models.items()},
        pictures={} if changed else _pictures(project, outcome, samples, report),
        store=RunStore(root=project.runs),
        warnings=(
            *_of_unknown_trainings(project, models.values()),
            *((_CHANGED,) if changed else samples.left_out_sentences),
        ),
        created_note=f"{now or datetime.now(UTC):%d %B %Y}, medgraft {__version__}",
    )
    return report_made(name, write_report(content, Path(folder or project.studies / name / "report")))


def report_made(name: str, written: WrittenReport) -> ReportMade:
    """What was written of the study or learning curve of a name."""
    return ReportMade(study=name, **{**vars(written), "page": str(written.page)})


def _pictures(project: Project, outcome: StudyOutcome, samples: Samples, report: Report) -> dict[str, ModelPictures]:
    first = [stage for stage in outcome.stages if stage.seed == outcome.study.seeds[0]]
    ranked = sorted(first, key=lambda stage: stage.choice.value)
    half = _PICTURED // 2
    chosen = ranked if len(ranked) <= _PICTURED else [*ranked[:half], *ranked[-half:]]
    pictures = {}
    with project.cohort() as cohort:
        read = image_reader(cohort)
        for index, stage in enumerate(chosen):
            package = read_package(_package(project, outcome, stage))
            answered = stage.test if stage.test is not None else stage.out_of_fold
            pictures[stage.title] = model_pictures(package, answered, samples, read, seed=stage.seed)
            report(Progress(stage="pictures", done=index + 1, total=len(chosen), detail=stage.title))
    return pictures


def _models(project: Project, outcome: StudyOutcome) -> dict[str, PackageFacts]:
    """What every model says of itself, by title: of the first seed, whose models are kept."""
    first = [stage for stage in outcome.stages if stage.seed == outcome.study.seeds[0]]
    return {stage.title: read_facts(_package(project, outcome, stage)) for stage in first}


def _of_unknown_trainings(project: Project, models: Iterable[PackageFacts]) -> Iterator[str]:
    """A warning of trainings before those of the study of which nobody knows whether they saw its subjects."""
    with project.cohort() as cohort:
        unknown = {
            training
            for facts in models
            for training in unknown_trainings(Seen(trainings=facts.seen.trainings[:-1]), cohort)
        }
    if unknown:
        yield (
            "Whether weights that models start from have seen subjects of this study is not known, and figures are too "
            f"good if they have: they bring no hashes of {', '.join(sorted(unknown))}."
        )


def _package(project: Project, outcome: StudyOutcome, stage: StageOutcome) -> Path:
    return project.studies / outcome.study.name / "models" / model_folder(stage)
