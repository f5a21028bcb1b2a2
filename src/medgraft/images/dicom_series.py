"""A stack written as an MR series, one file per image (PS3.3 A.4), and the parts of a header that all writers share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, MRImageStorage
from pydicom.valuerep import format_number_as_ds

from medgraft.core.digest import digest
from medgraft.core.errors import InputError
from medgraft.core.stack import Stack

#: Facts of a stack that are written under their DICOM keyword.
WRITTEN_FACTS = (
    "ManufacturerModelName",
    "MagneticFieldStrength",
    "PatientSex",
    "PatientAge",
    "ProtocolName",
    "EchoTime",
)

_PIXEL_TYPES = ("uint8", "int16", "uint16")


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Whose stack it is and what it is called; with the seed, all that UIDs are made of."""

    patient_id: str
    series_description: str
    manufacturer: str
    seed: int
    study_description: str = ""
    series_number: int = 1
    facts: Mapping[str, str] = field(default_factory=dict)

    def uid(self, *what: object) -> UID:
        """A UID below 2.25 (PS3.5 B.2): the same identity and key always give the same one.

        >>> one = Identity(patient_id="p", series_description="sax", manufacturer="m", seed=1)
        >>> one.uid("study") == one.uid("study") != one.uid("series")
        True
        """
        whose = (self.seed, self.patient_id)
        series = () if what[0] in ("study", "frame of reference") else (self.series_description, self.series_number)
        return UID(f"2.25.{int(digest([whose, series, what])[:30], 16)}")


def write_dicom_series(
    folder: Path,
    stack: Stack,
    *,
    patient_id: str,
    series_description: str,
    manufacturer: str,
    seed: int,
    study_description: str = "",
    series_number: int = 1,
    facts: Mapping[str, str] | None = None,
) -> list[Path]:
    """Write a stack as MR Image Storage, explicit VR little endian: Z x T files, slice by slice; their paths.

    Times become TriggerTime. Equal arguments give equal bytes. Patients and frames of reference are told apart by
    `patient_id` and `seed`, series of one patient by `series_description` and `series_number`.

    Raises:
        InputError: pixels are neither uint8, int16 nor uint16, or the stack has no spacing.
    """
    check_writable(stack)
    identity = Identity(
        patient_id=patient_id,
        series_description=series_description,
        manufacturer=manufacturer,
        seed=seed,
        study_description=study_description,
        series_number=series_number,
        facts=facts or {},
    )
    folder.mkdir(parents=True, exist_ok=True)
    n_phases, n_slices = stack.pixels.shape[:2]
    paths = []
    for z in range(n_slices):
        for t in range(n_phases):
            number = z * n_phases + t + 1
            path = folder / f"I{number:05d}.dcm"
            _image(stack, t, z, number, identity).save_as(path, enforce_file_format=True)
            paths.append(path)
    return paths


def check_writable(stack: Stack) -> None:
    """Raise `InputError` if DICOM cannot hold the stack."""
    if stack.pixels.dtype.name not in _PIXEL_TYPES:
        raise InputError(f"Expected pixels of {', '.join(_PIXEL_TYPES)} to write DICOM, got {stack.pixels.dtype}.")
    if stack.spacing is None:
        raise InputError("Expected a stack with known spacing to write DICOM, got one without.")


def template(stack: Stack, identity: Identity, kind: UID, *instance: object) -> FileDataset:
    """A dataset with everything but image, geometry and time: patient, study, series, equipment, file meta."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = kind
    meta.MediaStorageSOPInstanceUID = identity.uid("instance", *instance)
    meta.ImplementationClassUID = UID(f"2.25.{int(digest('medgraft')[:30], 16)}")
    meta.ImplementationVersionName = "MEDGRAFT"
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = kind, meta.MediaStorageSOPInstanceUID
    dataset.Modality, dataset.Manufacturer = "MR", identity.manufacturer
    dataset.PatientID, dataset.PatientName, dataset.PatientBirthDate, dataset.PatientSex = (
        identity.patient_id,
        "",
        "",
        "",
    )
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = identity.uid("study"), identity.uid("series")
    dataset.StudyDate = dataset.StudyTime = dataset.StudyID = dataset.AccessionNumber = (
        dataset.ReferringPhysicianName
    ) = ""
    dataset.StudyDescription, dataset.SeriesDescription = identity.study_description, identity.series_description
    dataset.SeriesNumber = identity.series_number
    dataset.FrameOfReferenceUID, dataset.PositionReferenceIndicator = identity.uid("frame of reference"), ""
    dataset.PatientPosition = "HFS"
    for name, text in {**stack.facts, **identity.facts}.items():
        if name in WRITTEN_FACTS:
            setattr(dataset, name, text)
    return dataset


def set_pixels(dataset: FileDataset, pixels: NDArray[Any]) -> None:
    """The image pixel module (PS3.3 C.7.6.3) for (Y, X) or (N, Y, X) pixels."""
    bits = pixels.dtype.itemsize * 8
    dataset.Rows, dataset.Columns = pixels.shape[-2:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit = bits - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    raw = np.ascontiguousarray(pixels.astype(pixels.dtype.newbyteorder("<"))).tobytes()
    dataset.PixelData = raw + b"\0" * (len(raw) % 2)
    dataset["PixelData"].VR = "OB" if bits == 8 else "OW"


def set_plane(position: Any, orientation: Any, measures: Any, stack: Stack, z: int) -> None:
    """Where slice `z` lies (PS3.3 C.7.6.2), written into the dataset(s) that hold its three parts."""
    affine, spacing = stack.affines[z], stack.spacing or (1.0, 1.0, 1.0)
    y, x = np.linalg.norm(affine[:3, 1]), np.linalg.norm(affine[:3, 0])
    position.ImagePositionPatient = decimals(affine[:3, 3])
    orientation.ImageOrientationPatient = decimals([*(affine[:3, 0] / x), *(affine[:3, 1] / y)])
    measures.PixelSpacing = decimals([y, x])
    measures.SliceThickness = measures.SpacingBetweenSlices = decimals([spacing[0]])[0]


def decimals(values: Any) -> list[str]:
    """Numbers as DICOM decimal strings: 16 characters, so about 1e-10 mm."""
    return [format_number_as_ds(float(value)) for value in values]


def _image(stack: Stack, t: int, z: int, number: int, identity: Identity) -> FileDataset:
    dataset = template(stack, identity, MRImageStorage, t, z)
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "OTHER"]
    dataset.ScanningSequence, dataset.SequenceVariant, dataset.ScanOptions = "GR", "SS", ""
    dataset.MRAcquisitionType, dataset.RepetitionTime, dataset.EchoTrainLength = "2D", None, None
    dataset.EchoTime = dataset.get("EchoTime")
    dataset.InstanceNumber, dataset.AcquisitionNumber = number, 1
    set_plane(dataset, dataset, dataset, stack, z)
    if len(stack.pixels) > 1:
        dataset.TemporalPositionIdentifier, dataset.NumberOfTemporalPositions = t + 1, len(stack.pixels)
        dataset.CardiacNumberOfImages = len(stack.pixels)
    if stack.times is not None:
        dataset.TriggerTime = decimals([stack.times[t]])[0]
    set_pixels(dataset, stack.pixels[t, z])
    return dataset
