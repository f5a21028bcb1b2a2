"""Look inside a model of a study and keep what is seen: Grad-CAM of one stack, the map of all its images."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from medgraft.core.errors import InputError
from medgraft.core.progress import Progress, Report, silent
from medgraft.core.task import UnitKey
from medgraft.exchange.package import ModelPackage, read_package
from medgraft.explanation import embed, gradcam
from medgraft.networks.classifier import Classifier
from medgraft.workspace.kept.packages import package_folder
from medgraft.workspace.kept.study_results import model_tables, study_results
from medgraft.workspace.models.sights import (
    CamRequest,
    MapRequest,
    cams_path,
    keep,
    kept_cams,
    kept_map,
    map_path,
    package_digest,
)
from medgraft.workspace.project import Project
from medgraft.workspace.studies.answers import stored_places
from medgraft.workspace.studies.samples import ImageReader, image_reader

_PER_PASS = 32


def see_cams(project: Project, request: CamRequest) -> None:
    """Compute and keep Grad-CAM of one phase of a stack on native pixels, for `sights.kept_cams`.

    Raises as that does, and `InputError` for a network without a feature map.
    """
    if kept_cams(project, request) is not None:
        return
    package, model = _model(project, request)
    if not model.feature_map_module:
        raise InputError(f"Expected a network with a feature map for Grad-CAM, got {package.network}.")
    with project.cohort() as cohort:
        images = np.asarray(cohort.pixels(cohort.entry(request.stack))[request.phase], np.float32)
    pictures = torch.cat([package.slice_recipe.render(image, package.size) for image in images])
    classes = torch.full((len(images),), package.task.index(request.code))
    seen = torch.from_numpy(gradcam(model, pictures, classes, model.feature_map_module))
    native = package.slice_recipe.restore(seen, (images.shape[1], images.shape[2]), package.size)
    keep(cams_path(project, request), _in_8_bits(native.numpy()))


def see_map(project: Project, request: MapRequest, *, report: Report = silent) -> None:
    """Compute and keep the t-SNE map of a model's penultimate features, for `sights.kept_map`.

    Every image that the model answered for is on it, as the study's final model sees it. Images of stacks that are gone
    have no place (NaN). Raises as `kept_map` does, and `InputError` for fewer than five images.
    """
    if kept_map(project, request) is not None:
        return
    results = study_results(project, request.study)
    tables = [rows for _, rows in model_tables(results, results.model(request.model))]
    places = [stored_places(project, rows) for rows in tables]
    units = [
        UnitKey(stack, phase, at)
        for rows, (stored, phases) in zip(tables, places, strict=True)
        for stack, phase, at in zip(rows.stack.tolist(), phases.tolist(), stored.tolist(), strict=True)
    ]
    there = [unit for unit in units if unit.slice >= 0]
    package, model = _model(project, request)
    with project.cohort() as cohort:
        features = _features(package, model, image_reader(cohort), there, report)
    points = np.full((len(units), 2), np.nan, np.float32)
    points[[unit.slice >= 0 for unit in units]] = embed(features, seed=results.seeds[0])
    keep(map_path(project, request), points)
    report(Progress(stage="map", done=1, total=1))


def _model(project: Project, request: CamRequest | MapRequest) -> tuple[ModelPackage, Classifier]:
    folder = package_folder(project, request.study, request.model)
    return _opened(folder, package_digest(project, request.study, request.model))


@lru_cache(maxsize=1)
def _opened(folder: Path, _digest: str) -> tuple[ModelPackage, Classifier]:
    package = read_package(folder)
    return package, package.classifier()


def _features(
    package: ModelPackage, model: Classifier, read: ImageReader, units: Sequence[UnitKey], report: Report
) -> NDArray[np.float32]:
    """(N, F) penultimate features of plain pictures."""
    parts: list[Tensor] = []
    with torch.inference_mode():
        for first in range(0, len(units), _PER_PASS):
            batch = units[first : first + _PER_PASS]
            parts.append(
                model.features(torch.cat([package.slice_recipe.render(read(unit), package.size) for unit in batch]))
            )
            report(Progress(stage="features", done=first + len(batch), total=len(units)))
    features: NDArray[np.float32] = torch.cat(parts).numpy() if parts else np.zeros((0, 0), np.float32)
    return features


def _in_8_bits(maps: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.round(np.clip(maps, 0, 1) * 255).astype(np.uint8)
