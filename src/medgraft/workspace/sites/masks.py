"""Masks that a site drew, by case: from a folder of NIfTI masks, or from a project."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medgraft.cohort import Cohort
from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError
from medgraft.core.task import MASK_CLASSES
from medgraft.images import read_nifti
from medgraft.workspace.project import Project, is_project


@dataclass(frozen=True, kw_only=True, eq=False)
class SiteMask:
    """One drawn case. mask: (T, Z, Y, X) in `core.task.MASK_CODES`. phases: those that are drawn.

    classes: those that the site draws at all. affines: (Z, 4, 4), pixel index to LPS mm. spacing: (z, y, x) in mm.
    """

    mask: NDArray[np.uint8]
    phases: tuple[int, ...]
    classes: tuple[str, ...]
    affines: NDArray[np.float64]
    spacing: tuple[float, float, float] | None


#: The masks of a site by case.
Cases = dict[str, "SiteCase"]


@dataclass(frozen=True, kw_only=True)
class SiteCase:
    """A case before it is read. case: equal at both sites. subject: whose it is. read: its mask."""

    case: str
    subject: str
    read: Callable[[], SiteMask]

    @property
    def title(self) -> str:
        """The case with its subject, unless its path begins with it."""
        return self.case if self.case.partition("/")[0] == self.subject else f"{self.subject}, {self.case}"


def site_cases(place: Path) -> Cases:
    """The masks at a place by case.

    A project's cases are its stacks with masks, the same at another site where their pixels are the same. A folder's
    are its NIfTI masks by their path, the subject being the first folder of the path, or the name of a file alone.
    Raises `InputError` for a place without masks.
    """
    cases = dict(_of_project(place) if is_project(place) else _of_folder(place))
    if not cases:
        raise InputError(f"Expected a folder of NIfTI masks or a project with masks, found no mask at {place}.")
    return cases


def _of_project(place: Path) -> Iterator[tuple[str, SiteCase]]:
    project = Project.open(place)
    with project.cohort() as cohort:
        for entry in cohort.entries():
            if entry.mask_phases:
                read = _reader(project, entry)
                yield entry.pixels_digest, SiteCase(case=entry.series or entry.id, subject=entry.subject, read=read)


def _reader(project: Project, entry: StackEntry) -> Callable[[], SiteMask]:
    def read() -> SiteMask:
        with Cohort.open(project.root) as cohort:
            mask = cohort.mask(entry)
        if mask is None:
            raise InputError(f"Expected the mask of stack {entry.id} in {project.root.name}, found none.")
        return SiteMask(
            mask=mask,
            phases=entry.mask_phases,
            classes=entry.mask_classes,
            affines=entry.affine_stack,
            spacing=entry.spacing,
        )

    return read


def _of_folder(place: Path) -> Iterator[tuple[str, SiteCase]]:
    for path in sorted(place.rglob("*.nii*")):
        if path.name.endswith((".nii", ".nii.gz")):
            case = path.relative_to(place).as_posix().removesuffix(".gz").removesuffix(".nii")
            yield case, SiteCase(case=case, subject=case.partition("/")[0], read=_file_reader(path))


def _file_reader(path: Path) -> Callable[[], SiteMask]:
    def read() -> SiteMask:
        stack = read_nifti(path, mask=path)  # refuses other codes
        mask, phases = stack.pixels.astype(np.uint8), stack.mask_phases
        return SiteMask(mask=mask, phases=phases, classes=MASK_CLASSES, affines=stack.affines, spacing=stack.spacing)

    return read
