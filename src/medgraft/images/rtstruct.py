"""RT Structure Set files (PS3.3 A.19) to contours in the patient."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import RTStructureSetStorage

from medgraft.core.cohort import ImportNote
from medgraft.core.contour import PlanarContour
from medgraft.core.counted import counted
from medgraft.core.errors import ImageError
from medgraft.images.attributes import Attributes, items
from medgraft.images.problem import FOREIGN
from medgraft.images.where import cause

#: Geometric types that surround an area (PS3.3 C.8.8.6.1); the second one says XOR aloud.
_AREAS = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")

#: A structure set of all phases of a cine in fine contours stays below; a file that is larger is not believed.
MAX_BYTES = 512 << 20


@dataclass(frozen=True, kw_only=True, eq=False)
class StructureSet:
    """What a structure set holds: closed contours in the file's order, whose they are, and what was set aside.

    structures: names of all its regions, also of those without a usable contour.
    """

    subject: str
    structures: tuple[str, ...]
    contours: tuple[PlanarContour, ...]
    notes: tuple[ImportNote, ...]


def read_rtstruct(path: Path) -> StructureSet:
    """The closed contours of an RT Structure Set.

    Points, open lines, non-planar curves and closed contours of fewer than three points surround no area: they are set
    aside with a note. Where a region has holes, its contours are to be combined by exclusive or, plane by plane (PS3.3
    C.8.8.6.3).

    Raises:
        ImageError: no DICOM file, another kind of object, no regions, a contour whose coordinates are not finite
            triples or are not as many as it says.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # pydicom warns about each odd value
            return _structure_set(_load(path), path)
    except FOREIGN as error:
        if isinstance(error, ImageError):
            raise
        raise ImageError(
            f"Expected an RT Structure Set in {path.name}, got {type(error).__name__}: {cause(error, path)}."
        ) from error


def _load(path: Path) -> Dataset:
    if path.stat().st_size > MAX_BYTES:
        raise ImageError(f"Expected at most {MAX_BYTES >> 20} MiB in {path.name}, got {path.stat().st_size >> 20}.")
    dataset = dcmread(path)
    if dataset.get("SOPClassUID") != RTStructureSetStorage:
        kind = getattr(dataset.get("SOPClassUID"), "name", "an object that does not say its class")
        raise ImageError(f"Expected an RT Structure Set in {path.name}, got {kind}.")
    return dataset


def _structure_set(dataset: Dataset, path: Path) -> StructureSet:
    names = {
        Attributes(region).whole("ROINumber", -1): Attributes(region).text("ROIName")
        for region in items(dataset, "StructureSetROISequence")
    }
    if not names:
        raise ImageError(f"Expected regions of interest in {path.name}, got an RT Structure Set without any.")
    contours: list[PlanarContour] = []
    notes: list[ImportNote] = []
    for region in items(dataset, "ROIContourSequence"):
        number = Attributes(region).whole("ReferencedROINumber", -1)
        if number not in names:
            raise ImageError(f"Expected contours of regions {sorted(names)} in {path.name}, got region {number}.")
        drawn = items(region, "ContourSequence")
        contours += [_contour(item, names[number], path) for item in drawn if _kind(item) in _AREAS]
        notes += _without_area(drawn, names[number], path)
    return StructureSet(
        subject=Attributes(dataset).text("PatientID"),
        structures=tuple(names.values()),
        contours=tuple(contours),
        notes=tuple(notes),
    )


def _kind(item: Dataset) -> str:
    """Its geometric type; planning systems leave closed contours of a point or two where a structure ends."""
    say = Attributes(item)
    kind, n_points = say.text("ContourGeometricType") or "no type", say.whole("NumberOfContourPoints", -1)
    shrunken = n_points in (1, 2) and len(say.numbers("ContourData") or ()) == 3 * n_points
    return "fewer than 3 points" if shrunken and kind in _AREAS else kind


def _contour(item: Dataset, name: str, path: Path) -> PlanarContour:
    say = Attributes(item)
    values = say.numbers("ContourData")
    claimed = say.whole("NumberOfContourPoints", -1)
    # Attributes gives None for values that are no finite numbers.
    if values is None or len(values) % 3 or len(values) < 9 or claimed not in (-1, len(values) // 3):
        got = "values that are no finite numbers" if values is None else f"{len(values)} values"
        points = "at least 3" if claimed < 0 else str(claimed)
        raise ImageError(f"Expected {points} points of 3 coordinates in a contour of {name} in {path.name}, got {got}.")
    images = items(item, "ContourImageSequence")
    return PlanarContour(
        structure=name,
        points=np.asarray(values, float).reshape(-1, 3),
        instance_uid=Attributes(images[0]).text("ReferencedSOPInstanceUID") if len(images) == 1 else "",
    )


def _without_area(drawn: list[Dataset], name: str, path: Path) -> Iterator[ImportNote]:
    kinds = [kind for item in drawn if (kind := _kind(item)) not in _AREAS]
    if kinds:
        text = f"Around no area: {counted(len(kinds), 'contour')} of {name} ({', '.join(sorted(set(kinds)))})."
        yield ImportNote(kind="set aside", code="no-area", where=path.name, text=text, count=len(kinds))
