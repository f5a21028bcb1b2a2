"""Laws of every recipe step, and the paper's order of pixels."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from torch.nn import functional

from medgraft.core.errors import InputError
from medgraft.recipe import PAPER, CentreCrop, PercentileWindow, Recipe, Resize, Rotation, recipe_from_dict
from medgraft.recipe.recipe import RANDOM_STEPS, STEPS

PLAIN_STEPS = [PercentileWindow(), Resize(), CentreCrop(fraction=0.6)]


def smooth_image(rows: int = 50, columns: int = 64) -> np.ndarray:
    y, x = np.mgrid[:rows, :columns]
    return (1000 * np.exp(-((y - rows * 0.45) ** 2 + (x - columns * 0.55) ** 2) / 150)).astype(np.int16)


def test_every_step_is_listed_and_survives_its_own_file() -> None:
    recipe = Recipe(before=(PercentileWindow(low=2), Resize()), augment=(Rotation(degrees=9),), after=(CentreCrop(),))
    assert {item["step"] for part in recipe.as_dict().values() for item in part} == {*STEPS, *RANDOM_STEPS}
    assert recipe_from_dict(recipe.as_dict()) == recipe


@pytest.mark.parametrize("step", PLAIN_STEPS, ids=lambda step: type(step).__name__)
def test_a_step_leaves_its_input_alone_and_repeats(step) -> None:
    image = torch.from_numpy(smooth_image().astype(np.float32))[None, None]
    before = image.clone()
    first, second = step.apply(image, 32), step.apply(image, 32)
    assert torch.equal(image, before)
    assert torch.equal(first, second)


@pytest.mark.parametrize("step", [Resize(), CentreCrop(fraction=0.6)], ids=lambda step: type(step).__name__)
def test_the_inverse_brings_a_map_back_to_where_it_was(step) -> None:
    image = torch.from_numpy(smooth_image(60, 60).astype(np.float32))[None, None] / 1000
    restored = step.inverse(step.apply(image, 60), (60, 60))
    middle = slice(16, 44)
    assert torch.allclose(restored[..., middle, middle], image[..., middle, middle], atol=0.05)


def test_restore_puts_a_point_back_on_the_native_pixel() -> None:
    image = np.zeros((80, 100), np.float32)
    image[30:34, 56:60] = 1
    seen = PAPER.render(image, 64)[:, 0]
    back = PAPER.restore(seen, (80, 100), 64)[0].numpy()
    centre = ndimage.center_of_mass(back)
    assert centre == pytest.approx((31.5, 57.5), abs=1.0)


def test_the_window_is_blind_to_scale_and_offset() -> None:
    image = smooth_image().astype(np.float64)
    first, second = PAPER.render(image, 32), PAPER.render(image * 7 + 300, 32)
    assert torch.allclose(first, second, atol=1e-5)
    assert first.min() >= 0
    assert first.max() <= 1


def test_a_constant_image_becomes_zero_instead_of_nan() -> None:
    assert torch.equal(PAPER.render(np.full((20, 20), 7), 16), torch.zeros(1, 1, 16, 16))


@settings(deadline=None, max_examples=60)
@given(
    shape=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    levels=st.tuples(st.floats(0, 45), st.floats(55, 100)),
    n_greys=st.sampled_from([2, 50, 4000]),
    seed=st.integers(0, 9),
)
def test_the_window_is_that_of_torchs_quantiles(
    shape: tuple[int, int], levels: tuple[float, float], n_greys: int, seed: int
) -> None:
    images = torch.from_numpy(np.random.default_rng(seed).integers(-9, n_greys, (2, 1, *shape)).astype(np.float32))
    shares = torch.tensor([level / 100 for level in levels])
    low, high = torch.quantile(images.flatten(1), shares, dim=1).view(2, -1, 1, 1, 1)
    expected = ((images - low) / (high - low).clamp_min(1e-6)).clamp(0, 1)
    assert torch.equal(PercentileWindow(low=levels[0], high=levels[1]).apply(images, 8), expected)


@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
def test_pixels_that_are_no_number_change_nothing_around_them(hole: float) -> None:
    image = smooth_image(40, 40).astype(np.float32)
    image[:6] = hole
    numbers = image[6:].ravel()
    low, high = np.quantile(numbers, [0.01, 0.99])
    windowed = PercentileWindow().apply(torch.from_numpy(image)[None, None], 40)[0, 0].numpy()
    assert windowed[6:].ravel() == pytest.approx(((numbers - low) / (high - low)).clip(0, 1), abs=1e-5)
    assert (windowed[:6] == (1 if hole > 0 else 0)).all()
    assert torch.isfinite(PAPER.render(image, 32)).all()


def test_a_picture_of_no_numbers_is_dark_and_leaves_others_alone() -> None:
    images = torch.stack([torch.full((1, 5, 5), torch.nan), torch.arange(25.0).view(1, 5, 5)])
    dark, other = PercentileWindow().apply(images, 5)
    assert not dark.any()
    assert torch.equal(other, PercentileWindow().apply(images[1:], 5)[0])


def test_a_window_is_blind_to_units() -> None:
    """A diffusion coefficient in m2/s is a billionth of the one in mm2/s."""
    image = torch.rand(1, 1, 9, 9, generator=torch.Generator().manual_seed(1))
    window = PercentileWindow()
    torch.testing.assert_close(window.apply(image * 1e-9, 9), window.apply(image, 9), rtol=0, atol=1e-5)


@settings(deadline=None, max_examples=20)
@given(
    angles=st.lists(st.floats(-45, 45), max_size=4),
    shape=st.sampled_from([(50, 64), (30, 30), (90, 41)]),
    size=st.sampled_from([32, 33]),
)
def test_all_rows_at_once_are_the_rows_one_by_one(angles: list[float], shape: tuple[int, int], size: int) -> None:
    image, choices = smooth_image(*shape), np.array(angles).reshape(-1, 1)
    one_by_one = [PAPER.render(image, size), *(PAPER.render(image, size, row[None]) for row in choices)]
    assert torch.equal(PAPER.render_rows(image, size, choices), torch.cat(one_by_one))


@settings(deadline=None, max_examples=20)
@given(angle=st.floats(-180, 180), size=st.integers(1, 60))
def test_rotation_agrees_with_torchs_grid(angle: float, size: int) -> None:
    image = torch.rand(1, 1, size, size, generator=torch.Generator().manual_seed(size))
    radians = torch.deg2rad(torch.tensor(angle))
    cos, sin = radians.cos(), radians.sin()
    matrix = torch.tensor([[[cos, -sin, 0], [sin, cos, 0]]])
    grid = functional.affine_grid(matrix, [1, 1, size, size], align_corners=False)
    expected = functional.grid_sample(image, grid, padding_mode="border", align_corners=False)
    torch.testing.assert_close(Rotation().apply(image, torch.tensor([angle])), expected, rtol=0, atol=1e-4)


@settings(deadline=None, max_examples=20)
@given(angle=st.floats(-45, 45))
def test_rotation_agrees_with_scipy(angle: float) -> None:
    image = smooth_image(64, 64).astype(np.float32) / 1000
    ours = Rotation().apply(torch.from_numpy(image)[None, None], torch.tensor([angle]))[0, 0].numpy()
    oracle = ndimage.rotate(image, angle, reshape=False, order=1, mode="nearest")
    inside = (slice(12, 52), slice(12, 52))
    assert np.abs(ours - oracle)[inside].max() < 0.02


def test_no_rotation_is_the_plain_picture() -> None:
    image = smooth_image()
    turned = PAPER.render(image, 32, np.zeros((1, 1)))
    assert torch.allclose(turned, PAPER.render(image, 32), atol=1e-5)


def test_corners_hold_true_pixels_because_the_crop_comes_last() -> None:
    """With 60 % kept, no rotation up to 45 degrees can reach beyond the picture: the fill never shows."""
    image = np.random.default_rng(0).normal(100, 10, (128, 128))
    framed = image.copy()
    framed[[0, -1]] = framed[:, [0, -1]] = 1e6
    window = Recipe(before=(Resize(),), augment=(Rotation(),), after=(CentreCrop(),))
    turned = window.render(framed, 128, np.array([[45.0], [-45.0], [30.0]]))
    assert float(turned.max()) < 1000


def test_choices_depend_on_their_key_alone() -> None:
    assert PAPER.choose(7, "a", 0) == PAPER.choose(7, "a", 0)
    assert PAPER.choose(7, "a", 0) != PAPER.choose(7, "a", 1)
    angles = [PAPER.choose(7, "a", draw)[0] for draw in range(500)]
    assert -45 <= min(angles) < -40
    assert 40 < max(angles) <= 45


@pytest.mark.parametrize(
    "broken",
    [
        {"before": [{"step": "sharpen"}]},
        {"before": [{"step": ["resize"]}]},
        {"before": [None]},
        {"before": [{"step": "resize", "side": 3}]},
        {"before": [{"step": "rotation", "degrees": 9.0}]},
        {"augment": [{"step": "resize"}]},
        {"augment": [{"step": "rotation", "degrees": "nine"}]},
        {"between": []},
    ],
)
def test_an_unknown_step_or_setting_is_refused(broken: dict) -> None:
    with pytest.raises(InputError, match=r"(?i)recipe"):
        recipe_from_dict(broken)


@pytest.mark.parametrize(
    "settings",
    [
        {"step": "centre-crop", "fraction": 0.0},
        {"step": "centre-crop", "fraction": 1.5},
        {"step": "centre-crop", "fraction": "half"},
        {"step": "percentile-window", "low": 99.0, "high": 1.0},
        {"step": "percentile-window", "low": 1.0, "high": 101.0},
        {"step": "percentile-window", "low": float("nan"), "high": 99.0},
    ],
)
def test_a_setting_out_of_range_is_refused(settings: dict) -> None:
    with pytest.raises(InputError, match=rf"Recipe step {settings['step']}: .*Expected a (crop|window)|fraction"):
        recipe_from_dict({"after": [settings]})


def test_render_refuses_what_is_not_one_grey_image() -> None:
    with pytest.raises(InputError, match="one grey image"):
        PAPER.render(np.zeros((3, 20, 20)), 16)
