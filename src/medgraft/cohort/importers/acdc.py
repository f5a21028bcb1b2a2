"""The official layout of ACDC (Bernard et al. 2018, doi 10.1109/TMI.2018.2837502): Info.cfg in a folder per patient."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

from medgraft.cohort.importers.importer import Importer
from medgraft.cohort.importers.nifti import read_with_mask
from medgraft.cohort.options import ImportOptions
from medgraft.cohort.source import Note, Source, attempt
from medgraft.core.cohort import ImportNote
from medgraft.core.errors import ImageError
from medgraft.core.progress import Progress, Report
from medgraft.core.stack import FoundStack, Stack
from medgraft.core.task import MASK_CODES
from medgraft.images import read_nifti

#: ACDC's codes: 1 right ventricle, 2 myocardium, 3 cavity of the left ventricle.
ACDC_CODES = {0: MASK_CODES["background"], 1: MASK_CODES["rv"], 2: MASK_CODES["myocardium"], 3: MASK_CODES["pool"]}
#: Entries of Info.cfg that become facts, and their names there.
_FACTS = {"Group": "group", "Height": "height", "Weight": "weight", "NbFrame": "n_frames"}
_PHASES = {"ED": "ed", "ES": "es"}
_FRAME = re.compile(r"^(?P<patient>.+)_frame(?P<number>\d+)(?P<mask>_gt)?\.nii(\.gz)?$")
_CINE = re.compile(r"^(?P<patient>.+)_4d\.nii(\.gz)?$")


@dataclass(kw_only=True)
class _Patient:
    """The files of one patient's folder."""

    where: str
    info: Path | None = None
    cine: Path | None = None
    frames: dict[int, Path] = field(default_factory=dict)
    masks: dict[int, Path] = field(default_factory=dict)

    @property
    def files(self) -> list[Path]:
        single = [path for path in (self.info, self.cine) if path is not None]
        return [*single, *self.frames.values(), *self.masks.values()]


def _recognises(source: Source, _options: ImportOptions) -> bool:
    with_info = {path.parent for path in source.files if path.name == "Info.cfg"}
    return any(
        path.parent in with_info and (_FRAME.match(path.name) or _CINE.match(path.name)) for path in source.files
    )


def _read(source: Source, options: ImportOptions, note: Note, report: Report) -> Iterator[FoundStack]:
    patients = _patients(source)
    source.note_unused([path for patient in patients for path in patient.files], note)
    codes = replace(options, mask_codes=options.mask_codes or ACDC_CODES)
    for done, patient in enumerate(patients, start=1):
        found = _read_patient(patient, source, codes, note)
        report(Progress(stage="import", done=done, total=len(patients), detail=patient.where))
        if found is not None:
            yield found


def _patients(source: Source) -> list[_Patient]:
    folders: dict[Path, list[Path]] = defaultdict(list)
    for path in sorted(source.files):
        folders[path.parent].append(path)
    patients = [_patient(source.relative(folder), paths) for folder, paths in sorted(folders.items())]
    return [patient for patient in patients if patient.frames or patient.cine]


def _patient(where: str, paths: list[Path]) -> _Patient:
    patient = _Patient(where=where)
    for path in paths:
        frame = _FRAME.match(path.name)
        if frame:
            (patient.masks if frame["mask"] else patient.frames)[int(frame["number"])] = path
        elif _CINE.match(path.name):
            patient.cine = path
        elif path.name == "Info.cfg":
            patient.info = path
    return patient


def _read_patient(patient: _Patient, source: Source, options: ImportOptions, note: Note) -> FoundStack | None:
    where = patient.where
    info = _info(patient, note)
    numbers = {name: int(info[key]) for key, name in _PHASES.items() if info.get(key, "").isdecimal()}
    frames = _read_frames(patient, source, options, note)
    path, cine = _read_cine(patient, source, note)
    stack = attempt(lambda: _over_time(cine, frames, numbers), where, note) if cine or frames else None
    if stack is None:
        return None
    facts = stack.facts | {fact: info[key] for key, fact in _FACTS.items() if key in info}
    path = path or patient.frames[min(frames)]
    stack = _with_true_spacing(replace(stack, base_first=True, facts=facts), path, where, note)
    subject = path.absolute().parent.name
    return FoundStack(stack=stack, subject=subject, series_key=where, series="sax", modality="MR", source=where)


