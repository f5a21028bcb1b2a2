"""Laws of mask repairs: every repair x laws, and closing against scipy's own with an explicit ball."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from medgraft.core.errors import InputError
from medgraft.core.seeds import rng
from medgraft.core.task import MASK_CODES
from medgraft.labels import MASK_REPAIRS, PAPER_REPAIR, MaskChange, RepairStep, repair_mask, repair_step

POOL, WALL = MASK_CODES["pool"], MASK_CODES["myocardium"]
SPACING = (3.0, 1.0, 1.5)

STEPS = [
    RepairStep(repair=name, radius=radius, unit=unit, in_plane=in_plane)
    for name, repair in MASK_REPAIRS.items()
    for radius, unit in ([(2.0, "voxels"), (3.0, "mm")] if repair.needs_radius else [(0.0, "voxels")])
    for in_plane in (False, True)
]

every_step = pytest.mark.parametrize("step", STEPS, ids=str)


def ragged(key: int, shape: tuple[int, ...] = (9, 18, 16)) -> NDArray[np.uint8]:
    """A cup of wall around a pool with holes, specks and a frayed rim."""
    z, y, x = np.ogrid[: shape[0], : shape[1], : shape[2]]
    away = np.sqrt(((z - 4) / 1.2) ** 2 + (y - 8.5) ** 2 + (x - 8) ** 2)
    mask = np.where(away < 4, POOL, np.where(away < 6.5, WALL, 0)).astype(np.uint8)
    random = rng("ragged", key)
    mask[random.random(shape) < 0.08] = 0
    mask[random.random(shape) < 0.01] = WALL
    return mask


def repaired(mask: NDArray[np.uint8], *steps: RepairStep) -> NDArray[np.uint8]:
    return repair_mask(mask[None], [0], steps, SPACING).mask[0]


@every_step
@settings(max_examples=8, deadline=None)
@given(key=st.integers(0, 999))
def test_done_twice_is_done_once(step: RepairStep, key: int) -> None:
    """Closing-like repairs settle: a class that met another one may settle in the second round, never later."""
    once = repaired(ragged(key), step, step)
    np.testing.assert_array_equal(repaired(once, step), once)


@every_step
@pytest.mark.parametrize("key", range(3))
def test_changes_count_what_changed(step: RepairStep, key: int) -> None:
    before = np.stack([ragged(key), ragged(key + 10)])
    kept = before.copy()
    result = repair_mask(before, [1], [step], SPACING)
    np.testing.assert_array_equal(before, kept)
    np.testing.assert_array_equal(result.mask[0], before[0])
    for name, code in (("pool", POOL), ("myocardium", WALL)):
        told = [change for change in result.changes if change.structure == name]
        gained = int((result.mask[1] == code).sum()) - int((before[1] == code).sum())
        assert sum(change.added - change.removed for change in told) == gained
        assert all(change.phase == 1 for change in told)


@every_step
@pytest.mark.parametrize("key", range(3))
def test_only_background_is_gained_and_only_specks_are_lost(step: RepairStep, key: int) -> None:
    before = ragged(key)
    after = repaired(before, step)
    if step.repair == "largest-component":
        assert set(np.unique(after[after != before])) <= {0}
    else:
        np.testing.assert_array_equal(after[before > 0], before[before > 0])


@every_step
def test_axes_of_one_spacing_may_be_swapped(step: RepairStep) -> None:
    mask = ragged(5)
    swapped = repair_mask(mask.transpose(0, 2, 1)[None], [0], [step], (SPACING[0], SPACING[2], SPACING[1])).mask[0]
    np.testing.assert_array_equal(swapped.transpose(0, 2, 1), repaired(mask, step))


@every_step
def test_an_empty_mask_stays_empty(step: RepairStep) -> None:
    result = repair_mask(np.zeros((2, 3, 4, 5), np.uint8), [0, 1], [step], SPACING)
    assert not result.mask.any()
    assert result.changes == ()


@pytest.mark.parametrize("unit", ["voxels", "mm"])
@pytest.mark.parametrize("radius", [1, 2, 3, 5])
@pytest.mark.parametrize("in_plane", [False, True])
def test_closing_of_one_class_is_scipys_with_a_ball(unit: str, radius: float, in_plane: bool) -> None:
    """Oracle: binary dilation and erosion by an explicit ball on a padded volume."""
    inside = ragged(1) == WALL
    voxel = SPACING if unit == "mm" else (1.0, 1.0, 1.0)
    reach = [0 if axis == 0 and in_plane else int(radius / size) for axis, size in enumerate(voxel)]
    places = np.mgrid[tuple(slice(-n, n + 1) for n in reach)].reshape(3, -1).T * voxel
    ball = (np.linalg.norm(places, axis=1) <= radius + 1e-9).reshape([2 * n + 1 for n in reach])
    expected = ndimage.binary_closing(np.pad(inside, 12), ball)[12:-12, 12:-12, 12:-12]
    step = RepairStep(repair="closing", radius=radius, unit=unit, in_plane=in_plane)
    np.testing.assert_array_equal(repaired(np.where(inside, WALL, 0).astype(np.uint8), step) == WALL, expected)


def test_a_gap_between_pool_and_wall_is_shared_between_them() -> None:
    mask = np.zeros((1, 1, 12), np.uint8).repeat(12, axis=1).repeat(5, axis=0)
    mask[:, :, 1:4], mask[:, :, 6:9] = POOL, WALL
    filled = repaired(mask, RepairStep(repair="close-gap", radius=2))
    assert filled[2, 6].tolist() == [0, POOL, POOL, POOL, POOL, WALL, WALL, WALL, WALL, 0, 0, 0]


def test_a_hole_goes_to_what_surrounds_it() -> None:
    mask = np.zeros((5, 9, 9), np.uint8)
    mask[:, 1:8, 1:8] = WALL
    mask[:, 3:6, 3:6] = POOL
    mask[2, 4, 4] = mask[2, 2, 2] = 0
    filled = repaired(mask, RepairStep(repair="fill-holes"))
    assert (filled[2, 4, 4], filled[2, 2, 2]) == (POOL, WALL)


def test_only_the_largest_part_of_each_class_stays() -> None:
    mask = np.zeros((3, 8, 8), np.uint8)
    mask[:, :4, :4], mask[:, 6, 6], mask[0, 7, 0] = POOL, POOL, WALL
    result = repair_mask(mask[None], [0], [RepairStep(repair="largest-component")])
    assert result.changes == (MaskChange(repair="largest-component", phase=0, structure="pool", added=0, removed=3),)


def test_the_papers_repair_closes_the_wall_and_leaves_a_whole_one_alone() -> None:
    whole = np.zeros((1, 21, 30, 30), np.uint8)
    z, y, x = np.ogrid[:21, :30, :30]
    away = np.sqrt((z - 10) ** 2 + (y - 15) ** 2 + (x - 15) ** 2)
    whole[0] = np.where(away < 5, POOL, np.where(away < 9, WALL, 0))
    torn = whole.copy()
    torn[0, :, 15, 20:22] = 0
    mended = repair_mask(torn, [0], PAPER_REPAIR).mask
    assert (mended == whole).mean() > 0.999
    assert repair_mask(whole, [0], PAPER_REPAIR).changes == ()


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("fill-holes", RepairStep(repair="fill-holes")),
        ("closing:5", RepairStep(repair="closing", radius=5)),
        ("close-gap:1.5mm:in-plane", RepairStep(repair="close-gap", radius=1.5, unit="mm", in_plane=True)),
    ],
)
def test_a_step_is_read_from_its_text(text: str, step: RepairStep) -> None:
    assert repair_step(text) == step


@pytest.mark.parametrize(
    "text", ["opening:3", "closing", "closing:wide", "fill-holes:2", "fill-holes:-2", "closing:-1", "closing:nan"]
)
def test_a_text_that_says_no_step_is_explained(text: str) -> None:
    with pytest.raises(InputError, match="Expected"):
        repair_step(text)


def test_millimetres_need_a_spacing_and_masks_their_axes() -> None:
    with pytest.raises(InputError, match="spacing"):
        repair_mask(np.zeros((1, 2, 3, 4)), [0], [RepairStep(repair="closing", radius=1, unit="mm")])
    with pytest.raises(InputError, match="at most 50"):
        repair_mask(np.zeros((1, 2, 3, 4)), [0], [RepairStep(repair="closing", radius=np.inf)])
    with pytest.raises(InputError, match="phases on it"):
        repair_mask(np.zeros((1, 2, 3, 4)), [1], PAPER_REPAIR)


@pytest.mark.parametrize("step", [step for step in STEPS if step.in_plane], ids=str)
def test_in_plane_each_slice_is_repaired_as_if_it_were_alone(step: RepairStep) -> None:
    mask = ragged(5)
    mask[-1] = 0
    mask[-1, :2, :2] = WALL  # the largest part of its slice, and far from that of the whole
    alone = np.concatenate([repaired(part[None], step) for part in mask])
    np.testing.assert_array_equal(repaired(mask, step), alone)
