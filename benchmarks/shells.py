"""Shells whose thickness is known in closed form, voxelised by their centres."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Spacing = tuple[float, float, float]

_ISOTROPIC, _COARSE = (1.0, 1.0, 1.0), (3.0, 1.0, 1.0)
#: Where centres lie on the grid: no symmetry, nothing on a voxel's centre or face.
_OFF_GRID = (0.2, 0.3, 0.4)


@dataclass(frozen=True, kw_only=True, eq=False)
class Shell:
    """A wall on a grid. mask: (Z, Y, X) 0 outside, 1 inside, 2 wall. truth: its thickness, NaN where not compared."""

    name: str
    spacing: Spacing
    mask: NDArray[np.uint8]
    truth: Floats


def sphere(inner: float, outer: float, spacing: Spacing = _ISOTROPIC) -> Shell:
    """Between two concentric spheres."""
    z, y, x = _grid((outer,) * 3, spacing)
    radius = np.sqrt(z**2 + y**2 + x**2)
    mask = _voxels(radius, inner, outer)
    return Shell(
        name=f"sphere {inner:g} to {outer:g}", spacing=spacing, mask=mask, truth=np.full(mask.shape, outer - inner)
    )


def ellipsoid(axes: tuple[float, float], wall: float, spacing: Spacing = _ISOTROPIC) -> Shell:
    """Between two confocal prolate spheroids: the potential depends on one spheroidal coordinate, lines on the other.

    axes: long and short half-axis of the inner one. wall: what the short half-axis grows by.
    """
    long, short = axes
    focus = np.sqrt(long**2 - short**2)
    inner, outer = np.arctanh(short / long), np.arcsinh((short + wall) / focus)
    z, y, x = _grid((focus * np.cosh(outer), short + wall, short + wall), spacing)
    near, far = (np.sqrt(y**2 + x**2 + (z + side * focus) ** 2) for side in (-1, 1))
    mask = _voxels(np.arccosh((near + far) / (2 * focus)), inner, outer)
    # Lengths of the confocal hyperbolas between the two, by the angle that names them.
    angles, steps = np.linspace(0, np.pi, 721), np.linspace(inner, outer, 401)
    lengths = np.trapezoid(focus * np.hypot(np.sinh(steps), np.sin(angles)[:, None]), steps, axis=1)
    angle = np.arccos(np.clip((far - near) / (2 * focus), -1, 1))
    truth = np.interp(angle, angles, lengths)
    return Shell(name=f"ellipsoid {long:g} x {short:g}", spacing=spacing, mask=mask, truth=truth)


def taper(inner: float, outer: float, heights: tuple[float, float], spacing: Spacing = _ISOTROPIC) -> Shell:
    """Between two cones with one tip: lines are arcs around the tip, their length grows with the way from it.

    inner, outer: half-angles, radians. heights: from the tip. What is near the flat ends, which the arcs would leave,
    is not compared.
    """
    radius = heights[1] * np.tan(outer)
    _, y, x = _grid((1, radius, radius), (1.0, *spacing[1:]))
    z = (np.arange(heights[0], heights[1], spacing[0]) + _OFF_GRID[0])[:, None, None]
    across = np.sqrt(y**2 + x**2)
    mask = _voxels(np.arctan2(across, z), inner, outer)
    compared = (z > heights[0] + 12) & (z < heights[1] - 12)
    truth = np.where(compared, np.hypot(across, z) * (outer - inner), np.nan)
    return Shell(
        name=f"cone {np.nanmin(truth[mask == 2]):.0f} to {np.nanmax(truth[mask == 2]):.0f} thick",
        spacing=spacing,
        mask=mask,
        truth=truth,
    )


def tube(inner: float, outer: float, spacing: Spacing = _ISOTROPIC) -> Shell:
    """Between two cylinders along z: all slices are the same, so that nothing evens out the stairs of one.

    What is near the flat ends is not compared.
    """
    _, y, x = _grid((1, outer, outer), spacing)
    z = np.arange(0, 40, spacing[0])[:, None, None]
    mask = _voxels(np.hypot(y, x) + 0 * z, inner, outer)
    truth = np.where((z > 12) & (z < 28), outer - inner, np.nan) + np.zeros(mask.shape)
    return Shell(name=f"tube {inner:g} to {outer:g}", spacing=spacing, mask=mask, truth=truth)


#: By the kind of grid.
SHELLS: dict[str, tuple[Callable[[], Shell], ...]] = {
    "1:1:1": (
        lambda: sphere(15, 26),
        lambda: sphere(20, 32),
        lambda: sphere(28, 40),
        lambda: ellipsoid((30, 18), 11),
        lambda: taper(0.2, 0.35, (55, 90)),
        lambda: tube(15, 26),
        lambda: tube(20, 32),
    ),
    "1:1:3": (
        lambda: sphere(15, 25, _COARSE),
        lambda: sphere(20, 32, _COARSE),
        lambda: ellipsoid((30, 18), 11, _COARSE),
        lambda: taper(0.2, 0.35, (55, 90), _COARSE),
        lambda: tube(20, 32, _COARSE),
    ),
}


def large_sphere(outer: float, wall: float) -> NDArray[np.uint8]:
    """A spherical shell of unit voxels, made slice by slice: it takes no more memory than the mask."""
    along = np.arange(-np.ceil(outer) - 2, np.ceil(outer) + 3, dtype=np.float32)
    flat = along[:, None] ** 2 + along**2
    return np.stack([_voxels(flat + z**2, (outer - wall) ** 2, outer**2) for z in along])


def _voxels(values: NDArray[np.floating], inner: float, outer: float) -> NDArray[np.uint8]:
    return np.where(values < inner, 1, np.where(values < outer, 2, 0)).astype(np.uint8)


def _grid(reach: tuple[float, float, float], spacing: Spacing) -> list[Floats]:
    """z, y, x of voxels from a centre off the grid, to three voxels beyond `reach`; to be broadcast."""
    counts = [int(np.ceil(far / step)) + 3 for far, step in zip(reach, spacing, strict=True)]
    lines = [
        np.arange(-count, count + 1) * step - off * step
        for count, step, off in zip(counts, spacing, _OFF_GRID, strict=True)
    ]
    return list(np.meshgrid(*lines, indexing="ij", sparse=True))
