"""The order of a study: a grid over folds, a choice, a barrier, the next stage.

Nothing of a fold's validation patients reaches that fold's models: fold k of a stage starts from fold k's own model of
the stage before, at the rate and epoch chosen over all folds. That model is trained again for the chosen epochs, which
gives the very same weights (`training.fit`), so weights of every epoch need not be kept.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import MedgraftError
from medgraft.core.progress import Report, silent
from medgraft.evaluation import Choice, one_standard_error
from medgraft.samples import Samples
from medgraft.study.curves import Curves, grid_curves
from medgraft.study.executor import Executor
from medgraft.study.graft_trial import ALL_DATA, GraftTrial
from medgraft.study.grid import ModelPlan, model_plans
from medgraft.study.outcome import LostStage, StageOutcome, StudyOutcome
from medgraft.study.runs import Run, RunStore
from medgraft.study.schedule import Chain, run_chains
from medgraft.study.study_data import ReadImage, StudyData, study_data
from medgraft.study.study_file import StageEntry, StudyFile
from medgraft.training import Plan
from medgraft.transfer import Weights, parse_source, would_load


def run_study(
    study: StudyFile,
    samples: Samples,
    read: ReadImage,
    executor: Executor,
    store: RunStore,
    *,
    report: Report = silent,
) -> StudyOutcome:
    """Run a study, or what is missing of it. A model that diverges is lost; the others go on.

    Args:
        study: what to compare and how.
        samples: labelled units, held-out subjects included.
        read: the native grey slice (Y, X) of a unit.
        executor: where trials are done.
        store: where runs are kept; what is there is not done again.
        report: told of every trial and epoch.

    Raises:
        InputError: too few subjects, an unknown network or depth. WeightsError: weights are missing, or do not fill a
        network; this is found before anything is trained. MedgraftError: no model trained to its end at every seed.
    """
    plans = model_plans(study)
    weights = _starts(plans, study.seeds)
    chains = [
        _Chain(plan=plan, weights=weights[plan.name, seed], data=data, study=study, fold_parents=[""] * study.folds)
        for seed in study.seeds
        for data in [study_data(study, samples, read, seed)]
        for plan in plans
    ]
    results = run_chains([(chain.stages(), trials_of(chain.plan, study)) for chain in chains], executor, store, report)
    return _complete(study, samples, [stage for stages in results for stage in stages])


def _complete(study: StudyFile, samples: Samples, results: Sequence[StageOutcome | LostStage]) -> StudyOutcome:
    """The outcome without stages that were lost at another seed: a mean over fewer seeds would not compare."""
    stages = [result for result in results if isinstance(result, StageOutcome)]
    lost = tuple(result for result in results if isinstance(result, LostStage))
    ended = Counter(stage.title for stage in stages)
    kept = tuple(stage for stage in stages if ended[stage.title] == len(study.seeds))
    if not kept:
        reasons = "; ".join(item.text for item in lost)
        raise MedgraftError(f"Expected at least one model that trains, got none ({reasons}). Do lower the rates.")
    return StudyOutcome(study=study, task=samples.task, stages=kept, lost=lost)


def _starts(plans: Sequence[ModelPlan], seeds: Sequence[int]) -> dict[tuple[str, int], Weights]:
    """What each model starts with at each seed; only random weights differ by seed, others are in memory once."""
    load = cache(load_source)
    return {
        (plan.name, seed): load(plan, seed if plan.weights == "random" else seeds[0])
        for seed in seeds
        for plan in plans
    }


def load_source(plan: ModelPlan, seed: int) -> Weights:
    """What a model starts with; the origin of weights that fill but part of it says so.

    Raises `WeightsError` for weights that are missing, or do not fill the network although they should; `InputError`.
    """
    weights = parse_source(plan.weights, key=(seed, plan.network)).load(plan.spec)
    loaded = would_load(plan.spec, weights, partial=plan.partial)
    return replace(weights, origin=f"{weights.origin} ({loaded.filled})") if loaded.missing else weights


def trials_of(plan: ModelPlan, study: StudyFile) -> int:
    """How many trainings a model needs at one seed: the grids, the final fits, and the folds' models in between."""
    between = study.folds if study.staging == "per-fold" else 0
    grids = sum(len(stage.rates) * study.folds + 1 for stage in plan.stages)
    return grids + between * (len(plan.stages) - 1)


