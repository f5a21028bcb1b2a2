"""Frame: one image of one file as its header tells it, without pixels."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from medgraft.core.digest import file_digest
from medgraft.core.geometry import Affine


@dataclass(frozen=True, kw_only=True, eq=False)
class Frame:
    """One image of one DICOM file.

    path, where: the file, and its path relative to the imported folder. index: frame of the file, from 0.
    affine: (4, 4) to LPS mm, or None where the file has no geometry. spacing: (y, x) in mm, or None.
    number: InstanceNumber (frame number in a multi-frame file), -1 where missing.
    keys: values by name that may order images of one slice position (`phases.PHASE_KEYS`).
    contrast: values by name that make images of one position different pictures (b-value in s/mm2, echo time in ms).
    component: what the pixels mean beside magnitude ("PHASE", "ADC" ...), "" where they are the plain image.
    protocol: what images of one acquisition share whatever series they were put in.
    pixels_at: offset of the pixel data in the file; None where it cannot be known without unpacking the file.
    n_bytes: size of this image when decoded.
    """

    path: Path
    where: str
    index: int
    n_frames: int
    instance: str
    patient: str
    study: str
    series: str
    series_number: int
    description: str
    modality: str
    frame_of_reference: str
    rows: int
    columns: int
    affine: Affine | None
    spacing: tuple[float, float] | None
    tagged_spacing: float | None
    slice_location: float | None
    number: int
    keys: Mapping[str, float] = field(default_factory=dict)
    contrast: Mapping[str, float] = field(default_factory=dict)
    component: str = ""
    protocol: tuple[str, ...] = ()
    localiser: bool = False
    compressed: bool = False
    colour: bool = False
    pixels_at: int | None = None
    n_bytes: int
    inverted_about: int | None = None
    slope: float = 1.0
    intercept: float = 0.0
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def sort_key(self) -> tuple[str, int, str, int]:
        """A total order that knows nothing of file names (unless two files claim one SOPInstanceUID)."""
        return self.series, self.number, self.instance, self.index


def content_uid(path: Path) -> str:
    """A UID (PS3.5 B.2) that follows from what a file holds, for one that has none of its own."""
    return f"2.25.{int(file_digest(path)[:30], 16)}"
