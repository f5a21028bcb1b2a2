"""Curves of a grid of trainings: rates by folds by epochs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgraft.evaluation import balanced_cross_entropy
from medgraft.study.runs import Run
from medgraft.study.study_data import StudyData
from medgraft.study.study_file import StageEntry


@dataclass(frozen=True, kw_only=True, eq=False)
class Curves:
    """Curves of a grid, each (rates, folds, epochs); NaN where a training diverged.

    train_loss: cross-entropy on the balanced, augmented training set. validation_loss: class-balanced cross-entropy on
    plain validation images. validation_accuracy: 0..1.
    """

    train_loss: NDArray[np.float64]
    validation_loss: NDArray[np.float64]
    validation_accuracy: NDArray[np.float64]


def grid_curves(stage: StageEntry, data: StudyData, grid: Sequence[Sequence[Run]]) -> Curves:
    """Losses and accuracy of runs by rate and fold."""
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
