"""Slices that do not lie over each other, as of a CT whose gantry was tilted, moved to where they do, and back."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError


def moved_over(
    volume: NDArray[Any], aside: NDArray[np.floating], *, beyond: Literal["edge", "nothing"] = "edge"
) -> NDArray[Any]:
    """A volume (Z, Y, X) with its slices over each other, larger by as much as they were moved.

    Args:
        volume: slices as they are stored.
        aside: (Z, 2) how many rows and columns each slice lies aside of where it would be over the first one; slices
            are moved by whole pixels.
        beyond: what is beyond the border of a slice: the same as at the border, or nothing (0).

    Raises:
        InputError: `aside` of another shape, or not finite.

    >>> moved_over(np.array([[[1, 2]], [[3, 4]]]), np.array([[0.0, 0.0], [0.0, 1.2]])).tolist()
    [[[1, 2, 2]], [[3, 3, 4]]]
    """
    by = _whole(aside, len(volume))
    mode: Literal["edge", "constant"] = "edge" if beyond == "edge" else "constant"
    pads = np.stack([by, by.max(axis=0) - by], axis=2)
    return np.stack([np.pad(part, pad, mode=mode) for part, pad in zip(volume, pads, strict=True)])


def moved_back(volume: NDArray[Any], aside: NDArray[np.floating]) -> NDArray[Any]:
    """What `moved_over` was given."""
    by = _whole(aside, len(volume))
    rows, columns = np.array(volume.shape[1:]) - by.max(axis=0)
    return np.stack(
        [part[row : row + rows, column : column + columns] for part, (row, column) in zip(volume, by, strict=True)]
    )


def _whole(aside: NDArray[np.floating], n_slices: int) -> NDArray[np.int64]:
    """In whole pixels, none below 0."""
    if aside.shape != (n_slices, 2) or not np.isfinite(aside).all():
        raise InputError(f"Expected rows and columns that {n_slices} slices lie aside, got {aside.shape}.")
    moved = np.rint(aside).astype(np.int64)
    return np.asarray(moved - moved.min(axis=0))
