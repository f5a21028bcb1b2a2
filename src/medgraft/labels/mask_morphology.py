"""What repairs do to the mask of one volume, (Z, Y, X) in `core.task.MASK_CODES`, on grids of any spacing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from medgraft.core.task import MASK_CLASSES, MASK_CODES

Volume = NDArray[np.uint8]

#: The size of a voxel along z where a repair stays within slices: the next one is farther than any radius.
FAR = 1e6


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How far a step reaches: radius, and the size of a voxel (z, y, x) in the radius' unit."""

    radius: float
    voxel: tuple[float, float, float]

    @property
    def limit(self) -> float:
        """The radius, a little longer: 3 voxels of 1.1 mm are not farther than 3.3 mm."""
        return self.radius * (1 + 1e-9)

    @property
    def in_plane(self) -> bool:
        """Whether a step stays within slices."""
        return self.voxel[0] >= FAR

    @property
    def neighbours(self) -> NDArray[np.bool_]:
        """Voxels (3, 3, 3) that share a face with the middle one, those in other slices only where it may go there."""
        faces: NDArray[np.bool_] = ndimage.generate_binary_structure(3, 1)
        if self.in_plane:
            faces[[0, 2]] = False
        return faces


def close_classes(mask: Volume, reach: Reach) -> Volume:
    """Each class dilated, then eroded; it gains background only and takes nothing from another class."""
    closed = mask.copy()
    for name in MASK_CLASSES:
        code = MASK_CODES[name]
        closed[_closed(mask == code, reach) & (closed == 0)] = code
    return closed


def close_gap(mask: Volume, reach: Reach) -> Volume:
    """Background between pool and myocardium, within the radius of both, goes to the nearer one."""
    pool, wall = mask == MASK_CODES["pool"], mask == MASK_CODES["myocardium"]
    if not (pool.any() and wall.any()):
        return mask
    farther = np.maximum(_distance(pool, reach), _distance(wall, reach))
    gap = _closed(pool | wall, reach) & (mask == 0) & (farther <= reach.limit)
    return np.asarray(np.where(gap, _nearest(mask, ("pool", "myocardium"), reach), mask), np.uint8)


def fill_holes(mask: Volume, reach: Reach) -> Volume:
    """Background that classes enclose goes to the nearest of them."""
    holes = ndimage.binary_fill_holes(mask > 0, reach.neighbours) & (mask == 0)
    return np.asarray(np.where(holes, _nearest(mask, MASK_CLASSES, reach), mask), np.uint8) if holes.any() else mask


def largest_components(mask: Volume, reach: Reach) -> Volume:
    """Of each class the largest connected part; parts that touch at a corner are one."""
    if reach.in_plane and len(mask) > 1:
        return np.concatenate([largest_components(part[None], reach) for part in mask])
    kept = mask.copy()
    for name in MASK_CLASSES:
        parts, n_parts = ndimage.label(mask == MASK_CODES[name], np.ones((3, 3, 3)))
        if n_parts > 1:
            largest = 1 + int(np.bincount(parts.ravel())[1:].argmax())
            kept[(parts > 0) & (parts != largest)] = 0
    return kept


def _closed(inside: NDArray[np.bool_], reach: Reach) -> NDArray[np.bool_]:
    """Dilated then eroded by the radius, as if background went on beyond the volume."""
    if not inside.any():
        return inside
    box = ndimage.find_objects(inside.astype(np.uint8))[0]
    margins = [0 if size >= FAR else int(reach.radius / size) + 2 for size in reach.voxel]
    part = np.pad(inside[box], [(margin, margin) for margin in margins])
    grown = _distance(part, reach) <= reach.limit
    shrunk = _distance(~grown, reach) > reach.limit
    inner = tuple(slice(margin, n - margin) for margin, n in zip(margins, part.shape, strict=True))
    closed = np.zeros_like(inside)
    closed[box] = shrunk[inner]
    return closed


def _nearest(mask: Volume, names: tuple[str, ...], reach: Reach) -> Volume:
    """The code of the nearest of some classes at each voxel; of equally near ones the last."""
    codes = [MASK_CODES[name] for name in reversed(names) if (mask == MASK_CODES[name]).any()]
    distances = np.stack([_distance(mask == code, reach) for code in codes])
    return np.asarray(np.array(codes, np.uint8)[distances.argmin(axis=0)], np.uint8)


def _distance(inside: NDArray[np.bool_], reach: Reach) -> NDArray[np.float64]:
    return np.asarray(ndimage.distance_transform_edt(~inside, sampling=reach.voxel), float)
