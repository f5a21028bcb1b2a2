"""Slices that do not lie over each other, as of a CT whose gantry was tilted, moved to where they do, and back."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def moved_over(volume: NDArray[Any], aside: NDArray[np.int64]) -> NDArray[Any]:
    """A volume (Z, Y, X) with its slices over each other, larger by as much as they were moved.

    Beyond the border of a slice everything is as at the border.

    Args:
        volume: slices as they are stored.
        aside: (Z, 2) how many rows and columns each slice is to be moved, 0 or more.

    >>> moved_over(np.array([[[1, 2]], [[3, 4]]]), np.array([[0, 0], [0, 1]])).tolist()
    [[[1, 2, 2]], [[3, 3, 4]]]
    """
    room = aside.max(axis=0)
    moved = [
        np.pad(part, list(zip(by, room - by, strict=True)), mode="edge") for part, by in zip(volume, aside, strict=True)
    ]
    return np.stack(moved)


def moved_back(volume: NDArray[Any], aside: NDArray[np.int64]) -> NDArray[Any]:
    """What `moved_over` was given."""
    rows, columns = np.array(volume.shape[1:]) - aside.max(axis=0)
    return np.stack(
        [part[row : row + rows, column : column + columns] for part, (row, column) in zip(volume, aside, strict=True)]
    )
