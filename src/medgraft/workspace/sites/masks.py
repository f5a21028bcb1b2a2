"""Masks that a site drew, by case: from a folder of NIfTI masks, or from a project."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medgraft.cohort import Cohort
from medgraft.cohort.importers.nifti import ENDINGS, image_stem, stem_of
from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError
from medgraft.core.task import MASK_CLASSES
from medgraft.images import read_nifti
from medgraft.workspace.project import Project, is_project


@dataclass(frozen=True, kw_only=True, eq=False)
class SiteMask:
    """One drawn case. mask: (T, Z, Y, X) in `core.task.MASK_CODES`. phases: those that are drawn.

    classes: those that the site draws at all. affines: (Z, 4, 4), pixel index to LPS mm. spacing: (z, y, x) in mm.
    directions_known, base_first: as of `core.stack.Stack`.
    """

    mask: NDArray[np.uint8]
    phases: tuple[int, ...]
    classes: tuple[str, ...]
    affines: NDArray[np.float64]
    spacing: tuple[float, float, float] | None
    directions_known: bool
    base_first: bool | None


#: The masks of a site by case.
Cases = dict[str, "SiteCase"]


@dataclass(frozen=True, kw_only=True)
class SiteCase:
    """A case before it is read.

    case: equal at both sites. subject: whose it is. read: its mask. doubt: why it cannot be told which drawing of this
    site is meant, "" as a rule.
    """

    case: str
    subject: str
    read: Callable[[], SiteMask]
    doubt: str = ""

    @property
    def title(self) -> str:
        """The case with its subject, unless its path begins with it."""
        return self.case if self.case.partition("/")[0] == self.subject else f"{self.subject}, {self.case}"


def site_cases(place: Path, codes: Mapping[int, int] | None = None) -> Cases:
    """The masks at a place by case.

    A project's cases are its stacks with masks, the same at another site where their pixels are the same; stacks of
    equal pixels and equal masks are one. A folder's are its NIfTI masks by their path, the subject being the first
    folder of the path, or the name of a file alone. Where files are named as masks of images, such as cine_gt.nii.gz,
    they alone are masks, and are known by the names of their images.

    Args:
        place: a project, or a folder.
        codes: of a folder's masks, and what they mean in `core.task.MASK_CODES`; None: they are ours.

    Raises:
        InputError: a place without masks, or codes for a project.
    """
    of_project = is_project(place)
    if of_project and codes is not None:
        raise InputError(
            f"Expected codes of masks for a folder of NIfTI files, got {place}, a project, where they are ours."
        )
    found = _of_project(place) if of_project else _of_folder(place, codes)
    cases = {key: _one(alike) for key, alike in _by_key(found).items()}
    if not cases:
        raise InputError(f"Expected a folder of NIfTI masks or a project with masks, found no mask at {place}.")
    return cases


@dataclass(frozen=True, kw_only=True)
class _Drawing:
    """A mask at a place. drawn: equal for equal masks of equal phases."""

    case: SiteCase
    drawn: object


def _by_key(found: Iterable[tuple[str, _Drawing]]) -> dict[str, list[_Drawing]]:
    by_key: dict[str, list[_Drawing]] = {}
    for key, drawing in found:
        by_key.setdefault(key, []).append(drawing)
    return by_key


def _one(alike: Sequence[_Drawing]) -> SiteCase:
    """The case of drawings of one image: in doubt where they are not the same."""
    first = alike[0].case
    if len({drawing.drawn for drawing in alike}) == 1:
        return first
    titles = ", ".join(drawing.case.title for drawing in alike)
    return replace(first, doubt=f"drawn {len(alike)} times at one site, and not alike: {titles}")


def _of_project(place: Path) -> Iterator[tuple[str, _Drawing]]:
    project = Project.open(place)
    with project.cohort() as cohort:
        for entry in cohort.entries():
            if entry.mask_phases:
                case = SiteCase(case=entry.series or entry.id, subject=entry.subject, read=_reader(project, entry))
                drawn = (entry.mask_digest or entry.id, entry.mask_phases, entry.mask_classes)
                yield entry.pixels_digest, _Drawing(case=case, drawn=drawn)


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
            directions_known=entry.directions_known,
            base_first=entry.base_first,
        )

    return read


def _of_folder(place: Path, codes: Mapping[int, int] | None) -> Iterator[tuple[str, _Drawing]]:
    files = [path for path in sorted(place.rglob("*.nii*")) if path.name.endswith(ENDINGS)]
    for path in [path for path in files if image_stem(path)] or files:
        key = path.relative_to(place).with_name(image_stem(path) or stem_of(path)).as_posix()
        case = SiteCase(case=key, subject=key.partition("/")[0], read=_file_reader(path, codes))
        yield key, _Drawing(case=case, drawn=path)


def _file_reader(path: Path, codes: Mapping[int, int] | None) -> Callable[[], SiteMask]:
    def read() -> SiteMask:
        stack = read_nifti(path, mask=path, mask_codes=codes)  # refuses other codes
        if stack.mask is None:
            raise InputError(f"Expected a mask in {path.name}, found none.")
        classes = MASK_CLASSES if codes is None else stack.mask_classes
        return SiteMask(
            mask=stack.mask,
            phases=stack.mask_phases,
            classes=classes,
            affines=stack.affines,
            spacing=stack.spacing,
            directions_known=stack.directions_known,
            base_first=stack.base_first,
        )

    return read
