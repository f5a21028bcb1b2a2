"""Millimetres stay where they are: ramps, spheres, SciPy and torch as judges of the resampling."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage
from torch.nn.functional import interpolate, pad

from medgraft.core.errors import InputError
from medgraft.phantoms import ct_heart
from medgraft.recipe import HuWindow, VolumeGrid, VolumeRecipe
from medgraft.recipe.grid import cut_axis, whole_axis

#: Native spacing (z, y, x) in mm: cubes of the network's size, smaller, larger, and short-axis slices far apart.
SPACINGS = [(1.0, 1.0, 1.0), (0.7, 0.5, 0.5), (1.5, 2.0, 1.25), (8.0, 1.4, 1.4)]
EXTENT_MM = 64.0

cubes = VolumeRecipe(shape=(48, 48, 48), window=HuWindow(low=0, high=100))
ratios = st.floats(0.2, 5.0)


def centres_mm(n: int, spacing: float) -> np.ndarray:
    return (np.arange(n) + 0.5) * spacing


def millimetres(spacing: tuple[float, ...]) -> tuple[np.ndarray, ...]:
    lengths = [round(EXTENT_MM / step) for step in spacing]
    return np.meshgrid(*(centres_mm(n, step) for n, step in zip(lengths, spacing, strict=True)), indexing="ij")


def shell(spacing: tuple[float, ...], centre: tuple[float, ...] = (31.3, 33.1, 32.2)) -> np.ndarray:
    """A pool of radius 14 mm in a wall of 10 mm, (1, Z, Y, X)."""
    places = zip(millimetres(spacing), centre, strict=True)
    distance = np.sqrt(sum((axis - middle) ** 2 for axis, middle in places))
    return np.where(distance < 14, 1, np.where(distance < 24, 2, 0)).astype(np.uint8)[None]


def dice(first: np.ndarray, second: np.ndarray) -> float:
    return float(2 * (first & second).sum() / (first.sum() + second.sum()))


def certain(codes: torch.Tensor) -> torch.Tensor:
    """Codes (Z, Y, X) as scores (K, Z, Y, X)."""
    return torch.stack([codes == code for code in range(4)]).float()


def there_and_back(grid: VolumeGrid, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A mask (T, Z, Y, X) as a network learns it, and as one that knows it all answers."""
    seen = grid.mask_to_network(torch.from_numpy(mask))
    return seen.numpy(), np.stack([grid.scores_to_native(certain(phase)).numpy() for phase in seen])


@pytest.mark.parametrize("spacing", SPACINGS, ids=str)
@pytest.mark.parametrize("axis", range(3))
def test_a_ramp_in_millimetres_is_the_same_ramp_on_the_other_grid(spacing, axis):
    ramp = millimetres(spacing)[axis][None]
    seen = cubes.render_on(cubes.grid(ramp.shape, spacing, full=True), ramp, (0, 100))[0].numpy() * 100
    profile = seen.mean(axis=tuple({0, 1, 2} - {axis}))
    assert np.ptp(seen, axis=tuple({0, 1, 2} - {axis})).max() < 1e-3
    inner = slice(8, -8)  # at its ends a ramp is held, as far as half a native voxel reaches
    assert profile[inner] == pytest.approx(centres_mm(len(profile), 1.0)[inner], abs=0.1 * spacing[axis])


@given(n=st.integers(1, 40), ratio=st.floats(0.2, 1.0))
def test_where_voxels_shrink_it_is_scipys_linear_interpolation(n, ratio):
    values = np.random.default_rng(n).normal(size=n).astype(np.float32)
    axis = whole_axis(n, ratio)
    index = (np.arange(axis.length) + 0.5) * axis.ratio - 0.5
    expected = ndimage.map_coordinates(values, [index], order=1, mode="nearest")
    assert (axis.to_network @ torch.from_numpy(values)).numpy() == pytest.approx(expected, abs=1e-5)


@given(n=st.integers(1, 60), length=st.integers(1, 60))
def test_where_the_faces_meet_it_is_torchs_antialiased_interpolation(n, length):
    picture = torch.rand(1, 1, 1, n, generator=torch.Generator().manual_seed(n))
    expected = interpolate(picture, size=(1, length), mode="bilinear", align_corners=False, antialias=True)[0, 0, 0]
    axis = whole_axis(n, n / length)
    assert axis.length == length
    torch.testing.assert_close(axis.to_network @ picture[0, 0, 0], expected, rtol=0, atol=1e-4)


@given(n=st.integers(1, 50), ratio=ratios)
def test_a_constant_is_kept_up_to_the_faces_both_ways(n, ratio):
    axis = whole_axis(n, ratio)
    assert axis.to_network.sum(dim=1).numpy() == pytest.approx(1, abs=1e-5)
    assert axis.to_native.sum(dim=1).numpy() == pytest.approx(1, abs=1e-5)
    assert -1e-3 * ratio <= axis.length * ratio - n < ratio or axis.length == 1


@given(n=st.integers(1, 40), ratio=ratios, length=st.integers(1, 40), centre=st.none() | st.floats(-5, 45))
def test_to_cut_is_to_take_a_part_of_the_whole_with_zeros_around(n, ratio, length, centre):
    whole, cut = whole_axis(n, ratio), cut_axis(n, ratio, length, centre)
    padded = pad(whole.to_network, (0, 0, 300, 300))
    assert torch.equal(cut.to_network, padded[300 + cut.start : 300 + cut.start + length])
    middle = ((n - 1) / 2 if centre is None else centre) + 0.5
    assert abs(cut.start + length / 2 - middle / cut.ratio) <= 0.5 + 1e-9


