"""The order of a study: a grid over folds, a choice, a barrier, the next stage.

Nothing of a fold's validation patients reaches that fold's models: fold k of a stage starts from fold k's own model of
the stage before, at the rate and epoch chosen over all folds. That model is trained again for the chosen epochs, which
gives the very same weights (`training.fit`), so weights of every epoch need not be kept.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import MedgraftError
from medgraft.core.progress import Progress, Report, silent
from medgraft.evaluation import Choice, balanced_cross_entropy, one_standard_error
from medgraft.samples import Samples
from medgraft.study.executor import Executor
from medgraft.study.grid import ModelPlan, model_plans
from medgraft.study.outcome import Curves, StageOutcome, StudyOutcome
from medgraft.study.runs import Run
from medgraft.study.study_data import ReadImage, StudyData, study_data
from medgraft.study.study_file import StageEntry, StudyFile
from medgraft.study.trial import ALL_DATA, Trial
from medgraft.training import Plan
from medgraft.transfer import Weights, parse_source


def run_study(
    study: StudyFile,
    samples: Samples,
    read: ReadImage,
    executor: Executor,
    *,
    report: Report = silent,
    stage_done: Callable[[StageOutcome], None] | None = None,
) -> StudyOutcome:
    """Run a study, or what is missing of it.

    Args:
        study: what to compare and how.
        samples: labelled units, held-out subjects included.
        read: the native grey slice (Y, X) of a unit.
        executor: where trials run.
        report: told of every trial and epoch.
        stage_done: told of every stage of every model as soon as it is known.

    Raises:
        InputError: too few subjects, an unknown network or depth. WeightsError: weights are missing; this is found
        before anything is trained. MedgraftError: every rate of a stage diverged, or its final fit did.
    """
    plans = model_plans(study)
    weights = {(plan.name, seed): load_source(plan, seed) for seed in study.seeds for plan in plans}
    count = _Count(total=sum(trials_of(plan, study) for plan in plans) * len(study.seeds), report=report)
    outcomes: list[StageOutcome] = []
    for seed in study.seeds:
        data = study_data(study, samples, read, seed)
        for plan in plans:
            chain = _Chain(
                plan=plan,
                weights=weights[plan.name, seed],
                data=data,
                study=study,
                executor=executor,
                count=count,
                fold_parents=[""] * study.folds,
            )
            for outcome in chain.stages():
                outcomes.append(outcome)
                if stage_done:
                    stage_done(outcome)
    return StudyOutcome(study=study, task=samples.task, stages=tuple(outcomes))


def load_source(plan: ModelPlan, seed: int) -> Weights:
    """What a model starts with. Raises `WeightsError` or `InputError`."""
    return parse_source(plan.weights, key=(seed, plan.network)).load(plan.spec)


def trials_of(plan: ModelPlan, study: StudyFile) -> int:
    """How many trainings a model needs at one seed: the grids, the final fits, and the folds' models in between."""
    between = study.folds if study.staging == "per-fold" else 0
    grids = sum(len(stage.rates) * study.folds + 1 for stage in plan.stages)
    return grids + between * (len(plan.stages) - 1)


@dataclass(kw_only=True)
class _Count:
    """Trainings done over the whole study."""

    total: int
    report: Report
    done: int = 0

    def one_more(self) -> None:
        self.done += 1
        self.report(Progress(stage="study", done=self.done, total=self.total))


@dataclass(kw_only=True)
class _Chain:
    """One model at one seed going through its stages.

    fold_parents, final_parent: runs that the next stage starts from, "" before the first.
    """

    plan: ModelPlan
    weights: Weights
    data: StudyData
    study: StudyFile
    executor: Executor
    count: _Count
    fold_parents: Sequence[str]
    final_parent: str = ""

    def stages(self) -> Iterator[StageOutcome]:
        """The outcome of each stage, in order; later stages start from earlier ones."""
        for index, stage in enumerate(self.plan.stages):
            grid = self._grid(stage)
            curves = _curves(stage, self.data, grid)
            choice = one_standard_error(np.moveaxis(curves.validation_loss, 1, 2), stage.rates)
            final = self._final(stage, choice)
            yield self._outcome(stage, curves, choice, grid, final)
            if index + 1 < len(self.plan.stages):
                self._pass_barrier(stage, choice, final)

    def _grid(self, stage: StageEntry) -> list[list[Run]]:
        """Runs by rate and fold."""
        trials = [
            self._trial(stage, rate, stage.epochs, fold=fold.index, train=fold.train, validation=fold.validation)
            for rate in stage.rates
            for fold in self.data.folds
        ]
        runs = self._run(trials)
        n_folds = len(self.data.folds)
        return [runs[row * n_folds : (row + 1) * n_folds] for row in range(len(stage.rates))]

    def _final(self, stage: StageEntry, choice: Choice) -> Run:
        """The fit on all training samples, scored on the test set."""
        fit = self._trial(
            stage,
            choice.rate,
            choice.epoch,
            fold=ALL_DATA,
            train=self.data.training,
            validation=self.data.test,
            keep=True,
        )
        run = self._run([fit])[0]
        if not np.isfinite(run.history.train_loss).all() or np.isnan(run.history.scores).any():
            raise MedgraftError(
                f"Expected {self.plan.name}, depth {stage.depth}, to train on all data at the rate {choice.rate:g} "
                "that its folds chose, but it diverged. Do lower the rates."
            )
        return run

    def _pass_barrier(self, stage: StageEntry, choice: Choice, final: Run) -> None:
        """What the next stage starts from, fold by fold."""
        self.final_parent = final.identity
        if self.study.staging == "paper":
            self.fold_parents = [final.identity] * len(self.fold_parents)
            return
        nothing = np.zeros(0, np.int64)
        fits = [
            self._trial(
                stage, choice.rate, choice.epoch, fold=fold.index, train=fold.train, validation=nothing, keep=True
            )
            for fold in self.data.folds
        ]
        self.fold_parents = [run.identity for run in self._run(fits)]

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
    ) -> Trial:
        return Trial(
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
            keep=keep,
        )

    def _run(self, trials: Sequence[Trial]) -> list[Run]:
        runs = []
        for run in self.executor.run(trials, self.count.report):
            runs.append(run)
            self.count.one_more()
        return runs

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


def _curves(stage: StageEntry, data: StudyData, grid: list[list[Run]]) -> Curves:
    """Losses and accuracy by rate, fold and epoch."""
    shape = (len(stage.rates), len(data.folds), stage.epochs)
    train, loss, accuracy = np.empty(shape), np.empty(shape), np.empty(shape)
    for row, runs in enumerate(grid):
        for fold, run in zip(data.folds, runs, strict=True):
            truth = data.labels[fold.validation]
            train[row, fold.index] = run.history.train_loss
            for epoch, scores in enumerate(run.history.scores):
                loss[row, fold.index, epoch] = balanced_cross_entropy(truth, scores)
                lost = np.isnan(scores).any()
                accuracy[row, fold.index, epoch] = np.nan if lost else (scores.argmax(1) == truth).mean()
    return Curves(train_loss=train, validation_loss=loss, validation_accuracy=accuracy)
