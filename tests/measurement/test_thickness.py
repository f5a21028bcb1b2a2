"""Wall thickness against closed forms, against an independent solver, and what must not change it."""

from collections.abc import Callable

import numpy as np
import pytest
from benchmarks.shells import Shell, ellipsoid, sphere, taper, tube
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from medgraft.core.errors import InputError
from medgraft.measurement import WallThickness, thickness_of, wall_thickness
from medgraft.phantoms import ct_heart

UNIT = (1.0, 1.0, 1.0)
COARSE = (3.0, 1.0, 1.0)
POOL, WALL = 1, 2


def errors(shell: Shell) -> np.ndarray:
    """(Z, Y, X) distance from the truth, NaN outside the wall."""
    return np.abs(wall_thickness(shell.mask, shell.spacing) - shell.truth)


def cup(normal: tuple[float, float, float], spacing: tuple[float, float, float] = UNIT) -> np.ndarray:
    """Half a spherical shell, 10 to 20 mm from a centre off the grid: nothing is left beyond the plane through it."""
    lines = [np.arange(-24, 24 + step, step) - 0.2 for step in spacing]
    place = np.stack(np.meshgrid(*lines, indexing="ij"))
    radius = np.sqrt((place**2).sum(axis=0))
    mask = np.select([radius < 10, radius < 20], [POOL, WALL], 0)
    return np.where(np.tensordot(normal, place, 1) > 0, 0, mask)


@st.composite
def cups(draw: st.DrawFn) -> np.ndarray:
    """(20, 20, 20) an ellipsoid in a larger one, somewhere, cut by a plane or not; background all around."""
    place = np.moveaxis(np.indices((20, 20, 20)), 0, -1) - 9.5 - draw(vectors(-1.0, 1.0))
    axes = draw(vectors(4.0, 5.5))
    inner, outer = (np.linalg.norm(place / (axes + wall), axis=-1) for wall in (0.0, draw(st.floats(1.5, 2.5))))
    beyond = place @ draw(vectors(-1.0, 1.0)) > draw(st.floats(1.0, 30.0))
    return np.select([beyond, inner < 1, outer < 1], [0, POOL, WALL], 0).astype(np.uint8)


def vectors(low: float, high: float) -> st.SearchStrategy[np.ndarray]:
    return st.tuples(*[st.floats(low, high)] * 3).map(np.array)


spacings = st.tuples(*[st.sampled_from([1.0, 1.25, 2.0])] * 3)


@pytest.mark.parametrize(
    "make",
    [
        lambda: sphere(8, 18),
        lambda: sphere(12, 24),
        lambda: ellipsoid((24, 15), 11),
        lambda: taper(0.3, 0.5, (40, 75)),
        lambda: tube(15, 26),
    ],
    ids=["sphere 8-18", "sphere 12-24", "ellipsoid", "cone", "tube"],
)
def test_on_isotropic_grids_the_mean_error_is_below_a_tenth_of_a_voxel(make: Callable[[], Shell]) -> None:
    shell = make()
    assert np.nanmean(errors(shell)) <= 0.10
    assert np.isfinite(wall_thickness(shell.mask, shell.spacing)[shell.mask == WALL]).all()


