"""What a study would do, how long it may take and how much disk it needs, measured on a few passes."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from medgraft.core.errors import WeightsError
from medgraft.networks.freezing import freeze
from medgraft.samples import Samples
from medgraft.study.graft import ROWS_PER_PREDICTION, build_model
from medgraft.study.grid import ModelPlan, model_plans
from medgraft.study.study_data import ReadImage, StudyData, study_data
from medgraft.study.study_file import Depth, StageEntry, StudyFile
from medgraft.training import Batch, Plan, fit
from medgraft.transfer import Random, cache_bytes, parse_source, split_at_frontier, would_load

_PROBE_ROWS = 16
#: Standard deviation of frozen features that a head can learn from at the usual rates.
_LEARNABLE = (1e-3, 1e3)


@dataclass(frozen=True, kw_only=True)
class StageEstimate:
    """One stage of one model at one seed.

    trainings: tries, the final fit, and the folds' models for the next stage. updates: at most. cache_bytes: of its
    frozen features. seconds: about; features and trainings. cut: whether frozen features are cached.
    warning: why this stage cannot be expected to start or to learn, or what of its weights stays at random; "" if
    nothing is known against it.
    """

    model: str
    depth: Depth
    trainings: int
    updates: int
    cache_bytes: int
    seconds: float
    cut: bool
    warning: str = ""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A study before it is run. n_rows: pictures per network, plain and augmented, at one seed."""

    n_subjects: int
    n_samples: int
    n_test: int
    n_seeds: int
    n_rows: int
    stages: tuple[StageEstimate, ...]

    @property
    def seconds(self) -> float:
        """About how long the whole study takes, all seeds."""
        return self.n_seeds * sum(stage.seconds for stage in self.stages)


def estimate_study(study: StudyFile, samples: Samples, read: ReadImage, device: torch.device) -> Estimate:
    """Measure a few passes of every network with random weights (time does not depend on their values).

    Raises what `run_study` raises before training; weights that are missing or do not fit are a warning.
    """
    data = study_data(study, samples, read, study.seeds[0])
    stages = [
        _stage(plan, stage, study, data, device, last=index + 1 == len(plan.stages))
        for plan in model_plans(study)
        for index, stage in enumerate(plan.stages)
    ]
    return Estimate(
        n_subjects=len(np.unique(samples.subjects)),
        n_samples=len(samples),
        n_test=len(data.test),
        n_seeds=len(study.seeds),
        n_rows=int(data.row_starts[-1]),
        stages=tuple(stages),
    )


def _stage(
    plan: ModelPlan, stage: StageEntry, study: StudyFile, data: StudyData, device: torch.device, *, last: bool
) -> StageEstimate:
    probe = _probe(plan, stage.depth, study, data, device)
    per_epoch = [-(-int(data.copies[fold.train].sum()) // study.batch_size) for fold in data.folds]
    tries = len(stage.rates) * stage.epochs * sum(per_epoch)
    final = stage.epochs * -(-int(data.copies[data.training].sum()) // study.batch_size)
    between = 0 if last or study.staging == "paper" else stage.epochs * sum(per_epoch)
    updates = tries + final + between
    scored = len(stage.rates) * stage.epochs * len(data.training) / ROWS_PER_PREDICTION
    rows = int(data.row_starts[-1])
    return StageEstimate(
        model=plan.name,
        depth=stage.depth,
        trainings=len(stage.rates) * len(data.folds) + 1 + (len(data.folds) if between else 0),
        updates=updates,
        cache_bytes=probe.row_bytes * rows,
        seconds=probe.per_row * rows + probe.per_update * (updates + scored),
        cut=probe.cut,
        warning=_unlearnable(plan, probe) or _unfilled(plan),
    )


@dataclass(frozen=True, kw_only=True)
class _Probe:
    """Seconds per row and per update, bytes per row, whether there is a cut, and how frozen features vary."""

    per_row: float
    per_update: float
    row_bytes: int
    cut: bool
    spread: float


def _probe(plan: ModelPlan, depth: Depth, study: StudyFile, data: StudyData, device: torch.device) -> _Probe:
    """A few passes with random weights."""
    weights = Random(key=0).load(plan.spec)
    model = build_model(plan, weights, n_classes=len(data.task.codes), seed=0)
    freeze(model, depth)
    model.to(device).train()
    size = plan.size or weights.contract.size
    image = data.read(data.samples.items[0].unit)
    pictures = data.recipe.render(image, size, np.zeros((_PROBE_ROWS, len(data.recipe.augment)))).to(device)
    split = split_at_frontier(model, pictures[:2])
    values = split.frontier(pictures)
    per_row = _seconds(lambda: split.frontier(pictures), device) / _PROBE_ROWS
    rows = torch.arange(study.batch_size) % _PROBE_ROWS
    batch = Batch(inputs=tuple(v[rows] for v in values), targets=torch.zeros(len(rows), dtype=torch.long).to(device))
    training = Plan(rate=1e-6, epochs=1, batch_size=study.batch_size)
    updates = _seconds(lambda: fit(model, lambda _: [batch] * 3, training, key=(0,), forward=split.suffix), device)
    return _Probe(
        per_row=per_row,
        per_update=updates / 3,
        row_bytes=cache_bytes([v.shape[1:] for v in values], 1, study.cache.dtype),
        cut=split.prefix is not None,
        spread=max(float(v.std()) for v in values),
    )


def _unlearnable(plan: ModelPlan, probe: _Probe) -> str:
    """Frozen random networks may answer with next to nothing, or with next to infinity: their norms know no data."""
    if plan.weights != "random" or not probe.cut or _LEARNABLE[0] <= probe.spread <= _LEARNABLE[1]:
        return ""
    return f"frozen random features of {plan.network} spread by {probe.spread:.0e}: nothing can be learnt from them"


def _unfilled(plan: ModelPlan) -> str:
    """What is wrong with weights that lie on this machine; those from elsewhere are not fetched for a plan."""
    if not plan.weights.startswith(("file:", "package:")):
        return ""
    try:
        weights = parse_source(plan.weights).load(plan.spec)
        loaded = would_load(plan.spec, weights, partial=plan.partial)
    except WeightsError as error:
        return f"{plan.name} cannot start: {error}"
    return f"{plan.name}: {loaded.text}" if loaded.missing else ""


def _seconds(work: Callable[[], object], device: torch.device) -> float:
    """The time of the second of two runs, until its numbers are there; the first warms up."""
    for _ in range(2):
        started = time.perf_counter()
        work()
        if device.type != "cpu":
            torch.accelerator.synchronize(device)
    return time.perf_counter() - started
