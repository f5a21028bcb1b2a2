"""The report of a finished study: figures, tables and pictures in one page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from medgraft import __version__
from medgraft.core.progress import Progress, Report, silent
from medgraft.decoding import decode
from medgraft.evaluation import Interval, ResultRow
from medgraft.exchange import read_package
from medgraft.networks import spec
from medgraft.report import (
    Comparison,
    FoldCurves,
    MinutesRow,
    ModelResult,
    NetworkRow,
    SplitCounts,
    StudyContent,
    write_report,
)
from medgraft.samples import Samples
from medgraft.study import Answered, RunStore, StageOutcome, StudyOutcome, find, resolved_yaml
from medgraft.study.findings import best_title
from medgraft.workspace.model_pictures import ModelPictures, model_pictures
from medgraft.workspace.project import Project
from medgraft.workspace.study_samples import image_reader, project_samples
from medgraft.workspace.studying import model_folder, study_outcome

#: Maps and Grad-CAM are drawn for at most this many models: the best and the worst by validation loss, as in the paper.
_PICTURED = 4

_CHOSEN_BY = (
    "the lowest class-balanced validation cross-entropy at the chosen rate and epoch, averaged over folds and seeds"
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
    place = project.studies / name
    pictures = _pictures(project, outcome, samples, report)
    content = _content(project, outcome, samples, pictures, now or datetime.now(UTC))
    page = write_report(content, folder or place / "report")
    return ReportMade(study=name, page=str(page))


def _content(
    project: Project, outcome: StudyOutcome, samples: Samples, pictures: Mapping[str, ModelPictures], now: datetime
) -> StudyContent:
    findings = find(outcome)
    on = findings.answered[0].on
    rows = {(row.model, row.decision): row for row in findings.table}
    results = [
        _result(item, outcome, rows, pictures.get(item.title) if item.on == on else None) for item in findings.answered
    ]
    here = [(item, result) for item, result in zip(findings.answered, results, strict=True) if item.on == on]
    store = RunStore(root=project.runs)
    return StudyContent(
        title=f"Study {outcome.study.name}",
        created_note=f"{now:%d %B %Y}, medgraft {__version__}",
        task=outcome.task,
        settings=resolved_yaml(outcome.study),
        splits=_splits(samples),
        networks=tuple(_network(stages[0]) for stages in outcome.by_title().values()),
        results=tuple(result for item, result in here if not item.is_baseline),
        baselines=tuple(result for item, result in here if item.is_baseline),
        cross_validation=tuple(
            result for item, result in zip(findings.answered, results, strict=True) if item.on != on
        ),
        comparisons=tuple(
            Comparison(model=_name(item.model), other=_name(item.other), difference=item.difference)
            for item in findings.contrasts
            if item.on == on and item.decision == _decision(outcome)
        ),
        chosen=_name(best_title(outcome)),
        chosen_by=_CHOSEN_BY,
        rate=_common_rate(outcome),
        minutes=tuple(_minutes(stage, store) for stage in outcome.stages if stage.seed == outcome.study.seeds[0]),
        warnings=_warnings(outcome, samples),
        lineage={
            _name(stage.title): read_package(_package(project, outcome, stage)).lineage
            for stage in outcome.stages
            if stage.seed == outcome.study.seeds[0]
        },
        digests={"samples": samples.digest[:16], "final runs": ", ".join(s.final_run[:12] for s in outcome.stages)},
    )


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


def _package(project: Project, outcome: StudyOutcome, stage: StageOutcome) -> Path:
    return project.studies / outcome.study.name / "models" / model_folder(stage)


def _result(
    item: Answered,
    outcome: StudyOutcome,
    rows: Mapping[tuple[str, str], ResultRow],
    pictures: ModelPictures | None,
) -> ModelResult:
    """One model or baseline; predictions are those of the first seed, figures are over all seeds."""
    key = f"{item.title} [{item.on}]"
    joint = rows.get((key, "stack"))
    stage = None if item.is_baseline else outcome.by_title()[item.title][0]
    return ModelResult(
        name=_name(item.title),
        network=item.title if stage is None else _network_title(stage),
        depth=stage.depth if stage is not None and isinstance(stage.depth, int) else None,
        weights="" if stage is None else _kind_of_weights(stage),
        predictions=item.runs[0],
        metrics=_figures(rows[key, "argmax"]),
        decoded=decode(item.runs[0], outcome.task, "stack") if joint else None,
        decoded_metrics=_figures(joint) if joint else {},
        chosen_rate=stage.choice.rate if stage else None,
        chosen_epoch=stage.choice.epoch if stage else None,
        curves=_fold_curves(stage) if stage else None,
        embedding=pictures.embedding if pictures else None,
        cams=pictures.cams if pictures else (),
    )


def _network_title(stage: StageOutcome) -> str:
    """The network's usual name, or the one that the study file gave the model."""
    kind = _kind_of_weights(stage)
    return spec(stage.network).title if stage.model == f"{stage.network}-{kind}" else stage.model


