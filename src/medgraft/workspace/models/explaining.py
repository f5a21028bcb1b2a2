"""Look inside a model: what it looks at for each kind of right and wrong answer, and whether that was learnt."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from medgraft.core.errors import InputError
from medgraft.core.files import AnyPath
from medgraft.core.progress import Report, silent
from medgraft.exchange.package import read_package
from medgraft.explanation import Likeness, likeness, randomisation_check
from medgraft.report import cam_sheet, png_of
from medgraft.study import StageOutcome, StudyOutcome
from medgraft.workspace.kept.find_model import find_model
from medgraft.workspace.kept.outcomes import model_folder, study_outcome
from medgraft.workspace.project import Project
from medgraft.workspace.studies.pictures import model_cams
from medgraft.workspace.studies.samples import image_reader, project_samples


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of the confusion matrix: truth, answer, and how many images it holds."""

    truth: str
    answer: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What was drawn for a model.

    sheet: Grad-CAM per cell (PNG). cells: with counts. likeness: of the maps with those of the same network with
    shuffled weights.
    """

    model: str
    sheet: str
    cells: tuple[Cell, ...]
    likeness: Likeness


def explain_model(project: Project, model: str, folder: AnyPath, *, report: Report = silent) -> Explanation:
    """Grad-CAM per (truth, answer) cell of a study's model.

    Args:
        project: where the study is.
        model: `STUDY/MODEL`, or `STUDY` for its best model.
        folder: where the picture goes.
        report: told of every network with shuffled weights.

    Raises:
        InputError: no such model, one that segments, or a network without a feature map. ProjectError: no such study.
    """
    path = find_model(model, project.root)
    package = read_package(path)
    if package.task.kind != "classify":
        raise InputError(f"Expected a model that classifies, for Grad-CAM is of a class, got {package.name}.")
    stage, outcome = _stage_of(project, path)
    samples = project_samples(project, outcome.study.task, outcome.study.reader)
    answered = stage.test if stage.test is not None else stage.out_of_fold
    with project.cohort() as cohort:
        cams = model_cams(package, answered, samples, image_reader(cohort))
    if not cams:
        raise InputError(f"Expected a network with a feature map for Grad-CAM, got {package.network}.")
    images = torch.from_numpy(np.concatenate([cam.images for cam in cams]))[:, None]
    answers = torch.cat([torch.full((len(cam.images),), cam.predicted) for cam in cams])
    network = package.classifier()
    layer = network.feature_map_module
    correlations = randomisation_check(network, images, answers, layer, seed=stage.seed, report=report)
    Path(folder).mkdir(parents=True, exist_ok=True)
    sheet = Path(folder) / f"{path.name}-gradcam.png"
    sheet.write_bytes(png_of(cam_sheet(cams, outcome.task)))
    codes = outcome.task.codes
    return Explanation(
        model=package.name,
        sheet=str(sheet),
        cells=tuple(Cell(truth=codes[c.truth], answer=codes[c.predicted], count=c.count) for c in cams),
        likeness=likeness(correlations),
    )


def _stage_of(project: Project, path: Path) -> tuple[StageOutcome, StudyOutcome]:
    outcome = study_outcome(project, path.parent.parent.name)
    return next(stage for stage in outcome.stages if model_folder(stage) == path.name), outcome
