"""Overlap and distance of masks: laws, known shifts, MONAI as the oracle."""

import warnings

import numpy as np
import pytest
import torch
from scipy.ndimage import binary_erosion
from scipy.spatial.distance import cdist

from medgraft.core.errors import InputError
from medgraft.core.seeds import rng
from medgraft.evaluation import dice, hausdorff95, hausdorff95_or_worst, worst_distance

FIGURES = [dice, hausdorff95]
SPACING = (3.0, 1.0, 2.0)


def cube(at: int, side: int = 6, size: int = 24) -> np.ndarray:
    mask = np.zeros((size, size, size), bool)
    mask[at : at + side, 8 : 8 + side, 8 : 8 + side] = True
    return mask


def blob(number: int) -> np.ndarray:
    centre = rng("blob", number).uniform(9, 14, 3)
    radii = rng("radii", number).uniform(4, 8, 3)
    return (((np.indices((24, 24, 24)).T - centre) / radii) ** 2).sum(-1).T < 1


@pytest.mark.parametrize("figure", FIGURES)
def test_both_ways_are_one(figure: object) -> None:
    assert figure(blob(1), blob(2)) == figure(blob(2), blob(1))  # type: ignore[operator]


def test_equal_masks_agree() -> None:
    assert dice(blob(1), blob(1)) == 1
    assert hausdorff95(blob(1), blob(1), SPACING) == 0


@pytest.mark.parametrize("shift", [0, 1, 3, 6])
def test_a_shifted_cube(shift: int) -> None:
    assert dice(cube(5), cube(5 + shift)) == pytest.approx((6 - shift) / 6)
    assert hausdorff95(cube(5), cube(5 + shift), SPACING) == pytest.approx(3.0 * shift)


@pytest.mark.parametrize("number", range(5))
def test_monai_says_the_same(number: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MONAI's imports, not ours
        from monai.metrics import compute_dice, compute_hausdorff_distance

        a, b = blob(number), blob(number + 10)
        pair = [torch.from_numpy(mask)[None, None].float() for mask in (a, b)]
        theirs = compute_hausdorff_distance(*pair, include_background=True, percentile=95, spacing=SPACING)
        overlap = compute_dice(*pair)
    assert dice(a, b) == pytest.approx(float(overlap), abs=1e-6)
    assert hausdorff95(a, b, SPACING) == pytest.approx(float(theirs), rel=1e-5)


def test_where_nothing_is_drawn() -> None:
    nothing = np.zeros((4, 4), bool)
    something = ~nothing
    assert (dice(nothing, nothing), hausdorff95(nothing, nothing)) == (1, 0)
    assert dice(something, nothing) == 0
    assert np.isnan(hausdorff95(something, nothing))
    assert hausdorff95_or_worst(something, nothing, (3, 4)) == worst_distance((4, 4), (3, 4))
    assert hausdorff95_or_worst(nothing, nothing) == 0


def test_moving_both_moves_nothing() -> None:
    moved = [np.pad(blob(number), ((5, 0), (2, 3), (0, 4))) for number in (1, 2)]
    assert hausdorff95(*moved, SPACING) == pytest.approx(hausdorff95(blob(1), blob(2), SPACING))


def test_a_mask_that_fills_the_image_ends_at_its_border() -> None:
    assert hausdorff95(np.ones((9, 9), bool), np.ones((9, 9), bool)) == 0
    assert hausdorff95(np.ones((9, 9, 9), bool), cube(8, size=24)[8:17, 8:17, 8:17]) > 0


@pytest.mark.parametrize("number", range(5))
def test_a_part_counts_its_voxels_of_the_whole_surfaces(number: int) -> None:
    """Every pair of voxels of the surfaces; cutting the masks instead would add the cut to both."""
    a, b = blob(number), blob(number + 10)
    within = np.indices(a.shape)[0] < 11
    of_a, of_b = (mask & ~binary_erosion(mask) for mask in (a, b))
    apart = cdist(*(np.argwhere(surface) * SPACING for surface in (of_a, of_b)))
    ways = [apart.min(axis=1)[within[of_a]], apart.min(axis=0)[within[of_b]]]
    assert hausdorff95(a, b, SPACING, within=within) == pytest.approx(max(np.percentile(way, 95) for way in ways))
    assert hausdorff95(a, b, SPACING, within=np.ones_like(a)) == hausdorff95(a, b, SPACING)
    assert hausdorff95(a, b, SPACING, within=np.zeros_like(a)) == 0


@pytest.mark.parametrize("figure", FIGURES)
def test_other_shapes_are_refused(figure: object) -> None:
    with pytest.raises(InputError, match="one shape"):
        figure(np.ones((2, 3), bool), np.ones((3, 2), bool))  # type: ignore[operator]


@pytest.mark.parametrize("spacing", [None, SPACING])
def test_no_distance_is_worse_than_the_worst(spacing: tuple[float, ...] | None) -> None:
    corners = np.zeros((2, 5, 6, 7), bool)
    corners[0, 0, 0, 0] = corners[1, -1, -1, -1] = True
    assert hausdorff95(*corners, spacing) < worst_distance((5, 6, 7), spacing)
    assert worst_distance((240, 240, 155)) == pytest.approx(373.12866)  # the BraTS challenge's
