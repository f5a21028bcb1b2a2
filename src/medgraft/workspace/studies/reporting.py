"""The report of a finished study: figures, tables and pictures in one page."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from medgraft import __version__
from medgraft.core.lineage import Lineage
from medgraft.core.progress import Progress, Report, silent
from medgraft.exchange.package import read_package
from medgraft.report import write_report
from medgraft.samples import Samples
from medgraft.study import RunStore, StageOutcome, StudyOutcome
from medgraft.workspace.kept.outcomes import model_folder, study_outcome
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
    """Where the report is. page: the HTML file; pictures and tables lie beside it."""

    study: str
    page: str


def report_study(
    project: Project, name: str, *, folder: Path | None = None, now: datetime | None = None, report: Report = silent
) -> ReportMade:
    """Write the report of a finished study.

    Args:
        project: where the study is.
        name: of the study.
        folder: where to write; `studies/<name>/report` by default.
        now: the time to put on the page; the present by default.
        report: told after every picture.

    Raises:
        ProjectError: no such study, or it has not ended.
    """
    outcome = study_outcome(project, name)
    samples = project_samples(project, outcome.study.task, outcome.study.reader)
    lineage = _lineage(project, outcome)
    changed = any(hops.hops[-1].data_digest != samples.digest for hops in lineage.values())
    content = report_content(
        outcome,
        lineage=lineage,
        pictures={} if changed else _pictures(project, outcome, samples, report),
        store=RunStore(root=project.runs),
        warnings=(_CHANGED,) if changed else _left_out(samples),
        created_note=f"{now or datetime.now(UTC):%d %B %Y}, medgraft {__version__}",
    )
    page = write_report(content, folder or project.studies / name / "report")
    return ReportMade(study=name, page=str(page))


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


def _lineage(project: Project, outcome: StudyOutcome) -> dict[str, Lineage]:
    """Of every model, by title: of the first seed, whose models are kept."""
    first = [stage for stage in outcome.stages if stage.seed == outcome.study.seeds[0]]
    return {stage.title: read_package(_package(project, outcome, stage)).lineage for stage in first}


def _left_out(samples: Samples) -> tuple[str, ...]:
    return tuple(f"Left out: {item.count} ({item.reason}), for example {item.example}." for item in samples.dropped)


def _package(project: Project, outcome: StudyOutcome, stage: StageOutcome) -> Path:
    return project.studies / outcome.study.name / "models" / model_folder(stage)
