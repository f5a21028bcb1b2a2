"""Planes through the middle of a heart, as readers are used to see them, with what was drawn and what models see."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from medgraft.measurement import moved_over
from medgraft.report import Plane
from medgraft.workspace.stacks.volumes import StackVolume

Masks = Mapping[str, NDArray[np.uint8]]
Spacing = tuple[float, float, float]

#: Share of the heart's own size that is shown around it.
_MARGIN = 0.35


class _Cut(NamedTuple):
    """A plane: the axis across it, then its rows and columns."""

    across: int
    rows: int
    columns: int


#: In the order of `StackVolume.names`.
_CUTS = (_Cut(0, 1, 2), _Cut(1, 0, 2), _Cut(2, 0, 1))
#: Where slices are cut that have no spacing: as shares of the heart's extent.
_LEVELS = (0.2, 0.5, 0.8)


def planes_of(
    volume: StackVolume,
    spacing: Spacing | None,
    image: NDArray[Any],
    reference: NDArray[np.uint8],
    seen: Masks,
    *,
    aside: NDArray[np.float64] | None = None,
) -> tuple[Plane, ...]:
    """Three planes through the centre of the reference; three slices where the spacing is unknown.

    Args:
        volume: how the stack lies in the patient.
        spacing: (z, y, x) in mm.
        image: (Z, Y, X).
        reference: (Z, Y, X), 0 where there is no heart.
        seen: as the reference, by name of who saw it.
        aside: how far slices lie aside of each other (`core.geometry.slices_aside`).
    """
    if aside is not None:
        reference, *masks = (moved_over(mask, aside, beyond="nothing") for mask in (reference, *seen.values()))
        image, seen = moved_over(image, aside), dict(zip(seen, masks, strict=True))
    box = _box(reference if reference.any() else np.ones_like(reference))
    if spacing is None:
        places = [round(box[0].start + level * (box[0].stop - 1 - box[0].start)) for level in _LEVELS]
        cuts = [(_CUTS[0], place, f"slice {place + 1} of {len(image)}") for place in places]
    else:
        middle = [round((side.start + side.stop - 1) / 2) for side in box]
        cuts = [(cut, middle[cut.across], name) for cut, name in zip(_CUTS, volume.names, strict=True)]
    window = _window(box, image.shape)
    return tuple(
        Plane(
            title=title,
            image=_cut(image, cut, place, window, volume),
            reference=_cut(reference, cut, place, window, volume),
            seen={name: _cut(mask, cut, place, window, volume) for name, mask in seen.items()},
            aspect=1.0 if spacing is None else spacing[cut.rows] / spacing[cut.columns],
        )
        for cut, place, title in cuts
    )


def _box(mask: NDArray[np.uint8]) -> tuple[slice, slice, slice]:
    """The smallest box (Z, Y, X) that holds all of a mask."""
    ends = [np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    z, y, x = (slice(int(inside[0]), int(inside[-1]) + 1) for inside in ends)
    return z, y, x


def _window(box: tuple[slice, ...], shape: tuple[int, ...]) -> tuple[slice, ...]:
    """A box with a margin, within the volume."""
    around = [max(2, round(_MARGIN * (side.stop - side.start))) for side in box]
    return tuple(
        slice(max(0, side.start - margin), min(n, side.stop + margin))
        for side, margin, n in zip(box, around, shape, strict=True)
    )


def _cut(values: NDArray[Any], cut: _Cut, place: int, window: tuple[slice, ...], volume: StackVolume) -> NDArray[Any]:
    """A plane (rows, columns), turned as readers are used to see it."""
    index = tuple(place if axis == cut.across else window[axis] for axis in range(3))
    # `turned` speaks of columns, rows and slices, axes 2, 1 and 0.
    flips = tuple(slice(None, None, -1 if volume.turned[2 - axis] else 1) for axis in (cut.rows, cut.columns))
    return np.ascontiguousarray(values[index][flips])
