"""Phantom subjects as folders on disk: a DICOM tree with its truth beside it, and the layout of ACDC."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from medgraft.core.errors import InputError
from medgraft.core.seeds import rng
from medgraft.core.spreadsheet import write_sheet
from medgraft.core.stack import Stack
from medgraft.core.task import MASK_CODES
from medgraft.images import write_dicom_series, write_nifti
from medgraft.phantoms.short_axis import PhantomHeart, short_axis_heart

#: ACDC's codes (Bernard et al. 2018): 1 right ventricle, 2 myocardium, 3 left ventricular cavity.
ACDC_CODES = {"background": 0, "rv": 1, "myocardium": 2, "pool": 3}

_TRUTH = ("subject", "phase", "phase_name", "slice", "class", "level")
_VOLUMES = ("subject", "site", "group", "phase", "phase_name", "volume_ml", "ejection_fraction")


def write_dicom(
    folder: Path, n_subjects: int, *, site: str = "a", seed: int = 7, size: int = 160, n_phases: int = 10
) -> tuple[Path, ...]:
    """Write subjects 1 to `n_subjects` of a site as DICOM series, with their truth; the subjects' DICOM folders.

    `dicom/<subject>/` has one file per slice and phase, `masks/<subject>.nii.gz` the mask (x, y, z, t) in
    `core.task.MASK_CODES`; `truth.csv` has class and level of every slice, `truth_volumes.csv` the exact volume of
    the pool at every phase. Equal arguments give equal bytes. Raises `InputError` as `short_axis_heart` does.
    """
    truth: list[tuple[object, ...]] = []
    volumes: list[tuple[object, ...]] = []
    written = []
    for heart in _subjects(n_subjects, site=site, seed=seed, size=size, n_phases=n_phases):
        home = folder / "dicom" / heart.subject
        write_dicom_series(
            home,
            heart.stack,
            patient_id=heart.subject,
            series_description="cine SSFP short axis",
            manufacturer=heart.stack.facts["Manufacturer"],
            seed=seed,
        )
        _write_mask(folder / "masks" / f"{heart.subject}.nii.gz", heart.stack)
        truth.extend(_truth_rows(heart))
        volumes.extend(_volume_rows(heart))
        written.append(home)
    write_sheet(folder / "truth.csv", _TRUTH, truth)
    write_sheet(folder / "truth_volumes.csv", _VOLUMES, volumes)
    return tuple(written)


def write_acdc_layout(
    folder: Path, n_subjects: int, *, site: str = "a", seed: int = 7, size: int = 160, n_phases: int = 10
) -> tuple[Path, ...]:
    """Write subjects in the folder layout of ACDC, frames of ED and ES with `_gt` masks; the patients' folders.

    `patientNNN/Info.cfg`, `patientNNN_frameXX.nii.gz` and `patientNNN_frameXX_gt.nii.gz` in ACDC's codes; frames are
    counted from 1. `truth.csv` and `truth_volumes.csv` are as in `write_dicom`, with the patients' names.
    """
    truth: list[tuple[object, ...]] = []
    volumes: list[tuple[object, ...]] = []
    written = []
    for number, heart in enumerate(_subjects(n_subjects, site=site, seed=seed, size=size, n_phases=n_phases), start=1):
        patient = replace(heart, subject=f"patient{number:03d}")
        home = folder / patient.subject
        home.mkdir(parents=True, exist_ok=True)
        (home / "Info.cfg").write_text(_info(patient, seed))
        for phase in patient.stack.phases.values():
            frame = home / f"{patient.subject}_frame{phase + 1:02d}"
            write_nifti(Path(f"{frame}.nii.gz"), _acdc_frame(patient.stack, phase), Path(f"{frame}_gt.nii.gz"))
        truth.extend(_truth_rows(patient))
        volumes.extend(_volume_rows(patient))
        written.append(home)
    write_sheet(folder / "truth.csv", _TRUTH, truth)
    write_sheet(folder / "truth_volumes.csv", _VOLUMES, volumes)
    return tuple(written)


def _subjects(n_subjects: int, *, site: str, seed: int, size: int, n_phases: int) -> Iterator[PhantomHeart]:
    if n_subjects < 1:
        raise InputError(f"Expected at least 1 subject, got {n_subjects}.")
    for subject in range(1, n_subjects + 1):
        yield short_axis_heart(subject=subject, site=site, seed=seed, size=size, n_phases=n_phases)


def _phase_name(stack: Stack, phase: int) -> str:
    return next((name for name, index in stack.phases.items() if index == phase), str(phase))


def _truth_rows(heart: PhantomHeart) -> Iterator[tuple[object, ...]]:
    for (phase, z), code in np.ndenumerate(heart.slice_classes):
        yield heart.subject, phase, _phase_name(heart.stack, phase), z, code, heart.levels[phase, z]


def _volume_rows(heart: PhantomHeart) -> Iterator[tuple[object, ...]]:
    for phase, volume in enumerate(heart.volumes_ml):
        name, share = _phase_name(heart.stack, phase), f"{heart.ejection_fraction:.4f}"
        yield heart.subject, heart.site, heart.group, phase, name, f"{volume:.3f}", share


def _write_mask(path: Path, stack: Stack) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if stack.mask is not None:
        write_nifti(path, replace(stack, pixels=stack.mask, mask=None))


def _acdc_frame(stack: Stack, phase: int) -> Stack:
    """One phase as ACDC has it: a stack of its own, its mask in ACDC's codes."""
    if stack.mask is None:
        raise InputError("Expected a stack with a mask, got one without.")
    table = np.zeros(len(MASK_CODES), np.uint8)
    for name, code in MASK_CODES.items():
        table[code] = ACDC_CODES[name]
    return Stack(
        pixels=stack.pixels[[phase]],
        affines=stack.affines,
        spacing=stack.spacing,
        base_first=stack.base_first,
        mask=table[stack.mask[[phase]]],
        mask_phases=(0,),
    )


def _info(heart: PhantomHeart, seed: int) -> str:
    random = rng(seed, "body", heart.site, heart.subject)
    phases = heart.stack.phases
    entries = {
        "ED": phases["ed"] + 1,
        "ES": phases["es"] + 1,
        "Group": heart.group,
        "Height": f"{random.normal(171, 9):.1f}",
        "NbFrame": len(heart.stack.pixels),
        "Weight": f"{random.normal(75, 12):.1f}",
    }
    return "".join(f"{name}: {value}\n" for name, value in entries.items())
