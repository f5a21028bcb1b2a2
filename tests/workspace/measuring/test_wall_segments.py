"""Segments of a wall whose thickness is known in closed form, in slices that lie across it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from medgraft.measurement import WallThickness
from medgraft.workspace.measuring.wall_segments import wall_segments

Floats = NDArray[np.float64]
FOCUS, INNER, OUTER = 18.7, 0.733, 1.13  # half-axes 24 and 15 mm, 32 and 26 mm
BASE = -7.0  # mm along the axis from the middle: the cut


@dataclass(frozen=True, kw_only=True, eq=False)
class Shell:
    """A wall between confocal spheroids that is cut at its base. truth: thickness; segment: by definition."""

    mask: NDArray[np.uint8]
    affines: Floats
    truth: Floats
    segment: NDArray[np.int64]

    def medians(self) -> dict[int, float]:
        wall = self.mask == 2
        return {number: float(np.median(self.truth[wall & (self.segment == number)])) for number in range(1, 18)}


def shell(axis: Floats, spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Shell:
    """In slices across +z, seen from the feet; `axis` is the unit direction from base to apex in LPS."""
    lines = [np.arange(-34, 34 + step, step) + shift for step, shift in zip(spacing, (0.2, 0.3, 0.4), strict=True)]
    z, y, x = np.meshgrid(*lines, indexing="ij")
    points = np.stack([x, y, z], axis=-1)
    along = points @ axis
    near, far = (np.linalg.norm(points - side * FOCUS * axis, axis=-1) for side in (1, -1))
    depth = np.arccosh((near + far) / (2 * FOCUS))
    mask = np.select([along < BASE, depth < INNER, depth < OUTER], [0, 1, 2], 0).astype(np.uint8)
    affines = np.tile(np.diag([spacing[2], spacing[1], 1.0, 1.0]), (len(mask), 1, 1))
    affines[:, :3, 3] = np.stack([np.full(len(mask), lines[2][0]), np.full(len(mask), lines[1][0]), lines[0]], axis=1)
    angle = np.arccos(np.clip((far - near) / (2 * FOCUS), -1, 1))
    return Shell(mask=mask, affines=affines, truth=lengths(angle), segment=segment_of(points, along, axis))


def lengths(angle: Floats) -> Floats:
    """Of the hyperbolas across the wall, by the angle that names them."""
    angles, steps = np.linspace(0, np.pi, 721), np.linspace(INNER, OUTER, 401)
    each = np.trapezoid(FOCUS * np.hypot(np.sinh(steps), np.sin(angles)[:, None]), steps, axis=1)
    return np.asarray(np.interp(angle, angles, each))


def segment_of(points: Floats, along: Floats, axis: Floats) -> NDArray[np.int64]:
    """Cerqueira et al. 2002: thirds of the cavity's length, angles from the septum towards the anterior wall."""
    septum = np.array([-1.0, -1.0, 0.0])
    septum -= (septum @ axis) * axis
    septum /= np.linalg.norm(septum)
    towards_anterior = np.cross(septum, axis)  # seen from the apex, clockwise from the septum
    degrees = np.degrees(np.arctan2(points @ towards_anterior, points @ septum)) % 360
    ring = np.floor((along - BASE) / (FOCUS * np.cosh(INNER) - BASE) * 3)
    sixth, quarter = (degrees // 60).astype(int), ((degrees + 45) % 360 // 90).astype(int)
    rings = [np.array([2, 1, 6, 5, 4, 3])[sixth], np.array([8, 7, 12, 11, 10, 9])[sixth]]
    return np.select([ring < 1, ring < 2, ring < 3], [*rings, np.array([14, 13, 16, 15])[quarter]], 17)


OBLIQUE = Rotation.from_euler("xyz", [35, 20, 0], degrees=True).apply([0.0, 0.0, -1.0])


def check(found: Mapping[int, WallThickness] | None, made: Shell, tolerance: float = 0.2) -> None:
    assert found is not None
    assert {number: one.median for number, one in found.items()} == pytest.approx(made.medians(), abs=tolerance)


@pytest.mark.parametrize(("between_slices", "tolerance"), [(1.0, 0.2), (3.0, 0.3)])
def test_segments_of_a_wall_across_the_slices_are_as_thick_as_it_was_made(
    between_slices: float, tolerance: float
) -> None:
    spacing = (between_slices, 1.0, 1.0)
    made = shell(OBLIQUE, spacing)
    check(wall_segments(made.mask, spacing, made.affines), made, tolerance)


def test_a_short_axis_stack_is_parted_as_it_lies() -> None:
    made = shell(np.array([0.0, 0.0, -1.0]))
    check(wall_segments(made.mask, (1.0, 1.0, 1.0), made.affines, base_first=False), made)


def test_a_base_at_the_border_of_the_image_is_open() -> None:
    made = shell(np.array([0.0, 0.0, -1.0]))
    shown = np.flatnonzero((made.mask == 2).any(axis=(1, 2)))
    kept = slice(shown[0] - 1, shown[-1] + 1)  # the last slice shows pool and wall
    check(wall_segments(made.mask[kept], (1.0, 1.0, 1.0), made.affines[kept]), made)
