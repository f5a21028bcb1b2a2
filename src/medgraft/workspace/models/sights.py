"""What was seen inside a model, and is kept: Grad-CAM of stacks, the map of its images. Nothing is computed here.

`seeing` computes and keeps; both may be deleted with the project's cache at any time.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgraft.core.digest import short_id
from medgraft.core.errors import InputError, ProjectError, reason
from medgraft.core.files import whole_file
from medgraft.workspace.kept.packages import package_folder
from medgraft.workspace.kept.study_results import study_results
from medgraft.workspace.project import Project

#: Changes when maps change for the same model and images; old ones are then computed again.
_MAPPED = 2


@dataclass(frozen=True, kw_only=True)
class CamRequest:
    """Which Grad-CAM is meant: of a study's model, for one phase of a stack and one class."""

    study: str
    model: str
    stack: str
    phase: int
    code: str


@dataclass(frozen=True, kw_only=True)
class MapRequest:
    """Which map is meant: of all images that a study's model answered for."""

    study: str
    model: str


def kept_cams(project: Project, request: CamRequest) -> NDArray[np.uint8] | None:
    """Grad-CAM of every slice as stored, (Z, Y, X) in 0..255 of each slice's own maximum; None if not computed yet.

    Raises `NotFoundError` for an unknown study, model or stack, `InputError` for an unknown phase or class.
    """
    maps: NDArray[np.uint8] | None = _read(cams_path(project, request))
    return maps


def kept_map(project: Project, request: MapRequest) -> NDArray[np.float32] | None:
    """Places (N, 2) of the model's images, set by set in the order of its tables; None if not computed yet.

    Raises `NotFoundError` for an unknown study or model.
    """
    points: NDArray[np.float32] | None = _read(map_path(project, request))
    return points


def cams_path(project: Project, request: CamRequest) -> Path:
    """Where the maps of a stack are kept: by what they depend on."""
    task = study_results(project, request.study).task
    task.index(request.code)
    with project.cohort() as cohort:
        entry = cohort.entry(request.stack)
    if not 0 <= request.phase < entry.shape[0]:
        raise InputError(f"Expected a phase of stack {entry.id} in 0..{entry.shape[0] - 1}, got {request.phase}.")
    key = short_id(
        [package_digest(project, request.study, request.model), entry.pixels_digest, request.phase, request.code]
    )
    return project.cache / "gradcam" / f"{key}.npy"


def map_path(project: Project, request: MapRequest) -> Path:
    """Where the map of a model is kept: by what it depends on."""
    digest = package_digest(project, request.study, request.model)
    key = short_id([_MAPPED, digest, study_results(project, request.study).sets])
    return project.cache / "maps" / f"{key}.npy"


def keep(path: Path, array: NDArray[Any]) -> None:
    """Keep an array; it is there whole or not at all."""
    with whole_file(path, lasting=False) as draft, draft.open("wb") as file:
        np.save(file, array)


def _read(path: Path) -> Any:
    try:
        return np.load(path)
    except FileNotFoundError:
        return None


def package_digest(project: Project, study: str, model: str) -> str:
    """Of what a package says of itself. Raises `NotFoundError` for an unknown one, `ProjectError` for a damaged one."""
    path = package_folder(project, study, model) / "package.json"
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["sha256"])
    except (OSError, ValueError, KeyError) as error:
        raise ProjectError(
            f"Expected the package of {study}/{model}, got: {reason(error)}. Do: resume the study."
        ) from error