@dataclass(kw_only=True)
class _Chain:
    """One model at one seed going through its stages.

    fold_parents, final_parent: runs that the next stage starts from, "" before the first.
    """

    plan: ModelPlan
    weights: Weights
    data: StudyData
    study: StudyFile
    fold_parents: Sequence[str]
    final_parent: str = ""

    def stages(self) -> Chain[list[StageOutcome | LostStage]]:
        """The outcome of each stage, in order; later stages start from earlier ones, and a lost one is the last."""
        outcomes: list[StageOutcome | LostStage] = []
        for index, stage in enumerate(self.plan.stages):
            grid = self._by_rate(stage, (yield self._grid(stage)))
            curves = grid_curves(stage, self.data, grid)
            if not np.isfinite(curves.validation_loss).all(axis=1).any():
                return [*outcomes, self._lost(stage, "every rate diverged")]
            choice = one_standard_error(np.moveaxis(curves.validation_loss, 1, 2), stage.rates)
            (final,) = yield [self._final(stage, choice)]
            if _diverged(final):
                reason = f"the fit on all data diverged at the rate {choice.rate:g} that its folds chose"
                return [*outcomes, self._lost(stage, reason)]
            outcomes.append(self._outcome(stage, curves, choice, grid, final))
            if index + 1 < len(self.plan.stages):
                self.final_parent = final.identity
                parents = (
                    [final] * self.study.folds
                    if self.study.staging == "paper"
                    else (yield self._fold_fits(stage, choice))
                )
                self.fold_parents = [run.identity for run in parents]
        return outcomes

    def _grid(self, stage: StageEntry) -> list[GraftTrial]:
        """Trials by rate, then by fold."""
        return [
            self._trial(stage, rate, stage.epochs, fold=fold.index, train=fold.train, validation=fold.validation)
            for rate in stage.rates
            for fold in self.data.folds
        ]

    def _by_rate(self, stage: StageEntry, runs: Sequence[Run]) -> list[list[Run]]:
        n_folds = len(self.data.folds)
        return [list(runs[row * n_folds : (row + 1) * n_folds]) for row in range(len(stage.rates))]

    def _final(self, stage: StageEntry, choice: Choice) -> GraftTrial:
        """The fit on all training samples, scored on the test set."""
        return self._trial(
            stage,
            choice.rate,
            choice.epoch,
            fold=ALL_DATA,
            train=self.data.training,
            validation=self.data.test,
            keep=True,
        )

    def _lost(self, stage: StageEntry, reason: str) -> LostStage:
        return LostStage(model=self.plan.name, depth=stage.depth, seed=self.data.seed, reason=reason)

    def _fold_fits(self, stage: StageEntry, choice: Choice) -> list[GraftTrial]:
        """What the folds of the next stage start from: each fold's own model again, at the chosen rate and epoch."""
        nothing = np.zeros(0, np.int64)
        return [
            self._trial(
                stage, choice.rate, choice.epoch, fold=fold.index, train=fold.train, validation=nothing, keep=True
            )
            for fold in self.data.folds
        ]

    def _trial(
        self,
        stage: StageEntry,
        rate: float,
        epochs: int,
        *,
        fold: int,
        train: NDArray[np.int64],
        validation: NDArray[np.int64],
        keep: bool = False,
    ) -> GraftTrial:
        return GraftTrial(
            plan=self.plan,
            depth=stage.depth,
            weights=self.weights,
            data=self.data,
            fold=fold,
            train=train,
            validation=validation,
            training=Plan(rate=rate, epochs=epochs, batch_size=self.study.batch_size),
            parent=self.final_parent if fold == ALL_DATA else self.fold_parents[fold],
            cache=self.study.cache,
            precision=self.study.precision,
            keep=keep,
        )

    def _outcome(
        self, stage: StageEntry, curves: Curves, choice: Choice, grid: list[list[Run]], final: Run
    ) -> StageOutcome:
        chosen = grid[stage.rates.index(choice.rate)]
        positions = np.concatenate([fold.validation for fold in self.data.folds])
        folds = np.concatenate([np.full(len(fold.validation), fold.index) for fold in self.data.folds])
        scores = np.concatenate([run.history.scores[choice.epoch - 1] for run in chosen])
        order = np.argsort(positions, kind="stable")
        test = self.data.test
        return StageOutcome(
            model=self.plan.name,
            network=self.plan.network,
            weights=self.weights.origin,
            weights_digest=self.weights.digest,
            depth=stage.depth,
            seed=self.data.seed,
            rates=stage.rates,
            choice=choice,
            curves=curves,
            out_of_fold=self.data.predictions(positions[order], scores[order], folds[order].astype(np.int64)),
            test=self.data.predictions(test, final.history.scores[-1], np.full(len(test), -1)) if len(test) else None,
            final_run=final.identity,
            runs=tuple(run.identity for row in grid for run in row),
        )


def _diverged(run: Run) -> bool:
    return not np.isfinite(run.history.train_loss).all() or bool(np.isnan(run.history.scores).any())
