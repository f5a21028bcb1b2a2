"""A model at work on images that no project knows: new images in, answers out, nothing of them kept."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace as changed
from pathlib import Path

from medgraft.cohort import ImportOptions, import_source, phases_from_csv, set_phases
from medgraft.core.errors import InputError
from medgraft.core.files import AnyPath
from medgraft.core.progress import Report, silent
from medgraft.exchange.package import read_package
from medgraft.workspace.masks.exporting import MaskFolder, source_place
from medgraft.workspace.models.mask_answers import mask_answers
from medgraft.workspace.models.predicted import Answers
from medgraft.workspace.models.slice_answers import slice_answers
from medgraft.workspace.project import Project


def predict_folder(
    model: AnyPath,
    source: AnyPath,
    *,
    layout: str = "auto",
    options: ImportOptions = ImportOptions(short_axis=True),  # noqa: B008 - frozen
    phases_file: AnyPath | None = None,
    all_phases: bool = False,
    phases: Sequence[str] = (),
    sheets: AnyPath | None = None,
    maps: bool = False,
    masks: AnyPath | None = None,
    images: bool = False,
    replace: bool = False,
    report: Report = silent,
) -> Answers:
    """Answer for every stack of a folder, without a project: what is imported is thrown away afterwards.

    Args:
        model: a package, folder or file.
        source: a folder of images, in any layout that import knows.
        layout: of the folder.
        options: what the source cannot say about itself.
        phases_file: CSV file with the columns subject, ed, es, where the source does not know its phases.
        all_phases: every phase of a cine, not only those the task asks about.
        phases: these alone, by name or by index from 0.
        sheets: folder for contact sheets (PNG), one per stack and phase, or one per stack with the outlines of what a
            model segments; none are drawn if None.
        maps: draw Grad-CAM of the plain answer over the sheets, of a model that classifies.
        masks: folder for the NIfTI masks of a model that segments, in the codes of `core.task.MASK_CODES`: for a NIfTI
            file a/b.nii.gz a/b_gt.nii.gz, for others SUBJECT/SERIES-STACK_gt.nii.gz; none are written if None.
        images: write the images beside these masks.
        replace: files of these names that are there already may be lost.
        report: told of files, slices, phases and stacks.

    Raises:
        InputError: nothing to predict in the folder, phases that do not fit it, maps of a model that segments, images
            to be written into their own folder, or a file that is there already.
        WeightsError: the package is damaged.
    """
    package = read_package(Path(model))
    segments = package.task.kind == "segment"
    if segments and maps:
        raise InputError(f"Expected a model that classifies to draw maps of, got {package.name}, which segments.")
    if images and masks and Path(masks).resolve() == Path(source).resolve():
        raise InputError(f"Expected another folder than {source} for images, which are there. Do: write masks alone.")
    named = phases_from_csv(Path(phases_file), options.pseudonyms) if phases_file else {}
    with tempfile.TemporaryDirectory(prefix="medgraft-") as scratch:
        project = Project.create(Path(scratch, "new"))
        with project.cohort() as cohort:
            imported = import_source(Path(source), cohort, layout=layout, options=options, report=report)
            set_phases(cohort, named)
        pictures = Path(sheets) if sheets else None
        if segments:
            out = MaskFolder(folder=Path(masks), place=source_place, images=images, replace=replace) if masks else None
            found = mask_answers(
                package, project, all_phases=all_phases, phases=phases, sheets=pictures, out=out, report=report
            )
        else:
            found = slice_answers(
                package, project, all_phases=all_phases, phases=phases, sheets=pictures, maps=maps, report=report
            )
    return changed(found, notes=(*imported.notes, *found.notes))
