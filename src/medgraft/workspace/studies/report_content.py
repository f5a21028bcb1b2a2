"""What the report of a study says: its outcome and findings as the tables and figures of the page."""

from collections.abc import Mapping

import numpy as np

from medgraft.core.lineage import Lineage
from medgraft.decoding import decode
from medgraft.evaluation import Interval, ResultRow
from medgraft.networks import NetworkSpec, spec
from medgraft.networks.model import build_base
from medgraft.report import (
    Comparison,
    FoldCurves,
    MinutesRow,
    ModelResult,
    NetworkRow,
    SplitCounts,
    StudyContent,
)
from medgraft.study import Answered, RunStore, StageOutcome, StudyOutcome, find, model_plans, resolved_yaml
from medgraft.study.findings import best_title
from medgraft.workspace.studies.pictures import ModelPictures

_CHOSEN_BY = (
    "the lowest class-balanced validation cross-entropy at the chosen rate and epoch, averaged over folds and seeds"
)


def report_content(
    outcome: StudyOutcome,
    *,
    lineage: Mapping[str, Lineage],
    pictures: Mapping[str, ModelPictures],
    store: RunStore,
    warnings: tuple[str, ...],
    created_note: str,
) -> StudyContent:
    """Everything the report of a study says.

    Args:
        outcome: of the study.
        lineage: of the models, by title.
        pictures: of some models, by title.
        store: where the study's runs are.
        warnings: what the reader should know besides what the outcome itself shows.
        created_note: one line under the title.
    """
    findings = find(outcome)
    sizes = {plan.name: plan.size for plan in model_plans(outcome.study)}
    on = findings.answered[0].on
    rows = {(row.model, row.decision): row for row in findings.table}
    results = [
        _result(item, outcome, rows, pictures.get(item.title) if item.on == on else None) for item in findings.answered
    ]
    here = [(item, result) for item, result in zip(findings.answered, results, strict=True) if item.on == on]
    return StudyContent(
        title=f"Study {outcome.study.name}",
        created_note=created_note,
        task=outcome.task,
        settings=resolved_yaml(outcome.study),
        splits=_splits(outcome),
        networks=tuple(_network(stages[0], sizes[stages[0].model]) for stages in outcome.by_title().values()),
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
        warnings=(*_warnings(outcome), *warnings),
        lineage={_name(title): hops for title, hops in lineage.items()},
        digests={
            "samples": next(iter(lineage.values())).hops[-1].data_digest[:16],
            "final runs": ", ".join(stage.final_run[:12] for stage in outcome.stages),
        },
    )


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


def _splits(outcome: StudyOutcome) -> tuple[SplitCounts, ...]:
    """What the study trained on and what it held out, whatever splits the images were imported with."""
    stage = outcome.stages[0]
    parts = {"cross-validation": stage.out_of_fold, "test": stage.test}
    return tuple(
        SplitCounts(
            split=split,
            n_subjects=len(np.unique(rows.subject)),
            images=tuple(np.bincount(rows.y_true, minlength=len(rows.classes)).tolist()),
        )
        for split, rows in parts.items()
        if rows is not None
    )


def _network(stage: StageOutcome, size: int | None) -> NetworkRow:
    """Facts of a network; `size` as the study asked for it, None for the weights' own."""
    facts = spec(stage.network)
    return NetworkRow(
        name=_name(stage.title),
        title=facts.title,
        parameters=_n_parameters(facts),
        features=facts.features,
        imagenet_accuracy=None if facts.top1 is None else facts.top1 / 100,
        input_size=size or facts.contract.size,
        licence="" if stage.weights == "random" else facts.licence,
        weights_origin=stage.weights,
    )


def _n_parameters(facts: NetworkSpec) -> int:
    """As published, classifier included; counted without a head where nobody published it."""
    if facts.parameters is not None:
        return round(facts.parameters * 1e6)
    return sum(parameter.numel() for parameter in build_base(facts).parameters())


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


def _warnings(outcome: StudyOutcome) -> tuple[str, ...]:
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
    found += [f"Not in the tables, because its training diverged: {item.text}." for item in outcome.lost]
    first, *others = outcome.study.seeds
    if others:
        found.append(
            f"Figures with intervals are means over the seeds {', '.join(map(str, outcome.study.seeds))}; confusion "
            f"matrices, curves, chosen rates and epochs, minutes, maps and Grad-CAM are those of seed {first}."
        )
    return tuple(found)
