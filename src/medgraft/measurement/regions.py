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

#: Voxels around the wall that belong to its box, and the depth to which a heart is continued.
MARGIN = 6
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
    inside = np.zeros(256, np.uint8)
    inside[[MASK_CODES["pool"], MASK_CODES["myocardium"]]] = POOL, WALL
    codes = inside[np.asarray(mask, np.uint8)]
    if not (codes == WALL).any():
        raise InputError(f"Expected a mask with a wall (code {MASK_CODES['myocardium']}), got none.")
    box = ndimage.find_objects((codes == WALL).view(np.uint8))[0]
    origin = tuple(int(side.start) - MARGIN for side in box)
    codes = _with_margin(codes, box)
    largest = sorted(_openings(codes, spacing), key=lambda opening: opening.size, reverse=True)
    for opening in largest[:_MOST_OPENINGS]:
        _continue_beyond(opening, codes, spacing)
    return Regions(codes=codes, origin=origin, spacing=spacing)


def _with_margin(codes: NDArray[np.uint8], box: tuple[slice, ...]) -> NDArray[np.uint8]:
    """The box and its margin; beyond the border of the image everything is as at the border."""
    ends = [(side.start - MARGIN, side.stop + MARGIN) for side in box]
    short = [(max(0, -start), max(0, stop - n)) for (start, stop), n in zip(ends, codes.shape, strict=True)]
    part = codes[tuple(slice(max(0, start), stop) for start, stop in ends)]
    padded = np.pad(part, short, mode="edge")
    within = tuple(slice(before, n - after) for (before, after), n in zip(short, padded.shape, strict=True))
    image = padded[within].copy()
    padded[padded != OUTSIDE] += BEYOND
    padded[within] = image
    return padded


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
    pool, back = codes == POOL, codes == OUTSIDE
    voxels, halves, areas = [], [], []
    for axis, direction in enumerate(np.eye(3)):
        (low_pool, high_pool), (low_back, high_back) = _neighbours(pool, axis), _neighbours(back, axis)
        face = direction * np.prod(spacing) / spacing[axis]
        for side, faces in ((1, low_pool & high_back), (-1, high_pool & low_back)):
            found = np.argwhere(faces)
            voxels.append(found)
            halves.append(np.broadcast_to(0.5 * direction, found.shape))
            areas.append(np.broadcast_to(side * face, found.shape))
    voxel, half, area = (np.concatenate(parts) for parts in (voxels, halves, areas))
    if not len(voxel):
        return
    touched = np.zeros(codes.shape, bool)
    touched[tuple(voxel.T)] = True
    patches, n_patches = ndimage.label(touched, np.ones((3, 3, 3)))
    patch = patches[tuple(voxel.T)]
    for number in range(1, n_patches + 1):
        mine = patch == number
        yield _Opening(centre=(voxel + half)[mine].mean(axis=0) * spacing, area=area[mine].sum(axis=0))


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


def _neighbours(values: NDArray[np.bool_], axis: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Each voxel but the last along an axis, and its next."""
    along = (slice(None),) * axis
    return values[(*along, slice(None, -1))], values[(*along, slice(1, None))]