@given(n=st.integers(1, 40), length=st.integers(1, 40))
def test_on_the_same_voxels_nothing_is_interpolated(n, length):
    axis = cut_axis(n, 1.0, length)
    assert set(axis.to_network.unique().tolist()) <= {0.0, 1.0}
    assert torch.equal(axis.to_network, axis.to_native.T)


@pytest.mark.parametrize("spacing", SPACINGS, ids=str)
def test_a_shell_keeps_its_volume_and_its_place(spacing):
    (native,) = shell(spacing)
    seen = cubes.grid((1, *native.shape), spacing, full=True).mask_to_network(torch.from_numpy(native)[None])[0].numpy()
    for code in (1, 2):
        volume = (native == code).sum() * np.prod(spacing)
        assert (seen == code).sum() == pytest.approx(volume, rel=0.025)
    there, here = np.argwhere(seen > 0).mean(axis=0) + 0.5, (np.argwhere(native > 0).mean(axis=0) + 0.5) * spacing
    assert there == pytest.approx(here, abs=0.05)


@pytest.mark.parametrize("spacing", SPACINGS, ids=str)
@pytest.mark.parametrize("full", [True, False], ids=["whole", "cut"])
def test_a_mask_comes_back_to_its_native_voxels(spacing, full):
    recipe = cubes if full else VolumeRecipe(shape=(52, 54, 56))
    mask = np.concatenate([shell(spacing), shell(spacing, centre=(33.0, 31.0, 30.0))])
    _, back = there_and_back(recipe.grid(mask.shape, spacing, full=full), mask)
    assert back.dtype == np.uint8
    assert min(dice(back[t] == code, mask[t] == code) for t in range(2) for code in (1, 2)) > 0.98


@pytest.mark.parametrize("site", ["one", "two"])
def test_the_mask_of_a_heart_comes_back_with_its_volume(site):
    heart = ct_heart(subject=1, site=site, size=40, n_phases=2)
    mask, spacing = heart.stack.mask, heart.stack.spacing
    assert mask is not None
    seen, back = there_and_back(cubes.grid(mask.shape, spacing, full=True), mask)
    assert min(dice(back[t] == code, mask[t] == code) for t in range(2) for code in (1, 2)) > 0.98
    assert (seen == 1).sum(axis=(1, 2, 3)) / 1000 == pytest.approx(heart.cavity_ml, rel=0.02)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.9999999, 1.0, 1.0000001), None], ids=str)
def test_on_its_own_spacing_a_mask_comes_back_as_it_was(spacing):
    recipe = VolumeRecipe(shape=(70, 50, 61), spacing=spacing and 1.0)
    mask = np.random.default_rng(0).integers(0, 4, (2, 40, 50, 60), np.uint8)
    _, back = there_and_back(recipe.grid(mask.shape, spacing), mask)
    assert np.array_equal(back, mask)


@pytest.mark.parametrize("spacing", SPACINGS, ids=str)
def test_scores_come_back_finer_than_codes(spacing):
    mask = shell(spacing)
    grid = cubes.grid(mask.shape, spacing, full=True)
    scores = torch.cat([grid.to_network(torch.from_numpy(mask == code).float()) for code in range(3)])
    by_scores = grid.scores_to_native(scores).numpy()
    by_codes = grid.scores_to_native(certain(scores.argmax(dim=0))).numpy()
    assert dice(by_scores == 2, mask[0] == 2) >= dice(by_codes == 2, mask[0] == 2)


@pytest.mark.parametrize("spacing", [(0.7, 0.5, 0.5), (3.0, 1.0, 1.0), (1.0, 1.0, 1.0)], ids=str)
def test_scores_come_back_slab_by_slab_as_they_would_at_once(spacing):
    grid = cubes.grid((1, 70, 20, 24), spacing, full=True)
    scores = torch.rand(3, *grid.shape, generator=torch.Generator().manual_seed(0))
    at_once = grid.to_native(scores)
    seen = grid.scores_to_native(scores)
    assert seen.shape == (70, 20, 24)
    assert seen.dtype == torch.uint8
    chosen = at_once.gather(0, seen[None].long())[0]
    torch.testing.assert_close(chosen, at_once.amax(0))


def test_what_cannot_be_a_grid_is_explained():
    for unknown in (None, (0.0, 1.0, 1.0), (np.nan, 1.0, 1.0), (1.0, np.inf, 1.0)):
        with pytest.raises(InputError, match="spacing of a volume to resample it to 1 mm"):
            cubes.grid((1, 5, 5, 5), unknown)
    with pytest.raises(InputError, match="shape"):
        cubes.grid((5, 5, 5), (1.0, 1.0, 1.0))
    for broken in ({"shape": (0, 5, 5)}, {"shape": (5, 5)}, *({"spacing": step} for step in (0.0, np.nan, np.inf))):
        with pytest.raises(InputError, match=r"three lengths|0.01 to 200 mm"):
            VolumeRecipe(**{"shape": (5, 5, 5)} | broken)
    with pytest.raises(InputError, match="from low to high, got 600 to -200"):
        VolumeRecipe(shape=(5, 5, 5), window=HuWindow(low=600, high=-200))
    with pytest.raises(InputError, match="from low to high, got -inf to 600"):
        HuWindow(low=-np.inf, high=600)