def _info(patient: _Patient, note: Note) -> dict[str, str]:
    path = patient.info
    text = (
        attempt(lambda: path.read_text(encoding="utf-8-sig", errors="replace"), patient.where, note) if path else None
    )
    lines = [line.split(":", 1) for line in (text or "").splitlines() if ":" in line]
    info = {key.strip(): value.strip() for key, value in lines}
    if not all(info.get(key, "").isdecimal() for key in _PHASES):
        text = "Info.cfg is missing or does not say which frames are ED and ES: give them with a phases file."
        note(ImportNote(kind="noticed", code="phases-unknown", where=patient.where, text=text))
    return info


def _read_frames(patient: _Patient, source: Source, options: ImportOptions, note: Note) -> dict[int, Stack]:
    read = {
        number: read_with_mask(path, patient.masks.get(number), options, source.relative(path), note)
        for number, path in sorted(patient.frames.items())
    }
    return {number: stack for number, stack in read.items() if stack is not None}


def _read_cine(patient: _Patient, source: Source, note: Note) -> tuple[Path, Stack] | tuple[None, None]:
    path = patient.cine
    stack = attempt(lambda: read_nifti(path), source.relative(path), note) if path else None
    return (path, stack) if path and stack else (None, None)


def _over_time(cine: Stack | None, frames: dict[int, Stack], numbers: dict[str, int]) -> Stack:
    """The 4D file, where there is one, else ED and ES one after the other on T; masks from the single frames."""
    shapes = sorted({stack.pixels.shape[1:] for stack in (*frames.values(), *([cine] if cine else []))})
    if len(shapes) > 1:
        raise ImageError(f"Expected frames of one shape (Z, Y, X), got {shapes[0]} and {shapes[1]}.")
    stack = cine or _joined(frames)
    order = list(range(1, len(cine.pixels) + 1)) if cine else sorted(frames)
    phases = {name: order.index(number) for name, number in numbers.items() if number in order}
    return replace(_with_masks(stack, frames, order), phases=phases)


def _joined(frames: dict[int, Stack]) -> Stack:
    order = sorted(frames)
    pixels = np.concatenate([frames[number].pixels for number in order])
    return replace(frames[order[0]], pixels=pixels, mask=None, mask_phases=())


def _with_masks(stack: Stack, frames: dict[int, Stack], order: list[int]) -> Stack:
    drawn = {number: frame for number, frame in frames.items() if frame.mask_phases and number in order}
    masks = {order.index(number): frame.mask for number, frame in drawn.items() if frame.mask is not None}
    if not masks:
        return stack
    mask = np.zeros(stack.pixels.shape, np.uint8)
    for phase, labelled in masks.items():
        mask[phase] = labelled[0]
    classes = next(iter(drawn.values())).mask_classes
    return replace(stack, mask=mask, mask_phases=tuple(sorted(masks)), mask_classes=classes)


def _with_true_spacing(stack: Stack, path: Path, where: str, note: Note) -> Stack:
    """The spacing of pixdim: ACDC's files carry it there, while their affine is often the identity."""
    image: Any = nibabel.load(path)
    header = image.header
    x, y, z = (round(float(zoom), 6) for zoom in header.get_zooms()[:3])
    if (x, y, z) == (1.0, 1.0, 1.0):
        text = "Spacing 1 x 1 x 1 mm is what a file says that lost its spacing: taken as unknown, no mm follow from it."
        note(ImportNote(kind="noticed", code="spacing-unknown", where=where, text=text))
        return replace(stack, spacing=None, directions_known=False)
    said = tuple(float(size) for size in np.linalg.norm(header.get_best_affine()[:3, 2::-1], axis=0))
    if np.allclose(said, (z, y, x), atol=1e-3):
        return stack
    text = f"The affine says {_millimetres(said)}, pixdim {_millimetres((z, y, x))}: pixdim is used."
    note(ImportNote(kind="repaired", code="spacing-from-pixdim", where=where, text=text))
    if stack.spacing is not None and np.allclose(stack.spacing, (z, y, x), atol=1e-3):
        return stack  # `read_nifti` knows an affine of 1 mm voxels for a placeholder
    affines = np.tile(np.diag([x, y, 1.0, 1.0]), (stack.pixels.shape[1], 1, 1))
    affines[:, 2, 3] = z * np.arange(stack.pixels.shape[1])
    return replace(stack, affines=affines, spacing=(z, y, x), directions_known=False)


def _millimetres(spacing: Sequence[float]) -> str:
    return " x ".join(f"{step:g}" for step in spacing) + " mm"


ACDC = Importer(
    name="acdc",
    expects="a folder per patient with Info.cfg and patientNNN_frameXX.nii.gz, masks ending in _gt",
    recognises=_recognises,
    read=_read,
)
