"""What a voxel around the wall is: outside, pool, wall, or heart continued beyond a cut.

A left ventricle in a mask is a cup: somewhere the valve plane, or the end of the image, cuts through wall and pool.
The cut face is no surface of the wall. There the heart is continued straight on, and no heat flows across.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from medgraft.core.errors import InputError
from medgraft.core.task import MASK_CODES
from medgraft.measurement.volume_mask import Spacing

Floats = NDArray[np.float64]

OUTSIDE, POOL, WALL = 0, 1, 2
#: Added to the code of what is continued beyond a cut, or beyond the border of the image.
BEYOND = 3

#: By the code in a mask.
_CODE_OF = np.full(len(MASK_CODES), OUTSIDE, np.uint8)
_CODE_OF[[MASK_CODES["pool"], MASK_CODES["myocardium"]]] = POOL, WALL
_CODE_BEYOND = np.where(_CODE_OF == OUTSIDE, _CODE_OF, _CODE_OF + np.uint8(BEYOND))

#: Voxels around the wall that belong to its box, and the depth to which a heart is continued.
MARGIN = 8
#: An opening covers at least this share of the pool's section there; less is a gap between two slices as drawn.
_OPENING = 0.5
#: A heart has few: mitral valve, aortic valve, the end of the image. Smaller patches are not looked at.
_MOST_OPENINGS = 4
#: In a plane across the grid the last voxels of background lie a little below it, in layers of voxels.
_BELOW = -0.25


@dataclass(frozen=True, kw_only=True, eq=False)
class Regions:
    """codes: (Z, Y, X) uint8 of the box around the wall. origin: the box's first voxel in the mask. spacing: mm."""

    codes: NDArray[np.uint8]
    origin: tuple[int, ...]
    spacing: Spacing


def regions_of(mask: NDArray[np.integer], spacing: Spacing) -> Regions:
    """The box of a mask's wall, with the heart continued wherever it was cut.

    The heart is cut at the border of the image, and where the pool meets the background over at least half of the
    pool's section: the wall around such an opening ends in the same plane.

    Args:
        mask: (Z, Y, X) in `core.task.MASK_CODES`.
        spacing: (z, y, x) in mm.

    Raises:
        InputError: the mask shows no wall.
    """
    boxes = ndimage.find_objects((mask == MASK_CODES["myocardium"]).view(np.uint8))
    if not boxes:
        raise InputError(f"Expected a mask with a wall (code {MASK_CODES['myocardium']}), got none.")
    codes = _with_margin(mask, boxes[0])
    largest = sorted(_openings(codes, spacing), key=lambda opening: opening.size, reverse=True)
    for opening in largest[:_MOST_OPENINGS]:
        _continue_beyond(opening, codes, spacing)
    return Regions(codes=codes, origin=tuple(int(side.start) - MARGIN for side in boxes[0]), spacing=spacing)


def _with_margin(mask: NDArray[np.integer], box: tuple[slice, ...]) -> NDArray[np.uint8]:
    """Codes of the box and its margin; beyond the border of the image everything is as at the border."""
    ends = [(side.start - MARGIN, side.stop + MARGIN) for side in box]
    short = [(max(0, -start), max(0, stop - n)) for (start, stop), n in zip(ends, mask.shape, strict=True)]
    part = mask[tuple(slice(max(0, start), stop) for start, stop in ends)]
    codes = _CODE_BEYOND[np.pad(part, short, mode="edge")]
    codes[tuple(slice(before, n - after) for (before, after), n in zip(short, codes.shape, strict=True))] = _CODE_OF[
        part
    ]
    return codes


@dataclass(frozen=True, kw_only=True, eq=False)
class _Opening:
    """Faces between pool and background. centre: mm from the box's first voxel. area: their vector sum, mm2."""

    centre: Floats
    area: Floats

    @property
    def size(self) -> float:
        """Of its area as seen along its normal, mm2."""
        return float(np.linalg.norm(self.area))


def _openings(codes: NDArray[np.uint8], spacing: Spacing) -> Iterator[_Opening]:
    """Every connected patch where pool and background share faces."""
    voxels, halves, areas = [], [], []
    for axis, direction in enumerate(np.eye(3)):
        found = _faces(codes, axis)
        outwards = np.where(codes[tuple(found.T)] == POOL, 1, -1)[:, None]
        voxels.append(found)
        halves.append(np.broadcast_to(0.5 * direction, found.shape))
        areas.append(outwards * direction * np.prod(spacing) / spacing[axis])
    voxel, half, area = (np.concatenate(parts) for parts in (voxels, halves, areas))
    if not len(voxel):
        return
    touched = np.zeros(codes.shape, bool)
    touched[tuple(voxel.T)] = True
    patch = ndimage.label(touched, np.ones((3, 3, 3)))[0][tuple(voxel.T)] - 1
    place, total = (np.stack([np.bincount(patch, along) for along in each.T], axis=1) for each in (voxel + half, area))
    centres = place / np.bincount(patch)[:, None] * spacing
    yield from (_Opening(centre=centre, area=own) for centre, own in zip(centres, total, strict=True))


def _faces(codes: NDArray[np.uint8], axis: int) -> NDArray[np.int64]:
    """Voxels (n, 3) with pool on one side and background on the other of the face to their next along an axis."""
    along = (slice(None),) * axis
    low, high = codes[(*along, slice(None, -1))], codes[(*along, slice(1, None))]
    found = [np.empty((0, 3), int)]
    for index, (a, b) in enumerate(zip(low, high, strict=True)):  # by slice: what is looked at stays in the cache
        faces = a + b == OUTSIDE + POOL
        if faces.any():
            found.append(np.insert(np.argwhere(faces), 0, index, axis=1))
    return np.concatenate(found)


def _continue_beyond(opening: _Opening, codes: NDArray[np.uint8], spacing: Spacing) -> None:
    """Continue pool and wall straight through an opening, unless it is a mere gap."""
    if not opening.size:
        return
    normal = opening.area / opening.size
    step = 1 / float(np.abs(normal / spacing).max())  # mm from one layer of voxels to the next
    height = _heights(codes.shape, spacing, normal) - float(opening.centre @ normal)
    section = ((codes == POOL) & (height > -step) & (height <= 0)).sum() * np.prod(spacing) / step
    if opening.size < _OPENING * section:
        return
    empty = np.argwhere((codes == OUTSIDE) & (height > _BELOW * step) & (height < MARGIN * step))
    down = (height[tuple(empty.T)] + step)[:, None] * normal / spacing
    below = np.clip(np.rint(empty - down).astype(int), 0, np.array(codes.shape) - 1)
    kinds = codes[tuple(below.T)]
    heart = (kinds == POOL) | (kinds == WALL)
    codes[tuple(empty[heart].T)] = kinds[heart] + BEYOND


def _heights(shape: tuple[int, ...], spacing: Spacing, normal: Floats) -> NDArray[np.float32]:
    """How far each voxel of a box lies along a direction, mm."""
    z, y, x = (np.arange(n, dtype=np.float32) * s * c for n, s, c in zip(shape, spacing, normal, strict=True))
    return np.asarray(z[:, None, None] + y[:, None] + x, np.float32)
