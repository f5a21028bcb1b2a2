"""A model that classifies at work on new stacks: of every slice its probabilities and answers, and sheets of them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from medgraft.cohort import Cohort
from medgraft.core.cohort import ImportNote, StackEntry
from medgraft.core.files import whole_file
from medgraft.core.predictions import Predictions
from medgraft.core.progress import Report
from medgraft.decoding import decode
from medgraft.exchange.package import ModelPackage
from medgraft.explanation import gradcam
from medgraft.inference import predict_stacks
from medgraft.report import png_of, stack_sheet
from medgraft.study import Compute
from medgraft.workspace.models.captions import phase_caption, stack_caption
from medgraft.workspace.models.predicted import Answers, SliceAnswer
from medgraft.workspace.project import Project
from medgraft.workspace.stacks.drawn_file import drawn_file


def slice_answers(
    package: ModelPackage,
    project: Project,
    *,
    all_phases: bool,
    phases: Sequence[str],
    sheets: Path | None,
    maps: bool,
    report: Report,
) -> Answers:
    """Of the slices of every stack of a project; arguments as `predicting.predict_folder` has them.

    Raises `InputError` where there is nothing to predict.
    """
    with project.cohort() as cohort:
        entries = cohort.entries()
        predictions = predict_stacks(
            package,
            entries,
            cohort.pixels,
            all_phases=all_phases,
            phases=phases,
            device=Compute().prepare(),
            report=report,
        )
        joint = decode(predictions, package.task, "stack") if package.task.along_stack else None
        written = _write_sheets(package, cohort, predictions, joint, sheets, maps=maps) if sheets else ()
    return Answers(
        model=package.name,
        task=package.task.name,
        slices=_rows(predictions, joint),
        sheets=written,
        notes=_base_notes(package, entries),
    )


def _base_notes(package: ModelPackage, entries: Sequence[StackEntry]) -> tuple[ImportNote, ...]:
    """Stacks that are answered for as if their first slice were the base, which nobody said."""
    if not package.task.along_stack:
        return ()
    text = "Which end is the base is not known: slice 1 is taken for it. Do correct the stack if it is the apex."
    unsure = [entry for entry in entries if entry.base_first is None and entry.shape[1] > 1]
    return tuple(ImportNote(kind="noticed", code="base-unknown", where=entry.source, text=text) for entry in unsure)


def _rows(predictions: Predictions, joint: NDArray[np.int64] | None) -> tuple[SliceAnswer, ...]:
    codes = predictions.classes
    plain = predictions.y_pred
    return tuple(
        SliceAnswer(
            subject=str(predictions.subject[row]),
            stack=str(predictions.stack[row]),
            phase=str(predictions.phase[row]),
            slice=int(predictions.slice[row]) + 1,
            slices=int(predictions.n_slices[row]),
            probabilities={code: float(predictions.y_score[row, k]) for k, code in enumerate(codes)},
            plain=codes[plain[row]],
            joint=None if joint is None else codes[joint[row]],
        )
        for row in range(len(predictions))
    )


def _write_sheets(
    package: ModelPackage,
    cohort: Cohort,
    predictions: Predictions,
    joint: NDArray[np.int64] | None,
    folder: Path,
    *,
    maps: bool,
) -> tuple[str, ...]:
    written = []
    for rows in predictions.stacks():
        entry = cohort.entry(str(predictions.stack[rows[0]]))
        phase = str(predictions.phase[rows[0]])
        images = _images(cohort, entry, phase)
        figure = stack_sheet(
            images,
            predictions.y_score[rows],
            predictions.y_pred[rows] if joint is None else joint[rows],
            package.task,
            entry.spacing,
            maps=_maps(package, images, predictions.y_pred[rows]) if maps else None,
            title=f"{stack_caption(entry)}, {phase_caption(entry, entry.phase_index(phase))}, base to apex",
        )
        path = folder / drawn_file(entry.subject, entry.id, phase)
        with whole_file(path) as draft:
            draft.write_bytes(png_of(figure))
        written.append(str(path))
    return tuple(written)


def _images(cohort: Cohort, entry: StackEntry, phase: str) -> NDArray[np.float32]:
    """(Z, Y, X) of one phase, base first."""
    return np.asarray(cohort.pixels(entry)[entry.phase_index(phase)], np.float32)[list(entry.base_to_apex)]


def _maps(
    package: ModelPackage,
    images: NDArray[np.float32],
    answers: NDArray[np.int64],
) -> NDArray[np.float32] | None:
    """Grad-CAM of each slice's plain answer on native pixels, (Z, Y, X)."""
    model = package.classifier()
    if not model.feature_map_module:
        return None
    pictures = torch.cat([package.slice_recipe.render(image, package.size) for image in images])
    seen = gradcam(model, pictures, torch.from_numpy(answers), model.feature_map_module)
    shape = (images.shape[1], images.shape[2])
    restored = package.slice_recipe.restore(torch.from_numpy(seen), shape, package.size)
    maps: NDArray[np.float32] = restored.numpy()
    return maps
