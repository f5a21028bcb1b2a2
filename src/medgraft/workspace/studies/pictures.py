"""What a model sees: its map of images (t-SNE) and Grad-CAM per cell of the confusion matrix."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from medgraft.core.errors import InputError, ProjectError
from medgraft.core.predictions import Predictions
from medgraft.core.task import UnitKey
from medgraft.exchange.package import ModelPackage
from medgraft.explanation import embed, gradcam
from medgraft.networks.classifier import Classifier
from medgraft.report import CamExample
from medgraft.samples import Sample, Samples

ReadImage = Callable[[UnitKey], NDArray[Any]]

#: Images shown per cell of the confusion matrix.
_SHOWN = 4
_PER_PASS = 32
#: Letters of a subject's name under a picture.
_NAME = 11


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelPictures:
    """embedding: (N, 2) in the rows' order; None where there is nothing to map: few images, or all seen alike.

    cams: per (truth, prediction) cell that holds an image.
    """

    embedding: NDArray[np.float64] | None
    cams: tuple[CamExample, ...]


def model_pictures(
    package: ModelPackage, answered: Predictions, samples: Samples, read: ReadImage, *, seed: int
) -> ModelPictures:
    """Maps and examples for the rows of a table of answers.

    Args:
        package: the model that is shown.
        answered: rows with truth; the cells are those of its plain answers.
        samples: where the rows' units are found.
        read: the native grey slice of a unit.
        seed: of the t-SNE.

    Raises:
        ProjectError: a row's unit is not among the samples.
    """
    view = _view(package, answered, samples, read)
    return ModelPictures(embedding=_map(view.features(), seed), cams=view.cams())


def model_cams(
    package: ModelPackage, answered: Predictions, samples: Samples, read: ReadImage
) -> tuple[CamExample, ...]:
    """The examples alone, of however few rows. Arguments and what is raised as for `model_pictures`."""
    return _view(package, answered, samples, read).cams()


@dataclass(frozen=True, kw_only=True, eq=False)
class _View:
    """A model and the rows it is shown on; units in the rows' order."""

    package: ModelPackage
    model: Classifier
    answered: Predictions
    units: list[UnitKey]
    read: ReadImage

    def features(self) -> NDArray[np.float32]:
        """(N, F) penultimate features of plain pictures."""
        rows = range(len(self.units))
        with torch.inference_mode():
            parts = [self.model.features(self._pictures(rows[i : i + _PER_PASS])) for i in rows[::_PER_PASS]]
        features: NDArray[np.float32] = torch.cat(parts).numpy()
        return features

    def cams(self) -> tuple[CamExample, ...]:
        """The surest images of each cell that holds any; none for a network without a feature map."""
        if not self.model.feature_map_module:
            return ()
        return tuple(self._cam(truth, answer, rows) for truth, answer, rows in _cells(self.answered))

    def _cam(self, truth: int, answer: int, rows: NDArray[np.int64]) -> CamExample:
        shown = rows[:_SHOWN].tolist()
        images = self._pictures(shown)
        maps = gradcam(self.model, images, torch.full((len(shown),), answer), self.model.feature_map_module)
        captions = tuple(self._caption(row, answer) for row in shown)
        return CamExample(
            truth=truth, predicted=answer, images=images[:, 0].numpy(), maps=maps, captions=captions, count=len(rows)
        )

    def _pictures(self, rows: Sequence[int]) -> Tensor:
        recipe, size = self.package.slice_recipe, self.package.size
        return torch.cat([recipe.render(self.read(self.units[row]), size) for row in rows])

    def _caption(self, row: int, answer: int) -> str:
        a = self.answered
        place = f"{_short(str(a.subject[row]))} {a.phase[row]} {a.slice[row] + 1}/{a.n_slices[row]}"
        return f"{place}, {a.y_score[row, answer]:.2f}"


def _map(features: NDArray[np.float32], seed: int) -> NDArray[np.float64] | None:
    try:
        return embed(features, seed=seed)
    except InputError:  # a report without its map is still a report
        return None


def _view(package: ModelPackage, answered: Predictions, samples: Samples, read: ReadImage) -> _View:
    return _View(
        package=package, model=package.classifier(), answered=answered, units=_units(answered, samples), read=read
    )


def _units(answered: Predictions, samples: Samples) -> list[UnitKey]:
    """The unit of each row, found by stack, phase and slice from the base."""
    known = {_place(item): item.unit for item in samples.items}
    places = zip(answered.stack.tolist(), answered.phase.tolist(), answered.slice.tolist(), strict=True)
    try:
        return [known[place] for place in places]
    except KeyError as error:
        raise ProjectError(
            f"Expected a label for every image of the study, got none for (stack, phase, slice) {error}: labels have "
            "changed since it was run. Do run the study again."
        ) from error


def _place(item: Sample) -> tuple[str, str, int]:
    return item.unit.stack, item.phase, item.slice


def _short(name: str) -> str:
    """A subject's name where there is little room."""
    return name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"


def _cells(answered: Predictions) -> Iterator[tuple[int, int, NDArray[np.int64]]]:
    """Truth, answer, and the rows of each cell, surest first."""
    n_classes = len(answered.classes)
    for truth in range(n_classes):
        for answer in range(n_classes):
            rows = np.flatnonzero((answered.y_true == truth) & (answered.y_pred == answer))
            if len(rows):
                yield truth, answer, rows[np.argsort(-answered.y_score[rows, answer], kind="stable")]
