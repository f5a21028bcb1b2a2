"""Model packages of a study: one per model and depth."""

from pathlib import Path

from medgraft.core.lineage import Hop, Lineage
from medgraft.core.predictions import HEADLINE
from medgraft.core.task import Task
from medgraft.exchange import Training
from medgraft.exchange.package import ModelPackage, write_package
from medgraft.exchange.tensors import tensors_digest
from medgraft.networks import spec
from medgraft.samples import Samples
from medgraft.study import Findings, RunStore, StageOutcome, StudyOutcome, model_plans
from medgraft.study.graft import build_model
from medgraft.study.staging import load_source
from medgraft.study.study_data import study_recipe
from medgraft.workspace.kept.outcomes import model_folder


def keep_models(outcome: StudyOutcome, samples: Samples, findings: Findings, folder: Path, store: RunStore) -> None:
    """Write a package of every model and depth under a folder: the fit on all training samples at the first seed."""
    plans = {plan.name: plan for plan in model_plans(outcome.study)}
    trained_on = _trained_on(outcome, samples)
    lineages: dict[str, Lineage] = {}
    for stage in outcome.stages:
        if stage.seed != outcome.study.seeds[0]:
            continue
        plan = plans[stage.model]
        weights = load_source(plan, stage.seed)
        model = build_model(plan, weights, n_classes=len(outcome.task.codes), seed=stage.seed)
        state = {**model.state_dict(), **store.state(stage.final_run)}
        first = Hop(what=stage.weights, weights_digest=stage.weights_digest, licence=weights.licence)
        before = lineages.get(stage.model, weights.lineage.then(first))
        lineages[stage.model] = before.then(_hop(outcome.task, stage, samples, tensors_digest(state)))
        name = f"{outcome.study.name}: {stage.title}"
        package = ModelPackage(
            name=name,
            task=outcome.task,
            network=stage.network,
            size=plan.size or weights.contract.size,
            contract=weights.contract,
            recipe=study_recipe(outcome.study),
            lineage=lineages[stage.model],
            figures=_headlines(findings, stage.title),
            state=state,
            seen=weights.seen.then(Training(name=name, stacks=trained_on)),
        )
        write_package(package, folder / model_folder(stage))


def _trained_on(outcome: StudyOutcome, samples: Samples) -> tuple[str, ...]:
    """The stacks that final fits saw: all but those of the test."""
    test = outcome.study.test
    seen = samples.without_split(test.split) if test else samples
    return tuple(sorted({item.unit.stack for item in seen.items}))


def _hop(task: Task, stage: StageOutcome, samples: Samples, weights_digest: str) -> Hop:
    return Hop(
        what=f"depth {stage.depth}, rate {stage.choice.rate:g}, {stage.choice.epoch} epochs",
        weights_digest=weights_digest,
        data_digest=samples.digest,
        task=task.name,
        stages=spec(stage.network).trainable_stages(stage.depth),
        result={"validation loss": stage.choice.value},
    )


def _headlines(findings: Findings, title: str) -> dict[str, float]:
    rows = [row for row in findings.table if row.model.startswith(f"{title} [")]
    return {f"{HEADLINE} ({row.decision}) {row.model[len(title) + 1 :]}": row.figures[HEADLINE].value for row in rows}
