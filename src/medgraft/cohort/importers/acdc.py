"""The official layout of ACDC (Bernard et al. 2018, doi 10.1109/TMI.2018.2837502): Info.cfg in a folder per patient."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

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
    info = _info(patient, note)
    numbers = {name: int(info[key]) for key, name in _PHASES.items() if info.get(key, "").isdecimal()}
    frames = _read_frames(patient, source, options, note)
    stack = _cine(patient, frames, numbers, source, note) if patient.cine else None
    stack = stack or attempt(lambda: _joined(frames, numbers), patient.where, note) if frames or stack else None
    if stack is None:
        return None
    facts = stack.facts | {fact: info[key] for key, fact in _FACTS.items() if key in info}
    stack = _with_known_spacing(replace(stack, base_first=True, facts=facts), patient.where, note)
    subject = patient.files[-1].parent.name
    return FoundStack(
        stack=stack, subject=subject, series_key=patient.where, series="sax", modality="MR", source=patient.where
    )


def _info(patient: _Patient, note: Note) -> dict[str, str]:
    path = patient.info
    text = attempt(lambda: path.read_text(encoding="utf-8"), patient.where, note) if path else None
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


def _joined(frames: dict[int, Stack], numbers: dict[str, int]) -> Stack:
    """ED and ES, or whatever frames there are, one after the other on T."""
    order = sorted(frames)
    shapes = {frames[number].pixels.shape[1:] for number in order}
    if len(shapes) > 1:
        raise ImageError(f"Expected frames of one shape (Z, Y, X), got {sorted(shapes)}.")
    first = frames[order[0]]
    phases = {name: order.index(number) for name, number in numbers.items() if number in frames}
    pixels = np.concatenate([frames[number].pixels for number in order])
    return replace(_with_masks(replace(first, pixels=pixels, mask=None), frames, order), phases=phases)


def _cine(
    patient: _Patient, frames: dict[int, Stack], numbers: dict[str, int], source: Source, note: Note
) -> Stack | None:
    """All frames from the 4D file, with masks from the frames that have one; frame 1 of Info.cfg is T = 0."""
    path = patient.cine
    stack = attempt(lambda: read_nifti(path), source.relative(path), note) if path else None
    if stack is None:
        return None
    n_frames = stack.pixels.shape[0]
    order = list(range(1, n_frames + 1))
    fitting = {number: frame for number, frame in frames.items() if frame.pixels.shape[1:] == stack.pixels.shape[1:]}
    phases = {name: number - 1 for name, number in numbers.items() if 1 <= number <= n_frames}
    return replace(_with_masks(stack, fitting, order), phases=phases)


def _with_masks(stack: Stack, frames: dict[int, Stack], order: list[int]) -> Stack:
    masks = {order.index(n): frame.mask for n, frame in frames.items() if frame.mask is not None and n in order}
    if not masks:
        return stack
    mask = np.zeros(stack.pixels.shape, np.uint8)
    for phase, labelled in masks.items():
        mask[phase] = labelled[0]
    return replace(stack, mask=mask, mask_phases=tuple(sorted(masks)))


def _with_known_spacing(stack: Stack, where: str, note: Note) -> Stack:
    if stack.spacing != (1.0, 1.0, 1.0):
        return stack
    text = "Spacing 1 x 1 x 1 mm is what a file says that lost its spacing: taken as unknown, no millimetres follow."
    note(ImportNote(kind="noticed", code="spacing-unknown", where=where, text=text))
    return replace(stack, spacing=None)


ACDC = Importer(
    name="acdc",
    expects="a folder per patient with Info.cfg and patientNNN_frameXX.nii.gz, masks ending in _gt",
    recognises=_recognises,
    read=_read,
)
