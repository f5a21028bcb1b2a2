"""Contours in the patient: traced around the masks of phantoms, filled again."""

from dataclasses import replace

import numpy as np
import pytest
from contourpy import contour_generator
from numpy.typing import NDArray

from medgraft.core.contour import PlanarContour
from medgraft.core.errors import LabelError
from medgraft.core.stack import Stack
from medgraft.core.task import MASK_CODES
from medgraft.labels import ROI_NAMES, ContourGrid, masks_from_planar_contours
from medgraft.labels.planar_contours import STRUCTURES
from medgraft.phantoms import ct_heart, short_axis_heart

POOL, WALL = MASK_CODES["pool"], MASK_CODES["myocardium"]


def traced(stack: Stack, name: str, inside: NDArray[np.bool_], *, uids: bool = False) -> list[PlanarContour]:
    """Contours around an area (T, Z, Y, X), half-way between voxels, in LPS mm."""
    found = []
    for t, z in zip(*np.nonzero(inside.any(axis=(2, 3))), strict=True):
        for line in contour_generator(z=np.pad(inside[t, z], 1).astype(float)).lines(0.5):
            ends = np.column_stack([line - 1, np.zeros(len(line)), np.ones(len(line))])
            uid = f"1.2.{t}.{z}" if uids else ""
            points = (stack.affines[z] @ ends.T).T[:, :3]
            found.append(PlanarContour(structure=name, points=points, instance_uid=uid))
    return found


def grid_of(stack: Stack, *, uids: bool = False) -> ContourGrid:
    n_phases, n_slices = stack.pixels.shape[:2]
    named = tuple(tuple(f"1.2.{t}.{z}" for z in range(n_slices)) for t in range(n_phases))
    return ContourGrid(affines=stack.affines, shape=stack.pixels.shape, instance_uids=named if uids else None)


