"""A left ventricle turned into short-axis slices, whatever the planes it was imaged in: for its segments."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from medgraft.core.task import MASK_CODES

Floats = NDArray[np.float64]

#: Where the septum's middle looks in the patient: half to the right, half to the front, in LPS. That is anatomy, not
#: measured in the subject at hand: on 12 synthetic hearts it is off by 9 degrees on average and by 15 at most.
_SEPTUM = np.array([-1.0, -1.0, 0.0])
#: The septum lies to the left of slices that are turned by `_axes`, degrees from +x.
_LEFT = 180.0


@dataclass(frozen=True, kw_only=True, eq=False)
class ShortAxis:
    """A mask (Z, Y, X) in short-axis slices of `spacing` mm, base first, seen from the apex.

    septum: the angle of the septum's middle around the cavity, degrees from +x towards +y. matrix, offset: (3, 3) and
    (3,) from an index of these slices to one of the image.
    """

    mask: NDArray[np.uint8]
    spacing: tuple[float, float, float]
    septum: float
    matrix: Floats
    offset: Floats

    def carried(self, values: NDArray[np.floating]) -> Floats:
        """Values (Z, Y, X) of the image in these slices: those of the nearest voxel, as in the mask; NaN beyond."""
        return np.asarray(
            ndimage.affine_transform(
                values.astype(float), self.matrix, self.offset, output_shape=self.mask.shape, order=0, cval=np.nan
            )
        )


def usual_septum(affine: Floats) -> float:
    """The angle of the septum's middle in a short-axis slice (4, 4), where anatomy usually has it, degrees."""
    columns, rows = (affine[:3, axis] / np.linalg.norm(affine[:3, axis]) for axis in (0, 1))
    return float(np.degrees(np.arctan2(_SEPTUM @ rows, _SEPTUM @ columns)))


def short_axis(mask: NDArray[Any], affines: NDArray[np.float64]) -> ShortAxis | None:
    """A ventricle in short-axis slices; None of one slice, without an opening to tell base from apex, or without wall.

    The long axis goes from the middle of the opening (where the pool meets the background or the border of the image;
    the largest such patch) to the point of the wall that is farthest from there.

    Args:
        mask: (Z, Y, X) in `core.task.MASK_CODES`.
        affines: (Z, 4, 4) pixel index to LPS mm, of parallel slices equally far apart.
    """
    pool, wall = mask == MASK_CODES["pool"], mask == MASK_CODES["myocardium"]
    patches, _ = ndimage.label(
        ndimage.binary_dilation(mask == MASK_CODES["background"], border_value=1) & pool, np.ones((3, 3, 3))
    )
    if len(affines) == 1 or not patches.any() or not wall.any():
        return None
    to_lps = _volume_affine(affines)
    opening = patches == np.bincount(patches[patches > 0]).argmax()
    base = _lps(np.argwhere(opening), to_lps).mean(axis=0)
    points = _lps(np.argwhere(wall), to_lps)
    apex = points[np.linalg.norm(points - base, axis=1).argmax()]
    axes = _axes(apex - base)
    step = float(min(np.linalg.norm(to_lps[:3, :3], axis=0)))
    return _resampled(mask, to_lps, axes, points, step)


def _axes(long_axis: Floats) -> Floats:
    """(3, 3) unit rows: slices from base to apex, rows, columns; columns look away from the septum."""
    along = long_axis / np.linalg.norm(long_axis)
    septum = _SEPTUM - (_SEPTUM @ along) * along
    columns = -septum / np.linalg.norm(septum)
    # Seen from the apex: rows down and columns to the right, slices come towards the viewer.
    return np.stack([along, -np.cross(along, columns), columns])


def _resampled(mask: NDArray[Any], to_lps: Floats, axes: Floats, points: Floats, step: float) -> ShortAxis:
    """The box of the wall in its own axes, nearest neighbour."""
    own = points @ axes.T
    low, high = own.min(axis=0) - 2 * step, own.max(axis=0) + 2 * step
    shape = tuple(int(np.ceil(size / step)) + 1 for size in high - low)
    back = np.linalg.inv(to_lps)
    # Index of the new grid to LPS to index of the old one.
    matrix = back[:3, :3] @ axes.T * step
    offset = back[:3, :3] @ (axes.T @ low) + back[:3, 3]
    turned = ndimage.affine_transform(mask.astype(np.uint8), matrix, offset, output_shape=shape, order=0)
    return ShortAxis(mask=turned, spacing=(step, step, step), septum=_LEFT, matrix=matrix, offset=offset)


def _volume_affine(affines: NDArray[np.float64]) -> Floats:
    """(4, 4) from (z, y, x) to LPS mm."""
    first, last = affines[0], affines[-1]
    slices = (last[:3, 3] - first[:3, 3]) / max(len(affines) - 1, 1)
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([slices, first[:3, 1], first[:3, 0]], axis=1)
    matrix[:3, 3] = first[:3, 3]
    return matrix


def _lps(index: NDArray[np.int64], to_lps: Floats) -> Floats:
    return np.asarray(index @ to_lps[:3, :3].T + to_lps[:3, 3])
