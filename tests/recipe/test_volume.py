"""Volume recipes: windows over whole sequences, time kept apart from space, slices read one by one."""

import dataclasses

import numpy as np
import pytest
import torch

from medgraft.core.errors import InputError
from medgraft.recipe import Augmentation, HuWindow, PercentileWindow, VolumeRecipe, volume_recipe_from_dict
from medgraft.recipe.volume import WINDOWS

CUBES = VolumeRecipe(shape=(16, 16, 16))
SLICES = VolumeRecipe(shape=(1, 32, 32), spacing=None, window=PercentileWindow())
RECIPES = [CUBES, SLICES, VolumeRecipe(shape=(1, 24, 24), spacing=1.25, augment=Augmentation(flips=(2,)))]
SPACING = (3.0, 1.2, 1.2)


def sequence(n_phases: int = 3, dtype: type = np.int16) -> np.ndarray:
    return np.random.default_rng(1).integers(-300, 700, (n_phases, 6, 20, 22)).astype(dtype)


def rendered(recipe: VolumeRecipe, pixels: np.ndarray, spacing: tuple | None, *, full: bool = False) -> torch.Tensor:
    """A whole sequence as a network reads it."""
    return recipe.render_on(recipe.grid(pixels.shape, spacing, full=full), pixels, recipe.window.limits(pixels))


def test_every_window_is_listed_and_every_recipe_survives_its_own_file():
    assert {type(recipe.window) for recipe in RECIPES} == set(WINDOWS.values())
    for recipe in RECIPES:
        assert volume_recipe_from_dict(recipe.as_dict()) == recipe


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: str(recipe.shape))
@pytest.mark.parametrize("full", [True, False], ids=["whole", "cut"])
def test_laws_of_rendering(recipe, full):
    pixels = sequence()
    before = pixels.copy()
    seen = rendered(recipe, pixels, SPACING, full=full)
    grid = recipe.grid(pixels.shape, SPACING, full=full)
    codes = grid.mask_to_network(torch.from_numpy((pixels > 200).astype(np.uint8)))
    assert seen.dtype == torch.float32
    assert codes.dtype == torch.uint8
    assert seen.shape == codes.shape == (3, *grid.shape)
    assert full or seen.shape[-2:] == recipe.shape[-2:]
    assert 0 <= float(seen.min()) < float(seen.max()) <= 1
    assert torch.equal(seen, rendered(recipe, pixels, SPACING, full=full))
    assert np.array_equal(pixels, before)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: str(recipe.shape))
def test_a_phase_by_itself_is_the_phase_of_the_sequence(recipe):
    """Time is never mixed with space, and phases share the sequence's window."""
    pixels = sequence()
    grid, limits = recipe.grid(pixels.shape, SPACING), recipe.window.limits(pixels)
    alone = [recipe.render_on(grid, pixels[t : t + 1], limits) for t in range(3)]
    assert torch.equal(torch.cat(alone), rendered(recipe, pixels, SPACING))


def test_hounsfield_units_mean_the_same_in_every_image():
    levels = np.array([-1000, -200, 0, 200, 600, 3000]).reshape(1, 1, 1, 6)
    seen = rendered(VolumeRecipe(shape=(1, 1, 6), spacing=None), levels, None).flatten()
    assert seen.numpy() == pytest.approx([0, 0, 0.25, 0.5, 1, 1])


def test_percentiles_are_blind_to_scale_and_offset_and_keep_phases_comparable():
    pixels = sequence(dtype=np.float32) + 300
    pixels[2] *= 0.5
    first, second = rendered(SLICES, pixels, None), rendered(SLICES, pixels * 7 + 300, None)
    torch.testing.assert_close(first, second, rtol=0, atol=1e-5)
    assert float(first[2].std()) < 0.6 * float(first[1].std())


def test_limits_of_a_large_sequence_ask_every_phase():
    still = np.zeros((40, 40, 60, 60), np.uint8)
    still[7] = 100
    assert PercentileWindow(low=0, high=99).limits(still) == (0.0, 100.0)
    gradient = np.broadcast_to(np.arange(600, dtype=np.float32), (2, 30, 600, 600))
    assert PercentileWindow().limits(gradient) == pytest.approx(np.percentile(np.arange(600), [1, 99]), abs=3)


def test_a_constant_sequence_becomes_zero_instead_of_nan():
    assert not rendered(SLICES, np.full((1, 2, 32, 32), 7), None).any()


@pytest.mark.parametrize("recipe", [CUBES, SLICES], ids=["hu", "percentile"])
@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
def test_voxels_that_are_no_number_change_nothing_around_them(recipe, hole):
    pixels = sequence(dtype=np.float32)
    holed = pixels.copy()
    holed[:, :2] = hole
    limits = recipe.window.limits(holed)
    assert limits == recipe.window.limits(pixels[:, 2:])
    grid = recipe.grid(pixels.shape, (1.0, 1.0, 1.0), full=True)
    seen = recipe.render_on(grid, holed, limits)
    assert torch.equal(seen[:, 2:], recipe.render_on(grid, pixels, limits)[:, 2:])
    assert (seen[:, :2] == (1 if hole > 0 else 0)).all()


def test_a_sequence_of_no_numbers_is_dark():
    assert not rendered(SLICES, np.full((1, 2, 32, 32), np.nan), None).any()


def test_slices_read_one_by_one_keep_their_number_and_places():
    pixels = sequence()
    seen = rendered(RECIPES[2], pixels, SPACING)
    assert seen.shape == (3, 6, 24, 24)
    others = pixels.copy()
    others[:, 1:] = 0
    assert torch.equal(rendered(RECIPES[2], others, SPACING)[:, 0], seen[:, 0])


def test_more_voxels_than_a_machine_holds_are_refused_before_they_are_made():
    fine = dataclasses.replace(CUBES, spacing=0.05)
    with pytest.raises(InputError, match="larger spacing"):
        rendered(fine, np.zeros((1, 100, 200, 200)), (3.0, 1.2, 1.2), full=True)
    assert fine.grid((1, 100, 200, 200), (3.0, 1.2, 1.2)).shape == CUBES.shape


def test_an_unknown_window_or_setting_is_refused():
    data = CUBES.as_dict()
    for broken in (
        data | {"window": {"window": "sigmoid"}},
        data | {"window": {"window": "hu", "middle": 3}},
        data | {"window": {"window": "hu", "low": 3.0, "high": 3.0}},
        data | {"window": {"window": "percentile", "low": 1.0, "high": 101.0}},
        data | {"augment": {"flips": [], "shear": 3}},
        data | {"depth": 3},
        data | {"shape": [3, 3]},
        data | {"shape": [8.5, 3, 3]},
        data | {"shape": [True, 3, 3]},
        data | {"phases": 2.5},
        data | {"centred": "no"},
        data | {"augment": data["augment"] | {"degrees": "ten"}},
        data | {"augment": data["augment"] | {"flips": "zyx"}},
        {"shape": [3, 3, 3]},
    ):
        with pytest.raises(InputError, match="volume recipe"):
            volume_recipe_from_dict(broken)


def test_the_default_window_is_a_setting_like_any_other():
    wide = dataclasses.replace(CUBES, window=HuWindow(low=-1000, high=1000))
    assert float(rendered(wide, np.zeros((1, 16, 16, 16)), (1.0, 1.0, 1.0)).mean()) == pytest.approx(0.5)