@pytest.mark.parametrize(
    "make", [lambda: sphere(10, 20, COARSE), lambda: ellipsoid((24, 15), 11, COARSE)], ids=["sphere", "ellipsoid"]
)
def test_on_thick_slices_it_is_below_a_third_of_a_pixel_and_half_of_that_at_the_equator(
    make: Callable[[], Shell],
) -> None:
    shell = make()
    found = errors(shell)
    assert np.nanmean(found) <= 0.30
    assert np.nanmean(found[len(found) // 2]) <= 0.15


def test_it_is_nearer_to_the_truth_than_the_peer() -> None:
    pyezzi = pytest.importorskip("pyezzi", reason="the peer is in the extra `bench`")
    shell = sphere(10, 20)
    peer = pyezzi.compute_thickness(pyezzi.Domain(shell.mask == POOL, shell.mask > 0, shell.spacing))
    assert np.nanmean(errors(shell)) < np.nanmean(np.abs(peer - shell.truth)) / 2


@pytest.mark.parametrize("phase", ["ed", "es"])
def test_a_heart_cut_across_the_grid_has_the_thickness_it_was_made_with(phase: str) -> None:
    heart = ct_heart(subject=1, size=56, n_phases=2)
    index = heart.stack.phases[phase]
    mask, spacing = heart.stack.mask[index], heart.stack.spacing
    found, truth = wall_thickness(mask, spacing), heart.thickness_map(index)
    assert np.isfinite(found[mask == WALL]).all()
    assert np.nanmean(np.abs(found - truth)) <= 0.10 * min(spacing)
    assert thickness_of(found).median == pytest.approx(heart.thickness(index).median, abs=0.05 * min(spacing))


@pytest.mark.parametrize("normal", [(-1, 0, 0), (0, 0, 1), (1, 1, 0), (1, 0.4, 0.3)])
def test_a_cut_face_is_no_surface(normal: tuple[float, float, float]) -> None:
    mask = cup(normal)
    found = wall_thickness(mask, UNIT)
    heights = np.tensordot(normal, np.indices(mask.shape) - 24.2, 1) / np.linalg.norm(normal)
    rim = (mask == WALL) & (heights > -2)
    assert np.isfinite(found[mask == WALL]).all()
    assert np.abs(found - 10)[rim].mean() <= 0.25


def test_the_border_of_the_image_is_a_cut() -> None:
    shell = sphere(10, 20)
    middle = len(shell.mask) // 2
    half = wall_thickness(shell.mask[:middle], UNIT)
    assert np.abs(half - 10)[-1][shell.mask[middle - 1] == WALL].mean() <= 0.15


def test_a_gap_between_two_slices_as_drawn_is_no_cut() -> None:
    shell = sphere(10, 20)
    whole = wall_thickness(shell.mask, UNIT)
    gap = shell.mask.copy()
    gap[14, 22:24, 33:] = 0  # a hole through the wall of one slice
    found = wall_thickness(gap, UNIT)
    far = (gap == WALL) & (np.abs(np.indices(gap.shape)[2] - 33) > 12)
    assert np.abs(found - whole)[far].max() < 0.1


@pytest.mark.parametrize("per_slice", [(0.0, 0.6), (-0.4, 0.7)])
def test_slices_that_lie_aside_have_the_thickness_they_have_over_each_other(per_slice: tuple[float, float]) -> None:
    """As of a tilted gantry: taken for slices over each other they give a wall that is much too thick somewhere."""
    shell = sphere(8, 18)
    mask = np.pad(shell.mask, [(0, 0), (20, 20), (20, 20)])
    aside = (np.arange(len(mask)) - len(mask) // 2)[:, None] * np.array(per_slice)
    tilted = np.stack([ndimage.shift(part, -np.rint(by), order=0) for part, by in zip(mask, aside, strict=True)])
    straight, found = wall_thickness(mask, shell.spacing), wall_thickness(tilted, shell.spacing, aside=aside)
    assert (tilted.shape, (tilted == WALL).sum()) == (mask.shape, (mask == WALL).sum())
    assert np.array_equal(np.isfinite(found), tilted == WALL)
    np.testing.assert_allclose(np.sort(found[tilted == WALL]), np.sort(straight[mask == WALL]), atol=1e-3)
    assert thickness_of(wall_thickness(tilted, shell.spacing)).maximum > 1.1 * thickness_of(straight).maximum


@settings(max_examples=15)
@given(mask=cups(), spacing=spacings, order=st.permutations(range(3)), sides=st.tuples(*[st.sampled_from([1, -1])] * 3))
def test_turning_and_mirroring_the_grid_turns_the_answer(
    mask: np.ndarray, spacing: tuple[float, ...], order: list[int], sides: tuple[int, ...]
) -> None:
    mirror = tuple(slice(None, None, side) for side in sides)
    turned = wall_thickness(mask.transpose(order)[mirror], tuple(spacing[axis] for axis in order))
    there, here = turned[mirror], wall_thickness(mask, spacing).transpose(order)
    assert np.nanmean(np.abs(there - here)) < 0.01 * min(spacing)
    assert (np.isfinite(there) != np.isfinite(here)).sum() <= 0.001 * (mask == WALL).sum()


@settings(max_examples=15)
@given(mask=cups(), spacing=spacings, unit=st.sampled_from([1e-3, 0.1, 2.0, 25.4, 1e3]))
def test_in_another_unit_of_length_it_is_the_same_length(
    mask: np.ndarray, spacing: tuple[float, ...], unit: float
) -> None:
    plain = wall_thickness(mask, spacing)
    np.testing.assert_allclose(
        wall_thickness(mask, tuple(unit * step for step in spacing)) / unit, plain, atol=0.01 * min(spacing)
    )


@given(mask=cups(), by=st.lists(st.tuples(*[st.integers(0, 9)] * 2), min_size=3, max_size=3))
def test_more_background_around_the_heart_does_nothing(mask: np.ndarray, by: list[tuple[int, int]]) -> None:
    within = tuple(slice(before, before + n) for (before, _), n in zip(by, mask.shape, strict=True))
    np.testing.assert_array_equal(wall_thickness(np.pad(mask, by), UNIT)[within], wall_thickness(mask, UNIT))


def test_the_same_mask_gives_the_same_bytes_and_is_left_alone() -> None:
    mask = cup((1, 0.4, 0.3))
    before = mask.copy()
    first, second = (wall_thickness(mask, COARSE).tobytes() for _ in range(2))
    assert first == second
    np.testing.assert_array_equal(mask, before)


def test_wall_that_does_not_join_the_surfaces_has_no_thickness() -> None:
    shell = sphere(6, 12)
    mask = np.pad(shell.mask, ((0, 0), (0, 0), (0, 20)))
    mask[10:14, 10:14, -8:-4] = WALL  # touches the outside alone
    mask[15, 15, 15] = WALL  # in the pool
    found = wall_thickness(mask, UNIT)
    assert np.isnan(found[10:14, 10:14, -8:-4]).all()
    assert np.isnan(found[15, 15, 15])
    assert np.isnan(found[mask != WALL]).all()
    np.testing.assert_allclose(np.nanmean(found), 6, atol=0.2)


def test_no_wall_has_no_thickness() -> None:
    assert np.isnan(wall_thickness(np.ones((3, 4, 5), int), UNIT)).all()
    assert thickness_of(np.full(3, np.nan)).n_voxels == 0


def test_a_wall_is_summarised_by_what_was_measured() -> None:
    values = np.append(np.arange(101.0), np.nan)
    assert thickness_of(values) == WallThickness(mean=50, median=50, p95=95, maximum=100, n_voxels=101)


@pytest.mark.parametrize(
    ("mask", "spacing", "says"),
    [
        (np.zeros((2, 3, 4, 5), int), UNIT, r"one phase, \(Z, Y, X\)"),
        (np.full((3, 4, 5), 7), UNIT, "'myocardium': 2"),
        (np.zeros((3, 4, 5)), UNIT, "whole numbers"),
        (np.zeros((3, 4, 5), int), None, "does not say how large its voxels are"),
        (np.zeros((3, 4, 5), int), (1.0, 0.0, 1.0), "above 0 mm"),
    ],
)
def test_what_cannot_be_measured_is_said(mask: np.ndarray, spacing: tuple[float, float, float], says: str) -> None:
    with pytest.raises(InputError, match=says):
        wall_thickness(mask, spacing)
