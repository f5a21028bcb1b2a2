"""Contours in the patient (RT Structure Sets) filled into the mask of a stack."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from medgraft.core.cohort import ImportNote, NoteKind
from medgraft.core.contour import PlanarContour
from medgraft.core.errors import LabelError
from medgraft.core.task import MASK_CLASSES, MASK_CODES
from medgraft.labels.contours import ContourMasks, fill_contour

#: What a contour may surround, in the order of painting, and the class that gets what no later one takes.
STRUCTURES = {"epicardium": "myocardium", "rv": "rv", "myocardium": "myocardium", "pool": "pool"}

#: Names that need no table of the user's, by the structure; case, blanks and signs between words do not count.
ROI_NAMES: Mapping[str, str] = {
    name: structure
    for structure, names in {
        "pool": (
            "pool",
            "blood pool",
            "endocardium",
            "endo",
            "lv endo",
            "lv endocardium",
            "lv cavity",
            "lv blood pool",
        ),
        "myocardium": ("myocardium", "lv myocardium", "lv wall", "lv myo"),
        "epicardium": ("epicardium", "epi", "lv epi", "lv epicardium"),
        "rv": ("rv", "right ventricle", "rv endo", "rv cavity"),
    }.items()
    for name in names
}

_BETWEEN = "Contours lie between slices; those nearest to each slice count."

_KINDS: dict[str, NoteKind] = {
    "unknown-structure": "set aside",
    "off-plane": "refused",
    "unknown-instance": "set aside",
    "between-slices": "set aside",
}
#: Off the plane of its image a contour may be by half the distance of slices, and in a single slice by this, mm.
_ALONE_MM = 1.0
#: Contours of one plane are off by the same, to within this, mm.
_SAME_PLANE_MM = 0.1


@dataclass(frozen=True, kw_only=True, eq=False)
class ContourGrid:
    """The images that contours are filled on.

    affines: (Z, 4, 4) of `Stack`. shape: (T, Z, Y, X). instance_uids: (T, Z) SOPInstanceUIDs, or None.
    """

    affines: NDArray[np.float64]
    shape: tuple[int, int, int, int]
    instance_uids: tuple[tuple[str, ...], ...] | None = None

    @cached_property
    def places(self) -> Mapping[str, list[tuple[int, int]]]:
        """Phase and slice of each instance; several where it stands in for missing phases."""
        places: dict[str, list[tuple[int, int]]] = {}
        for t, row in enumerate(self.instance_uids or ()):
            for z, uid in enumerate(row):
                places.setdefault(uid, []).append((t, z))
        return places

    @property
    def tolerance(self) -> float:
        """How far from an image's plane its contours may be, mm."""
        origins = self.affines[:, :3, 3]
        steps = [float(np.linalg.norm(after - before)) for before, after in pairwise(origins)]
        return min(steps) / 2 if steps else _ALONE_MM


def masks_from_planar_contours(
    contours: Iterable[PlanarContour],
    grid: ContourGrid,
    *,
    names: Mapping[str, str] = ROI_NAMES,
    phase: int | None = None,
) -> ContourMasks:
    """Masks from closed contours: each is laid on its image and filled; several of one region by exclusive or.

    The image is the one a contour was drawn on, by its instance UID, else the slice nearest to it of `phase`. With
    `phase` instance UIDs are passed over. Of contours drawn in planes finer than the slices those nearest to each slice
    count.

    Args:
        contours: as `images.read_rtstruct` gives them.
        grid: of the stack.
        names: name of a structure in the source -> one of `STRUCTURES`.
        phase: the phase all contours belong to; may be left out if contours name their images, or T is 1.

    Raises:
        LabelError: a structure outside `STRUCTURES` in `names`, no contour that can be used, or contours that do not
            say their phase.
    """
    table = {plain_name(name): structure for name, structure in names.items()}
    _check(table, grid, phase)
    laid = [
        item for contour in contours for item in _lay(contour, table.get(plain_name(contour.structure)), grid, phase)
    ]
    notes = [item for item in laid if isinstance(item, ImportNote)]
    regions: dict[tuple[int, int, str, str], list[_Laid]] = defaultdict(list)
    for item in (item for item in laid if isinstance(item, _Laid)):
        regions[item.phase, item.slice, item.structure, item.contour.structure].append(item)
    areas: dict[tuple[int, int, str], NDArray[np.bool_]] = defaultdict(lambda: np.zeros(grid.shape[2:], bool))
    for (*place, structure, _), items in regions.items():
        nearest, others = _nearest_plane(items)
        notes += [_note("between-slices", _BETWEEN, item.contour) for item in others]
        areas[place[0], place[1], structure] |= _area(nearest, grid.shape[2:])
    if not areas:
        told = " ".join(sorted({note.text for note in notes})) or "There was no contour at all."
        raise LabelError(f"Expected contours that lie on this stack, got none. {told}")
    return _painted(areas, grid.shape, notes)