def dice(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


@pytest.mark.parametrize("turned", ["oblique", "axial"])
def test_what_was_traced_is_filled_again(turned: str) -> None:
    """The wall is traced as an area with a hole; with papillary muscles in it the pool has holes, too."""
    oblique = short_axis_heart(subject=1, size=64, n_phases=2).stack
    stack = oblique if turned == "oblique" else ct_heart(subject=1, site="two", size=32, n_phases=2).stack
    contours = [
        contour
        for name, code in (("LV-Cavity", POOL), ("LV Myocardium", WALL))
        for contour in traced(stack, name, stack.mask == code, uids=True)
    ]
    found = masks_from_planar_contours(contours, grid_of(stack, uids=True))
    for code in (POOL, WALL):
        assert dice(found.mask == code, stack.mask == code) > 0.97
    assert (found.phases, found.classes, found.notes) == ((0, 1), ("pool", "myocardium"), ())


def test_endocardium_and_epicardium_say_the_same_as_pool_and_wall() -> None:
    stack = ct_heart(subject=2, site="one", size=32, n_phases=2).stack
    inner, outer = stack.mask == POOL, np.isin(stack.mask, [POOL, WALL])
    contours = [*traced(stack, "ENDO", inner, uids=True), *traced(stack, "Epi", outer, uids=True)]
    found = masks_from_planar_contours(contours, grid_of(stack, uids=True))
    np.testing.assert_array_equal(found.mask, stack.mask)


def test_without_names_of_images_the_place_decides_and_the_phase_is_given() -> None:
    stack = short_axis_heart(subject=3, size=48, n_phases=2).stack
    contours = traced(stack, "pool", (stack.mask == POOL) & (np.arange(2) == 1)[:, None, None, None])
    with pytest.raises(LabelError, match=r"phase they belong to \(0..1\)"):
        masks_from_planar_contours(contours, grid_of(stack))
    found = masks_from_planar_contours(contours, grid_of(stack), phase=1)
    assert (found.phases, found.classes) == ((1,), ("pool",))
    np.testing.assert_array_equal(found.mask[1] == POOL, stack.mask[1] == POOL)


def square(low: float, high: float, z: float = 0.0, name: str = "pool", uid: str = "") -> PlanarContour:
    corners = [(low, low), (high, low), (high, high), (low, high)]
    return PlanarContour(structure=name, points=np.array([(*corner, z) for corner in corners]), instance_uid=uid)


SLICES = np.tile(np.eye(4), (3, 1, 1))
SLICES[:, 2, 3] = [0, 8, 16]
GRID = ContourGrid(affines=SLICES, shape=(1, 3, 20, 20))


def test_a_contour_within_a_contour_is_a_hole_and_one_within_that_an_island() -> None:
    mask = masks_from_planar_contours([square(1.5, 17.5), square(4.5, 14.5), square(7.5, 11.5)], GRID).mask
    assert mask[0, 0, 9].tolist() == [0] * 2 + [1] * 3 + [0] * 3 + [1] * 4 + [0] * 3 + [1] * 3 + [0] * 2


def test_of_contours_finer_than_slices_those_nearest_to_each_slice_count() -> None:
    """Drawn on a volume that was made finer: planes 2 mm apart on slices 8 mm apart, wider from plane to plane."""
    contours = [square(9 - z / 4 - 0.5, 10 + z / 4 + 0.5, z=z) for z in np.arange(0, 18, 2.0)]
    found = masks_from_planar_contours(contours, GRID)
    assert found.mask.sum(axis=(0, 2, 3)).tolist() == [4, 36, 100]
    (note,) = found.notes
    assert (note.code, note.count) == ("between-slices", 6)


def test_a_contour_that_is_there_twice_is_no_hole() -> None:
    twice = [square(2, 9), square(2, 9), square(2, 9, name="LV endo"), square(2, 9, name="LV endo")]
    once = masks_from_planar_contours([square(2, 9)], GRID).mask
    np.testing.assert_array_equal(masks_from_planar_contours(twice, GRID).mask, once)


@pytest.mark.parametrize(
    ("odd", "code"),
    [
        (square(2, 9, z=11.9), None),
        (square(2, 9, z=21), "off-plane"),
        (replace(square(2, 9), points=np.array([[2, 2, 0], [9, 2, 6], [9, 9, 12.0]])), "off-plane"),
        (square(2, 9, name="spinal cord"), "unknown-structure"),
    ],
)
def test_what_does_not_lie_on_a_slice_is_told(odd: PlanarContour, code: str | None) -> None:
    found = masks_from_planar_contours([square(2, 9), odd], GRID)
    assert [note.code for note in found.notes] == ([code] if code else [])
    assert found.mask[0, 1].any() == (code is None)


def test_every_name_that_is_not_known_is_told_once_with_its_count() -> None:
    odd = [square(2, 9, name=name) for name in ("cord", "heart", "cord")]
    found = masks_from_planar_contours([square(2, 9), *odd], GRID)
    assert [(note.where, note.count) for note in found.notes] == [("cord", 2), ("heart", 1)]


def test_contours_of_another_series_are_refused() -> None:
    grid = replace(GRID, instance_uids=(("1.1", "1.2", "1.3"),))
    with pytest.raises(LabelError, match="not of this stack"):
        masks_from_planar_contours([square(2, 9, uid="9.9")], grid)
    assert masks_from_planar_contours([square(2, 9, uid="9.9")], grid, phase=0).mask.any()
    assert masks_from_planar_contours([square(2, 9, z=8, uid="1.2")], grid).mask[0, 1].any()


@pytest.mark.parametrize(
    ("given", "said"),
    [({"names": {"pool": "cavity"}}, "epicardium"), ({"phase": 1}, r"within 0..0"), ({"names": {}}, "no structure")],
)
def test_what_cannot_be_filled_is_explained(given: dict[str, object], said: str) -> None:
    with pytest.raises(LabelError, match=f"(?i){said}"):
        masks_from_planar_contours([square(2, 9)], GRID, **given)


def test_every_known_name_is_a_structure() -> None:
    assert set(ROI_NAMES.values()) == set(STRUCTURES)


def test_an_image_that_stands_in_for_a_missing_phase_is_drawn_there_too() -> None:
    stack = ct_heart(subject=1, size=16, n_phases=2).stack
    once = stack.mask == POOL
    once[1] = False
    uids = tuple(f"1.2.0.{z}" for z in range(16))
    grid = ContourGrid(affines=stack.affines, shape=stack.pixels.shape, instance_uids=(uids, uids))
    found = masks_from_planar_contours(traced(stack, "pool", once, uids=True), grid)
    assert found.phases == (0, 1)
    assert found.mask[0].any()
    assert (found.mask[0] == found.mask[1]).all()
