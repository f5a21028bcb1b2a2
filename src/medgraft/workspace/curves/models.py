"""The models that a learning curve keeps: packages with everything that is known of them when it ends."""

import math
from pathlib import Path

from medgraft.core.counted import counted
from medgraft.core.lineage import Hop, Lineage
from medgraft.exchange import Seen, Training
from medgraft.exchange.package import ModelPackage, write_package
from medgraft.exchange.tensors import tensors_digest
from medgraft.networks import spec
from medgraft.samples import MaskedSamples
from medgraft.study import RunStore
from medgraft.study.curve import CurveOutcome, CurvePoint, Verdict
from medgraft.study.curve.contrasts import dice_of_draw
from medgraft.workspace.kept.packages import LOWER, SUBJECTS, UPPER


def keep_models(
    outcome: CurveOutcome,
    samples: MaskedSamples,
    package: ModelPackage | None,
    folder: Path,
    store: RunStore,
    *,
    advised: Verdict,
) -> None:
    """A package of each arm's first draw at its largest size, and of the one that the verdict names."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = {(arm, outcome.sizes[-1]) for arm in outcome.arms} | {(advised.arm, advised.size)}
    for point in outcome.points:
        if point.draw == 0 and (point.arm, point.size) in kept:
            write_package(_package(outcome, point, samples, package, store), folder / f"{point.arm}-{point.size}")


def _package(
    outcome: CurveOutcome, point: CurvePoint, samples: MaskedSamples, package: ModelPackage | None, store: RunStore
) -> ModelPackage:
    curve = outcome.curve
    before, seen = Lineage(), Seen()
    if package and curve.arms[point.arm].start == "package":
        before, seen = package.lineage, package.seen
    which = f"{point.arm}, {counted(point.size, 'subject')}"
    state = store.state(point.run)
    figures = _figures(outcome, point)
    hop = Hop(
        what=f"{which}, rate {point.rate:g}, epoch {point.epoch}, chosen on "
        f"{counted(outcome.n_subjects['validation'], 'subject')}",
        weights_digest=tensors_digest(state),
        data_digest=samples.digest,
        task=outcome.task.name,
        stages=spec(outcome.network).trainable_stages(curve.arms[point.arm].depth),
        result=figures,
    )
    name = f"{curve.name}: {which}"
    stacks = tuple(sorted(store.read(point.run).facts["stacks"]))
    return ModelPackage(
        name=name,
        task=outcome.task,
        network=outcome.network,
        recipe=curve.recipe,
        lineage=before.then(hop),
        figures=figures,
        state=state,
        seen=seen.then(Training(name=name, stacks=stacks, chosen_on=outcome.chosen_on)),
    )


def _figures(outcome: CurveOutcome, point: CurvePoint) -> dict[str, float]:
    """What the model itself came to, not the mean over draws; what is not defined is left out."""
    test = dice_of_draw(outcome, point)
    figures = {
        "validation Dice": float("nan") if point.validation is None else point.validation,
        "test Dice": test.value,
        f"test Dice{LOWER}": test.low,
        f"test Dice{UPPER}": test.high,
        SUBJECTS: len({figure.subject for figure in point.test}),
    }
    return {name: value for name, value in figures.items() if math.isfinite(value)}
