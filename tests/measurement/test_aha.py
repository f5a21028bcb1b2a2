"""AHA segments of a drawn ventricle: where they lie, and how they move when it is turned."""

import numpy as np
import pytest

from medgraft.core.errors import InputError
from medgraft.measurement import (
    AHA_SEGMENTS,
    aha_segments,
    seen_from_apex,
    segment_thickness,
    septum_angle,
    wall_thickness,
)

SPACING = (8.0, 1.0, 1.0)
CENTRE = 20.0
#: The rings of 6, 6 and 4 segments, each in the order in which they follow each other around the cavity.
RINGS = ((1, 2, 3, 4, 5, 6), (7, 8, 9, 10, 11, 12), (13, 14, 15, 16))


def ventricle(septum: float = 180.0) -> np.ndarray:
    """(11, 41, 41) a short axis seen from the apex, base first: one slice of wall, 9 with cavity, the tip."""
    y, x = np.indices((41, 41)) - CENTRE
    radius, angle = np.hypot(y, x), np.degrees(np.arctan2(y, x))
    off = np.abs((angle - septum + 180) % 360 - 180)
    ring = np.select([radius < 8, radius < 14], [1, 2], 0)
    ring[(radius >= 14) & (radius < 17) & (off <= 60)] = 3
    cap = np.where(radius < 8, 2, 0)
    return np.stack([np.where(ring == 2, 2, 0), *[ring] * 9, cap])


def at(segments: np.ndarray, index: int, angle: float) -> int:
    """The segment of a slice in a direction, degrees from +x towards +y."""
    row, column = (CENTRE + 11 * turn(np.radians(angle)) for turn in (np.sin, np.cos))
    return int(segments[index, round(row), round(column)])


def test_seen_from_the_apex_with_the_septum_on_the_left_the_anterior_wall_is_up() -> None:
    segments = aha_segments(ventricle(), SPACING)
    up, right, down = -90, 0, 90
    assert [at(segments, 2, angle) for angle in (up, down)] == [1, 4]
    assert [at(segments, 2, angle) for angle in (180 + 30, 180 - 30)] == [2, 3]
    assert [at(segments, 2, angle) for angle in (right - 30, right + 30)] == [6, 5]
    assert [at(segments, 5, angle) for angle in (up, down)] == [7, 10]
    assert [at(segments, 8, angle) for angle in (up, 180, down, right)] == [13, 14, 15, 16]
    assert segments[10].max() == 17


def test_seen_from_the_base_it_is_the_mirror_image() -> None:
    seen = aha_segments(ventricle(), SPACING)
    mirrored = aha_segments(ventricle()[:, ::-1], SPACING, from_apex=False)
    np.testing.assert_array_equal(mirrored[:, ::-1], seen)


@pytest.mark.parametrize("n_segments", [16, 17])
def test_segments_are_the_wall_and_nothing_else(n_segments: int) -> None:
    mask = ventricle()
    segments = aha_segments(mask, SPACING, n_segments=n_segments)
    np.testing.assert_array_equal(segments > 0, mask == 2)
    assert set(np.unique(segments)) == set(range(n_segments + 1))


def test_rings_are_thirds_of_the_cavity() -> None:
    segments = aha_segments(ventricle(), SPACING)
    rings = [{int(ring) for ring in np.unique(part) if ring} for part in segments]
    assert rings == [set(RINGS[0])] * 4 + [set(RINGS[1])] * 3 + [set(RINGS[2])] * 3 + [{17}]


def test_without_a_seventeenth_the_tip_belongs_to_the_apical_ring() -> None:
    assert set(np.unique(aha_segments(ventricle(), SPACING, n_segments=16)[10])) == {0, 13, 14, 15, 16}


@pytest.mark.parametrize(("ring", "turn"), [(0, 60.0), (1, 60.0), (2, 90.0)])
def test_a_septum_further_on_by_one_segment_passes_every_number_on(ring: int, turn: float) -> None:
    mask = ventricle()
    here, there = (aha_segments(mask, SPACING, septum=angle)[2 + 3 * ring] for angle in (170.0, 170.0 + turn))
    following = dict(zip(RINGS[ring], (*RINGS[ring][1:], RINGS[ring][0]), strict=True))
    expected = np.vectorize(lambda number: following.get(number, 0))(here)
    np.testing.assert_array_equal(there, expected)


def test_turning_the_stack_upside_down_turns_the_segments() -> None:
    seen = aha_segments(ventricle(), SPACING)
    np.testing.assert_array_equal(aha_segments(ventricle()[::-1], SPACING, base_first=False), seen[::-1])


@pytest.mark.parametrize("septum", [-170.0, -60.0, 10.0, 130.0])
def test_the_septum_is_half_way_between_the_insertions(septum: float) -> None:
    off = (septum_angle(ventricle(septum), SPACING) - septum + 180) % 360 - 180
    assert abs(off) < 3


def test_without_a_right_ventricle_an_angle_is_needed() -> None:
    mask = ventricle()
    mask[mask == 3] = 0
    with pytest.raises(InputError, match="Give the septum's angle"):
        aha_segments(mask, SPACING)
    np.testing.assert_array_equal(aha_segments(mask, SPACING, septum=180.0) > 0, mask == 2)


def test_what_has_no_segments_is_said() -> None:
    with pytest.raises(InputError, match="shows the cavity"):
        aha_segments(np.full((2, 3, 3), 2), SPACING, septum=0.0)
    with pytest.raises(InputError, match="16 or 17"):
        aha_segments(ventricle(), SPACING, n_segments=18)


def test_a_thick_wall_is_found_in_its_segment() -> None:
    mask = ventricle()
    y, x = np.indices((41, 41)) - CENTRE
    lateral = (np.hypot(y, x) < 17) & (np.hypot(y, x) >= 8) & (np.abs(np.degrees(np.arctan2(y, x)) + 30) < 30)
    mask[1:4, lateral] = 2
    found = segment_thickness(wall_thickness(mask, SPACING), aha_segments(mask, SPACING))
    assert set(found) == set(AHA_SEGMENTS)
    assert found[6].median == pytest.approx(9, abs=0.5)
    assert found[3].median == pytest.approx(6, abs=0.5)


@pytest.mark.parametrize(("step", "base_first", "expected"), [(-1, True, True), (1, True, False), (1, False, True)])
def test_slices_are_seen_from_the_apex_if_their_normal_points_to_the_base(
    step: int, base_first: bool, expected: bool
) -> None:
    affines = np.stack([np.eye(4)] * 3)  # rows down, columns to the right: the normal points away, along +z
    affines[:, 2, 3] = step * np.arange(3)
    assert seen_from_apex(affines, base_first) is expected
