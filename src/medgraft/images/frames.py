"""From a file's header to its frames: the only place that knows which attribute of DICOM means what."""

import re
import warnings
from pathlib import Path

import numpy as np

from medgraft.core.errors import InputError
from medgraft.core.geometry import Affine, slice_affine
from medgraft.images.attributes import Attributes
from medgraft.images.dicom_file import DicomHeader, read_header
from medgraft.images.frame import Frame, content_uid
from medgraft.images.phases import PHASE_KEYS
from medgraft.images.problem import FOREIGN, UnusableFileError
from medgraft.images.where import where_in

#: Attributes that travel as facts; names, dates and identifiers of persons are not among them.
FACTS = (
    "Manufacturer",
    "ManufacturerModelName",
    "MagneticFieldStrength",
    "PatientSex",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "BodyPartExamined",
    "SeriesDescription",
    "ProtocolName",
    "SequenceName",
    "ScanningSequence",
    "SliceThickness",
    "SpacingBetweenSlices",
    "EchoTime",
    "RepetitionTime",
    "FlipAngle",
    "HeartRate",
    "CardiacNumberOfImages",
)

#: What images of one acquisition share even where a vendor gave each slice its own series.
PROTOCOL = ("ProtocolName", "ScanningSequence", "SequenceVariant", "FlipAngle", "ImageType")

#: Words of ImageType / FrameType that mark a picture other than the plain one of its position.
COMPONENTS = frozenset(
    [
        "P",
        "PHASE",
        "PHASE_MAP",
        "R",
        "REAL",
        "I",
        "IMAGINARY",
        "VELOCITY",
        "ADC",
        "FA",
        "TRACEW",
        "EXP",
        "WATER",
        "FAT",
        "IN_PHASE",
        "OUT_PHASE",
        "OPP_PHASE",
    ]
)

_LOCALISER = re.compile(r"locali[sz]er|scout|survey|3[ -]?plane|\bloc\b", re.IGNORECASE)

_GE_B_VALUE_OFFSET = 1e9  # some GE software adds 10^9 to the b-value


def read_frames(path: Path, root: Path) -> tuple[Frame, ...]:
    """The frames of one file; empty for a DICOMDIR. Raises `UnusableFileError` where the file is no usable image."""
    try:
        # pydicom warns about each odd value, also when it is first looked at
        with warnings.catch_warnings(action="ignore"):
            header = read_header(path)
            return () if header is None else _frames(header, path, where_in(root, path))
    except FOREIGN as error:
        if isinstance(error, UnusableFileError):
            raise
        raise UnusableFileError("unreadable", f"The header cannot be read ({type(error).__name__}).") from error


def _frames(header: DicomHeader, path: Path, where: str) -> tuple[Frame, ...]:
    return tuple(_frame(header, index, path, where) for index in range(header.n_frames))


def _frame(header: DicomHeader, index: int, path: Path, where: str) -> Frame:
    say = Attributes(header.dataset, index)
    many = header.n_frames > 1
    rows, columns = say.whole("Rows", 0), say.whole("Columns", 0)
    spacing = _spacing(say)
    samples, bits = say.whole("SamplesPerPixel", 1), say.whole("BitsAllocated", 16)
    description = say.text("SeriesDescription")
    image_type = say.text("FrameType") or say.text("ImageType")
    return Frame(
        path=path,
        where=where,
        index=index,
        n_frames=header.n_frames,
        instance=say.text("SOPInstanceUID") or content_uid(path),
        patient=say.text("PatientID"),
        study=say.text("StudyInstanceUID"),
        series=say.text("SeriesInstanceUID"),
        series_number=say.whole("SeriesNumber", -1),
        description=description,
        modality=say.text("Modality"),
        frame_of_reference=say.text("FrameOfReferenceUID"),
        rows=rows,
        columns=columns,
        affine=_affine(say, spacing),
        spacing=spacing,
        tagged_spacing=_tagged_spacing(say),
        slice_location=say.number("SliceLocation"),
        number=index + 1 if many else say.whole("InstanceNumber", -1),
        keys=_keys(say, index, many),
        contrast=_contrast(say),
        component=next((word for word in image_type.split("\\") if word in COMPONENTS), ""),
        protocol=(re.sub(r"\d+", "", description), *(say.text(name) for name in PROTOCOL)),
        localiser="LOCALIZER" in image_type or bool(_LOCALISER.search(description)),
        compressed=header.compressed,
        colour=samples > 1 or say.text("PhotometricInterpretation") == "PALETTE COLOR",
        pixels_at=header.pixels_at,
        n_bytes=rows * columns * samples * bits // 8,
        inverted_about=_inverted_about(say),
        slope=say.number("RescaleSlope") or 1.0,
        intercept=say.number("RescaleIntercept") or 0.0,
        facts={name: text for name in FACTS if (text := say.text(name))},
    )


def _spacing(say: Attributes) -> tuple[float, float] | None:
    for name in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        found = say.numbers(name, 2)
        if found and min(found) > 0:
            return found[0], found[1]
    return None


def _tagged_spacing(say: Attributes) -> float | None:
    """Of slices that are counted downwards the distance is negative (PS3.3 C.8.4.15)."""
    return abs(say.number("SpacingBetweenSlices") or say.number("SliceThickness") or 0.0) or None


def _affine(say: Attributes, spacing: tuple[float, float] | None) -> Affine | None:
    place, turn = say.numbers("ImagePositionPatient", 3), say.numbers("ImageOrientationPatient", 6)
    if not (place and turn and spacing) or np.abs(place).max() > 1e5:
        return None
    try:
        (x, y, z), (a, b, c, d, e, f) = place, turn
        return slice_affine((x, y, z), (a, b, c), (d, e, f), spacing)
    except InputError:
        return None


def _keys(say: Attributes, index: int, many: bool) -> dict[str, float]:
    found = {key.name: key.read(say) for key in PHASE_KEYS}
    if many:
        found["InstanceNumber"] = float(index + 1)
    return {name: value for name, value in found.items() if value is not None}


def _contrast(say: Attributes) -> dict[str, float]:
    b_value = _b_value(say)
    echo = say.number("EffectiveEchoTime") or say.number("EchoTime")
    return {
        **({"b-value": b_value} if b_value is not None else {}),
        **({"echo time": echo} if echo is not None else {}),
    }


def _b_value(say: Attributes) -> float | None:
    """DiffusionBValue, else the vendors' private elements, else Siemens' SequenceName ("*ep_b1000#12")."""
    private = (
        (0x0019, "SIEMENS MR HEADER", 0x0C),
        (0x2001, "Philips Imaging DD 001", 0x03),
        (0x0043, "GEMS_PARM_01", 0x39),
    )
    found = say.number("DiffusionBValue")
    if found is not None:
        return found
    # Private elements stand in series that are no diffusion, too: there b = 0 says nothing.
    found = next((value for place in private if (value := say.private(*place))), None)
    match = re.search(r"_b(\d+)", say.text("SequenceName"))
    if found is None:
        return float(match[1]) if match else None
    return found % _GE_B_VALUE_OFFSET


def _inverted_about(say: Attributes) -> int | None:
    """For MONOCHROME1 (high is dark): the stored value v becomes `inverted_about - v`; else None."""
    if say.text("PhotometricInterpretation") != "MONOCHROME1":
        return None
    return -1 if say.whole("PixelRepresentation", 0) else (1 << say.whole("BitsStored", 16)) - 1
