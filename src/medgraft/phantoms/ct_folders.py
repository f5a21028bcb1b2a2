"""CT phantoms as folders on disk: 4D NIfTI with masks beside the images, or DICOM; the truth as CSV."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from medgraft.core.errors import InputError
from medgraft.core.spreadsheet import write_sheet
from medgraft.core.stack import Stack
from medgraft.images import write_dicom_ct, write_nifti
from medgraft.phantoms.ct_heart import CtHeart, ct_heart
from medgraft.phantoms.ct_sites import ct_site, labelled_phases

_TRUTH = (
    "subject",
    "site",
    "phase",
    "phase_name",
    "cavity_ml",
    "myocardium_ml",
    "ejection_fraction",
    "thickness_median_mm",
    "thickness_p95_mm",
    "thickness_max_mm",
)


def write_ct_nifti(
    folder: Path,
    n_subjects: int,
    *,
    site: str = "one",
    seed: int = 7,
    size: int | tuple[int, int, int] = 48,
    n_phases: int = 8,
    labelled: str | None = None,
    readers: str | None = None,
) -> tuple[Path, ...]:
    """Write subjects 1 to `n_subjects` of a site as 4D NIfTI, `<subject>.nii.gz` and `<subject>_gt.nii.gz`; the images.

    Phases that the site did not label are all zero in the mask, as in the paper's data. `truth.csv` has the exact
    figures of every phase, `phases.csv` which phases are ED and ES. Equal arguments give equal bytes.

    Args:
        folder: made where it is missing.
        n_subjects: at least 1.
        site: of `CT_SITES`.
        seed: of the whole population.
        size: voxels along (z, y, x).
        n_phases: phases of the cycle.
        labelled: "all", "every other" or "ed-es"; None is the site's custom.
        readers: the site whose readers draw, by its rule; None is the site itself.

    Raises:
        InputError: as `ct_heart` does, or for another word in `labelled`.
    """
    hearts = _hearts(n_subjects, site, seed, size, n_phases)
    folder.mkdir(parents=True, exist_ok=True)
    written, truth = [], _Truth()
    for imaged in hearts:
        heart = imaged if readers is None else imaged.drawn_by(ct_site(readers).annotation)
        path = folder / f"{heart.subject}.nii.gz"
        drawn = with_labels(heart.stack, labelled or ct_site(site).labelled)
        write_nifti(path, drawn, folder / f"{heart.subject}_gt.nii.gz")
        written.append(path)
        truth.add(heart)
    truth.write(folder)
    return tuple(written)


def write_ct_dicom(
    folder: Path,
    n_subjects: int,
    *,
    site: str = "one",
    seed: int = 7,
    size: int | tuple[int, int, int] = 48,
    n_phases: int = 8,
    series_per_phase: bool = False,
) -> tuple[Path, ...]:
    """Write subjects as DICOM CT, a folder `dicom/<subject>` each, with `truth.csv` and `phases.csv`; the folders.

    `series_per_phase`: as some scanners send them, else one series holds all phases. Arguments and errors are those
    of `write_ct_nifti`.
    """
    written, truth = [], _Truth()
    for heart in _hearts(n_subjects, site, seed, size, n_phases):
        home = folder / "dicom" / heart.subject
        write_dicom_ct(
            home,
            heart.stack,
            patient_id=heart.subject,
            series_description="heart CTA",
            manufacturer=heart.stack.facts["Manufacturer"],
            seed=seed,
            series_per_phase=series_per_phase,
        )
        written.append(home)
        truth.add(heart)
    truth.write(folder)
    return tuple(written)


def with_labels(stack: Stack, which: str) -> Stack:
    """The stack with the masks of some phases only, the others all zero: "all", "every other" or "ed-es".

    Raises `InputError` for another word, or a stack without a mask or without end systole.
    """
    if stack.mask is None or "es" not in stack.phases:
        raise InputError("Expected a stack with a mask and a phase named es, got one without.")
    kept = labelled_phases(which, len(stack.mask), stack.phases["es"])
    mask = np.zeros_like(stack.mask)
    mask[list(kept)] = stack.mask[list(kept)]
    return replace(stack, mask=mask, mask_phases=kept)


def _hearts(
    n_subjects: int, site: str, seed: int, size: int | tuple[int, int, int], n_phases: int
) -> Iterable[CtHeart]:
    if n_subjects < 1:
        raise InputError(f"Expected at least 1 subject, got {n_subjects}.")
    return (
        ct_heart(subject=subject, site=site, seed=seed, size=size, n_phases=n_phases)
        for subject in range(1, n_subjects + 1)
    )


@dataclass(frozen=True)
class _Truth:
    """The rows of `truth.csv` and `phases.csv`."""

    rows: list[tuple[object, ...]] = field(default_factory=list)
    phases: list[tuple[object, ...]] = field(default_factory=list)

    def add(self, heart: CtHeart) -> None:
        names = {phase: name for name, phase in heart.stack.phases.items()}
        volumes = zip(heart.cavity_ml, heart.myocardium_ml, strict=True)
        for phase, (cavity, muscle) in enumerate(volumes):
            wall = heart.thickness(phase)
            figures = (cavity, muscle, heart.ejection_fraction, wall.median, wall.p95, wall.maximum)
            texts = (f"{value:.4f}" for value in figures)
            self.rows.append((heart.subject, heart.site, phase, names.get(phase, str(phase)), *texts))
        self.phases.append((heart.subject, heart.stack.phases["ed"], heart.stack.phases["es"]))

    def write(self, folder: Path) -> None:
        write_sheet(folder / "truth.csv", _TRUTH, self.rows)
        write_sheet(folder / "phases.csv", ("subject", "ed", "es"), self.phases)
