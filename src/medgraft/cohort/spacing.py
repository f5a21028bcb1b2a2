"""A spacing that a user says, where the source of the images says none, or a wrong one."""

import math

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.core.geometry import normal_of, positions_along

Spacing = tuple[float, float, float]

#: Nothing that is imaged has pixels or steps between slices of a metre: so large a figure is of another unit.
_MOST_MM = 1000.0


def check_spacing(spacing: Spacing) -> None:
    """Raise `InputError` for a spacing (z, y, x) in mm that nothing can have."""
    if len(spacing) != 3 or not all(math.isfinite(step) and 0 < step < _MOST_MM for step in spacing):
        raise InputError(
            f"Expected a spacing of three numbers in mm, between slices, rows and columns, each above 0 and below "
            f"{_MOST_MM:g}, got {', '.join(f'{step:g}' for step in spacing)}."
        )


def same_spacing(one: Spacing, other: Spacing | None) -> bool:
    """Whether two spacings are one, to 0.1 micrometres."""
    return other is not None and bool(np.allclose(one, other, rtol=0, atol=1e-4))


def at_spacing(affines: NDArray[np.float64], spacing: Spacing, said: Spacing | None) -> NDArray[np.float64]:
    """Slices (Z, 4, 4) with other distances in mm, in their order and directions; gaps stay as many steps wide.

    Args:
        affines: as the source says them.
        spacing: (z, y, x) that they get.
        said: the source's own; None where it has none: then z is what is between the closest neighbours.

    >>> slices = np.tile(np.eye(4), (3, 1, 1))
    >>> slices[:, 2, 3] = 1, 2, 4
    >>> at_spacing(slices, (8.0, 1.5, 1.5), None)[:, 2, 3].tolist()
    [1.0, 9.0, 25.0]
    """
    result = affines.copy()
    for column, step in ((0, spacing[2]), (1, spacing[1])):
        result[:, :3, column] *= step / np.linalg.norm(affines[:, :3, column], axis=1, keepdims=True)
    first, normal = affines[0, :3, 3], normal_of(affines[0])
    steps = np.abs(np.diff(positions_along(affines, normal)))
    if not steps.any():
        result[:, :3, 3] = first + spacing[0] * np.arange(len(affines))[:, None] * normal
        return result
    step = said[0] if said else steps[steps > 0].min()
    result[:, :3, 3] = first + (affines[:, :3, 3] - first) * spacing[0] / step
    return result


def flat_affines(affines: NDArray[np.float64]) -> tuple[tuple[float, ...], ...]:
    """Affines (Z, 4, 4) as an entry has them: 16 numbers each."""
    return tuple(tuple(affine.ravel().tolist()) for affine in affines)


def millimetres(spacing: Spacing) -> str:
    """A spacing for people.

    >>> millimetres((8.0, 1.5, 1.5))
    '8 x 1.5 x 1.5 mm'
    """
    return " x ".join(f"{step:g}" for step in spacing) + " mm"
