"""A stack written as CT Image Storage, one file per image (PS3.3 A.3), as scanners send 4D heart CT."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from pydicom.dataset import FileDataset
from pydicom.uid import CTImageStorage

from medgraft.core.errors import InputError
from medgraft.core.stack import Stack
from medgraft.images.dicom_series import Identity, check_writable, decimals, set_pixels, set_plane, template

#: Stored values are HU + 1024: scanners store unsigned numbers.
_INTERCEPT = -1024


def write_dicom_ct(
    folder: Path,
    stack: Stack,
    *,
    patient_id: str,
    series_description: str,
    manufacturer: str,
    seed: int,
    series_per_phase: bool = False,
    facts: Mapping[str, str] | None = None,
) -> list[Path]:
    """Write a stack in HU as classic CT images, explicit VR little endian: Z x T files, phase by phase; their paths.

    Each image says its place in the cycle as NominalPercentageOfCardiacPhase, and as TriggerTime where the stack has
    times. `series_per_phase` gives each phase a series of its own, named by its percentage, else all are one series.
    Equal arguments give equal bytes.

    Raises:
        InputError: pixels are not int16 HU from -1024 on, or the stack has no spacing.
    """
    check_writable(stack)
    if stack.pixels.dtype != np.int16 or stack.pixels.min() < _INTERCEPT:
        raise InputError(f"Expected int16 HU from {_INTERCEPT} on to write CT, got {stack.pixels.dtype}.")
    whole = Identity(
        patient_id=patient_id,
        series_description=series_description,
        manufacturer=manufacturer,
        seed=seed,
        facts=facts or {},
    )
    folder.mkdir(parents=True, exist_ok=True)
    n_phases, n_slices = stack.pixels.shape[:2]
    paths = []
    for t in range(n_phases):
        identity = _of_phase(whole, t, n_phases) if series_per_phase else whole
        for z in range(n_slices):
            number = z + 1 if series_per_phase else t * n_slices + z + 1
            path = folder / f"I{t * n_slices + z + 1:05d}.dcm"
            _image(stack, t, z, number, identity).save_as(path, enforce_file_format=True)
            paths.append(path)
    return paths


def _of_phase(whole: Identity, t: int, n_phases: int) -> Identity:
    name = f"{whole.series_description} {100 * t / n_phases:.0f} %"
    return replace(whole, series_description=name, series_number=whole.series_number + t)


def _image(stack: Stack, t: int, z: int, number: int, identity: Identity) -> FileDataset:
    dataset = template(stack, identity, CTImageStorage, t, z)
    dataset.Modality, dataset.ImageType = "CT", ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.InstanceNumber, dataset.AcquisitionNumber, dataset.KVP = number, 1, "100"
    set_plane(dataset, dataset, dataset, stack, z)
    n_phases = len(stack.pixels)
    if n_phases > 1:
        dataset.NominalPercentageOfCardiacPhase = 100 * t / n_phases
    if stack.times is not None:
        dataset.TriggerTime = decimals([stack.times[t]])[0]
    set_pixels(dataset, (stack.pixels[t, z].astype(np.int32) - _INTERCEPT).astype(np.uint16))
    dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = "1", str(_INTERCEPT), "HU"
    return dataset
