"""What a study works on: samples, a way to read their pixels, and the rows that cached features are kept in."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgraft.core.digest import digest
from medgraft.core.errors import InputError
from medgraft.core.predictions import Predictions
from medgraft.core.task import Task, UnitKey
from medgraft.recipe import CentreCrop, PercentileWindow, Recipe, Resize, Rotation
from medgraft.samples import Fold, Samples, n_draws, patient_folds, training_copies
from medgraft.study.study_file import StudyFile

ReadImage = Callable[[UnitKey], NDArray[Any]]


@dataclass(frozen=True, kw_only=True, eq=False)
class StudyData:
    """The data of a study at one seed.

    samples: all samples; positions below speak of them. read: the native grey slice (Y, X) of a unit.
    training: (n,) positions that may be trained on. test: (m,) positions of held-out subjects, or empty.
    folds: positions within `samples`, over `training` only. copies: (N,) how often a sample stands in an epoch.

    Rows: sample i has one plain row and `draws` rows per copy, in this order, sample by sample.
    """

    samples: Samples
    read: ReadImage
    seed: int
    draws: int
    recipe: Recipe
    training: NDArray[np.int64]
    test: NDArray[np.int64]
    folds: tuple[Fold, ...]
    copies: NDArray[np.int64]

    @property
    def task(self) -> Task:
        """The question."""
        return self.samples.task

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """(N,) class columns."""
        return self.samples.labels

    @cached_property
    def row_starts(self) -> NDArray[np.int64]:
        """(N + 1,) first row of each sample, and the number of rows."""
        recorded = n_draws(self.copies, self.draws)
        recorded[self.test] = 0
        return np.concatenate([[0], np.cumsum(1 + recorded)]).astype(np.int64)

    @cached_property
    def row_labels(self) -> NDArray[np.int64]:
        """(rows,) class column of each row."""
        return np.repeat(self.labels, np.diff(self.row_starts))

    def plain_rows(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows of plain pictures."""
        return self.row_starts[positions]

    def drawn_rows(self, positions: NDArray[np.int64], draws: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows of augmented pictures: recorded draw `draws` of each position."""
        return self.row_starts[positions] + 1 + draws

    def choices(self, position: int) -> NDArray[np.float64]:
        """The recorded choices (D, random steps) of one sample; they depend on its pixels and place, not on others."""
        item = self.samples.items[position]
        key = (self.seed, "draw", item.pixels_digest, item.unit.phase, item.unit.slice)
        count = int(self.row_starts[position + 1] - self.row_starts[position] - 1)
        drawn = [self.recipe.choose(*key, draw) for draw in range(count)]
        return np.asarray(drawn, np.float64).reshape(count, len(self.recipe.augment))

    @cached_property
    def rows_digest(self) -> str:
        """What the rows hold, whatever the labels are."""
        images = [(item.pixels_digest, item.unit.phase, item.unit.slice) for item in self.samples.items]
        return digest([images, self.row_starts, self.seed, self.recipe.as_dict()])

    def predictions(self, positions: NDArray[np.int64], scores: NDArray[Any], fold: NDArray[np.int64]) -> Predictions:
        """Scores (n, K) of some positions as a table."""
        items = [self.samples.items[i] for i in positions]
        return Predictions(
            subject=np.asarray([item.subject for item in items], np.str_),
            site=np.asarray([item.site or "" for item in items], np.str_),
            stack=np.asarray([item.unit.stack for item in items], np.str_),
            phase=np.asarray([item.phase for item in items], np.str_),
            slice=np.asarray([item.slice for item in items], np.int64),
            n_slices=np.asarray([item.n_slices for item in items], np.int64),
            fold=fold,
            y_true=self.labels[positions],
            y_score=np.asarray(scores, np.float64),
            classes=self.task.codes,
        )


def study_data(study: StudyFile, samples: Samples, read: ReadImage, seed: int) -> StudyData:
    """Split, balance and number the samples of a study at one seed.

    Raises `InputError` if there are fewer subjects than folds, nobody is held out though the study asks for it, or a
    subject is held out in part, or `balance` names a class that the task has not.
    """
    held_out = _held_out(study, samples)
    training, test = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    folds = tuple(
        Fold(index=fold.index, train=training[fold.train], validation=training[fold.validation])
        for fold in patient_folds(samples.take(training), study.folds, seed)
    )
    return StudyData(
        samples=samples,
        read=read,
        seed=seed,
        draws=study.draws,
        recipe=study_recipe(study),
        training=training,
        test=test,
        folds=folds,
        copies=_copies(study, samples, training),
    )


def _held_out(study: StudyFile, samples: Samples) -> NDArray[np.bool_]:
    """(N,) whether a sample is kept for the test: all samples of its subject then, or none."""
    if study.test is None:
        return np.zeros(len(samples), bool)
    split = study.test.split
    held_out = np.asarray([item.split == split for item in samples.items], bool)
    if not held_out.any():
        known = ", ".join(sorted({item.split for item in samples.items if item.split})) or "none"
        raise InputError(f"Expected labelled images of the split {split!r} to test on, got none. Available: {known}.")
    torn = np.intersect1d(samples.subjects[held_out], samples.subjects[~held_out]).tolist()
    if torn:
        raise InputError(
            f"Expected subjects to be held out whole, got {', '.join(torn[:5])} in {split!r} and outside it. "
            "Do set one split for all images of a subject."
        )
    return held_out


def _copies(study: StudyFile, samples: Samples, training: NDArray[np.int64]) -> NDArray[np.int64]:
    """Copies of each sample; a test sample's label is not looked at."""
    copies = np.ones(len(samples), np.int64)
    copies[training] = training_copies(samples.labels[training], samples.task, study.balance)
    return copies


def study_recipe(study: StudyFile) -> Recipe:
    """The paper's order of pixels with the study's rotation and crop."""
    return Recipe(
        before=(PercentileWindow(), Resize()),
        augment=(Rotation(degrees=study.rotation),),
        after=(CentreCrop(fraction=study.crop),),
    )
