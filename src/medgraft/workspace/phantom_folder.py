"""A folder of synthetic patients, to try things without real ones."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from medgraft.core.errors import InputError
from medgraft.phantoms import write_acdc_layout, write_dicom

PhantomLayout = Literal["acdc", "dicom"]

_WRITERS = {"acdc": write_acdc_layout, "dicom": write_dicom}
_IMAGES = {"acdc": ".", "dicom": "dicom"}


@dataclass(frozen=True, kw_only=True)
class PhantomFolder:
    """What was written: the folder, where in it the images are, its layout, and its subjects by name."""

    folder: str
    images: str
    layout: PhantomLayout
    subjects: tuple[str, ...]


def write_phantoms(
    folder: Path,
    *,
    subjects: int = 6,
    layout: PhantomLayout = "acdc",
    site: str = "a",
    seed: int = 7,
    size: int = 96,
    phases: int = 6,
) -> PhantomFolder:
    """Write synthetic short-axis hearts with their truth; equal arguments give equal files.

    Args:
        folder: a new or an empty folder.
        subjects: how many.
        layout: "acdc", NIfTI of ED and ES with masks, or "dicom", a series of all phases per subject.
        site: of `phantoms.SITES`: what differs between scanners.
        seed: of the population.
        size: rows and columns of the images.
        phases: phases of the heartbeat.

    Raises:
        InputError: the folder holds files already, or a value is out of range.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"Expected a new or an empty folder, got {folder}. Do: name another folder.")
    written = _WRITERS[layout](folder, subjects, site=site, seed=seed, size=size, n_phases=phases)
    return PhantomFolder(
        folder=str(folder),
        images=str(folder / _IMAGES[layout]),
        layout=layout,
        subjects=tuple(path.name for path in written),
    )