def _kind_of_weights(stage: StageOutcome) -> str:
    return "random" if stage.weights == "random" else "pretrained"


def _figures(row: ResultRow) -> Mapping[str, Interval]:
    return row.figures


def _decision(outcome: StudyOutcome) -> str:
    return "stack" if outcome.task.along_stack else "argmax"


def _name(title: str) -> str:
    return title.replace(", depth ", "-depth-").replace(": ", "-").replace(" ", "-")


def _splits(samples: Samples) -> tuple[SplitCounts, ...]:
    counts = samples.counts()
    by_split: dict[str, list[Any]] = {}
    for count in counts:
        by_split.setdefault(count.split, []).append(count)
    people = {split: _n_subjects(samples, split) for split in by_split}
    return tuple(
        SplitCounts(
            split=split or "cross-validation", n_subjects=people[split], images=tuple(count.images for count in classes)
        )
        for split, classes in by_split.items()
    )


def _n_subjects(samples: Samples, split: str) -> int:
    return len({item.subject for item in samples.items if (item.split or "") == split})


def _network(stage: StageOutcome) -> NetworkRow:
    facts = spec(stage.network)
    return NetworkRow(
        name=_name(stage.title),
        title=facts.title,
        parameters=round((facts.parameters or 0) * 1e6),
        features=facts.features,
        imagenet_accuracy=None if facts.top1 is None else facts.top1 / 100,
        input_size=facts.size,
        licence="" if stage.weights == "random" else facts.licence,
        weights_origin=stage.weights,
    )


def _fold_curves(stage: StageOutcome) -> FoldCurves:
    curves = stage.curves
    return FoldCurves(
        rates=stage.rates,
        epochs=tuple(range(1, curves.train_loss.shape[2] + 1)),
        train_loss=curves.train_loss,
        val_loss=curves.validation_loss,
        val_accuracy=curves.validation_accuracy,
    )


def _common_rate(outcome: StudyOutcome) -> float | None:
    """The smallest rate that all models tried, as in the paper's Figure 3; None if they share none."""
    shared = set.intersection(*(set(stage.rates) for stage in outcome.stages))
    return min(shared) if shared else None


def _minutes(stage: StageOutcome, store: RunStore) -> MinutesRow:
    seconds = sum(store.seconds(run) for run in stage.runs)
    depth = stage.depth if isinstance(stage.depth, int) else len(spec(stage.network).stages)
    return MinutesRow(network=stage.model, depth=depth, minutes=seconds / 60, trials=len(stage.runs))


def _warnings(outcome: StudyOutcome, samples: Samples) -> tuple[str, ...]:
    found: list[str] = []
    if outcome.study.staging == "paper":
        found.append(
            "Staging follows the paper: from depth 1 on, every fold starts from a model that has seen the fold's own "
            "validation patients. Validation figures of those stages are too good."
        )
    if outcome.stages[0].test is None:
        found.append(
            "There is no held-out test set: rate and epoch were chosen on the same folds that are reported, so the "
            "figures are a little too good. Maps and Grad-CAM show the final model on images it was trained on."
        )
    found += [f"Left out: {item.count} ({item.reason}), for example {item.example}." for item in samples.dropped]
    return tuple(found)