def plain_name(name: str) -> str:
    """The name of a region without case, signs and surplus blanks, as names are compared.

    >>> plain_name("LV_Endo ")
    'lv endo'
    """
    return " ".join(re.findall(r"[^\W_]+", name.casefold()))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Laid:
    """A contour on its image: points (N, 2) as x, y in pixels, and how far it is off along the image's normal, mm."""

    phase: int
    slice: int
    structure: str
    points: NDArray[np.float64]
    off: float
    contour: PlanarContour


def _lay(
    contour: PlanarContour, structure: str | None, grid: ContourGrid, phase: int | None
) -> Iterator[_Laid | ImportNote]:
    if structure is None:
        yield _note("unknown-structure", f"No structure is known by the name {contour.structure!r}.", contour)
        return
    places = _places(contour, grid, phase)
    if not places:
        yield _note("unknown-instance", "Contours were drawn on images that are not of this stack.", contour)
        return
    ends = np.column_stack([contour.points, np.ones(len(contour.points))])
    x, y, off = (np.linalg.inv(grid.affines[places[0][1]]) @ ends.T)[:3]
    if np.abs(off).max() > grid.tolerance:
        text = f"Contours lie off every slice by more than {grid.tolerance:.2f} mm, or across slices."
        yield _note("off-plane", text, contour)
        return
    for t, z in places:
        points = np.column_stack([x, y])
        yield _Laid(phase=t, slice=z, structure=structure, points=points, off=float(off.mean()), contour=contour)


def _places(contour: PlanarContour, grid: ContourGrid, phase: int | None) -> list[tuple[int, int]]:
    """Phases and slice of the image a contour was drawn on; none if that is an image of another stack."""
    if phase is None and contour.instance_uid and grid.instance_uids is not None:
        return grid.places.get(contour.instance_uid, [])
    if phase is None and grid.shape[0] > 1:
        raise LabelError(
            f"Expected contours that name their images, or the phase they belong to (0..{grid.shape[0] - 1}), got "
            f"contours of {contour.structure} that lie on every phase alike. Name the phase."
        )
    normals = np.asarray(grid.affines[:, :3, 2])
    away = np.abs(((contour.points.mean(axis=0) - grid.affines[:, :3, 3]) * normals).sum(axis=1))
    return [(phase or 0, int(away.argmin()))]


def _nearest_plane(items: Sequence[_Laid]) -> tuple[list[_Laid], list[_Laid]]:
    """Contours of one region at one slice: those in the plane nearest to the slice, and the others."""
    nearest = min((item.off for item in items), key=abs)
    within = [abs(item.off - nearest) <= _SAME_PLANE_MM for item in items]
    return [item for item, own in zip(items, within, strict=True) if own], [
        item for item, own in zip(items, within, strict=True) if not own
    ]


def _area(items: Sequence[_Laid], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """What contours of one region in one plane surround; one that is there twice counts once."""
    inside = np.zeros(shape, bool)
    for points in {item.points.tobytes(): item.points for item in items}.values():
        # PS3.3 C.8.8.6.3: a contour within a contour of the same region is a hole.
        inside ^= fill_contour(points, shape)
    return inside


def _painted(
    areas: Mapping[tuple[int, int, str], NDArray[np.bool_]], shape: tuple[int, ...], notes: list[ImportNote]
) -> ContourMasks:
    mask = np.zeros(shape, np.uint8)
    for (t, z, structure), inside in sorted(areas.items(), key=lambda item: list(STRUCTURES).index(item[0][2])):
        mask[t, z][inside] = MASK_CODES[STRUCTURES[structure]]
    drawn = {STRUCTURES[structure] for _, _, structure in areas}
    return ContourMasks(
        mask=mask,
        phases=tuple(sorted({t for t, _, _ in areas})),
        classes=tuple(name for name in MASK_CLASSES if name in drawn),
        notes=tuple(replace(note, count=count) for note, count in Counter(notes).items()),
    )


def _check(table: Mapping[str, str], grid: ContourGrid, phase: int | None) -> None:
    unknown = sorted(set(table.values()) - set(STRUCTURES))
    if unknown:
        raise LabelError(f"Expected structures among {', '.join(STRUCTURES)}, got {', '.join(unknown)}.")
    if phase is not None and not 0 <= phase < grid.shape[0]:
        raise LabelError(f"Expected a phase within 0..{grid.shape[0] - 1}, got {phase}.")


def _note(code: str, text: str, contour: PlanarContour) -> ImportNote:
    return ImportNote(kind=_KINDS[code], code=code, where=contour.structure, text=text)
