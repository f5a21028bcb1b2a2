"""A folder of synthetic patients, to try things without real ones."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from medgraft.core.errors import InputError
from medgraft.core.files import AnyPath
from medgraft.phantoms import write_acdc_layout, write_ct_dicom, write_ct_nifti, write_dicom

PhantomLayout = Literal["acdc", "dicom", "ct-nifti", "ct-dicom"]


@dataclass(frozen=True, kw_only=True)
class PhantomFolder:
    """What was written.

    folder: all of it. images: where in it the images are. layout: theirs. subjects: by name. phases: the CSV file for
    `import_images` that says which phases are ED and ES, or None.
    """

    folder: str
    images: str
    layout: PhantomLayout
    subjects: tuple[str, ...]
    phases: str | None


def write_phantoms(
    folder: AnyPath,
    *,
    subjects: int = 6,
    layout: PhantomLayout = "acdc",
    site: str | None = None,
    seed: int = 7,
    size: int | None = None,
    phases: int | None = None,
) -> PhantomFolder:
    """Write synthetic hearts with their truth; equal arguments give equal files.

    Args:
        folder: a new or an empty folder.
        subjects: how many.
        layout: short-axis MR as "acdc", NIfTI of ED and ES with masks, or "dicom", a series of all phases per subject;
            4D heart CT as "ct-nifti", with masks of the phases that the site labels, or "ct-dicom".
        site: whose scanner: of `phantoms.SITES` for MR, of `phantoms.CT_SITES` for CT.
        seed: of the population.
        size: rows and columns of the images, for CT slices as well.
        phases: phases of the heartbeat.

    `site`, `size` and `phases` are the layout's own where they are None.

    Raises:
        InputError: the folder holds files already, or a value is out of range.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"Expected a new or an empty folder, got {folder}. Do: name another folder.")
    chosen = _LAYOUTS[layout]
    written = chosen.write(
        folder,
        subjects,
        site=chosen.site if site is None else site,
        seed=seed,
        size=chosen.size if size is None else size,
        n_phases=chosen.n_phases if phases is None else phases,
    )
    return PhantomFolder(
        folder=str(folder),
        images=str(folder / chosen.images),
        layout=layout,
        subjects=tuple(path.name.removesuffix(".nii.gz") for path in written),
        phases=str(folder / chosen.phases) if chosen.phases else None,
    )


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """How a layout is written, where its images are below the folder, and what it is like unless said otherwise."""

    write: Callable[..., tuple[Path, ...]]
    images: str
    phases: str | None
    site: str
    size: int
    n_phases: int


_LAYOUTS = {
    "acdc": _Layout(write=write_acdc_layout, images=".", phases=None, site="a", size=96, n_phases=6),
    "dicom": _Layout(write=write_dicom, images="dicom", phases=None, site="a", size=96, n_phases=6),
    "ct-nifti": _Layout(write=write_ct_nifti, images=".", phases="phases.csv", site="one", size=48, n_phases=8),
    "ct-dicom": _Layout(write=write_ct_dicom, images="dicom", phases="phases.csv", site="one", size=48, n_phases=8),
}
