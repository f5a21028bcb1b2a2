"""Masks of sequences: what a model of known answers says comes back on native voxels, phase by phase."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from medgraft.core.errors import InputError
from medgraft.inference import predict_masks
from medgraft.inference.masks import temporal_windows
from medgraft.recipe import HuWindow, PercentileWindow, VolumeRecipe

SPACING = (2.0, 1.0, 1.0)
WINDOW = HuWindow(low=0, high=200)
#: A recipe for each number of axes, windows smaller than the volume, and shorter than the cycle.
RECIPES = {
    dims: VolumeRecipe(shape=(1 if dims == 2 else 8, 12, 12), spacing=None, window=WINDOW, phases=4)
    for dims in (2, 3, 4)
}


class Bands(nn.Module):
    """Pool where it is brighter than 0.75, wall above 0.25, voxel by voxel: any window gives the same answer."""

    def __init__(self) -> None:
        super().__init__()
        self.sharpness = nn.Parameter(torch.tensor(20.0))

    def forward(self, images: Tensor) -> Tensor:
        grey = images[:, 0]
        return self.sharpness * torch.stack([0.25 - grey, 2 * grey - 1.25, torch.zeros_like(grey)], dim=1)


class BrighterThanItsCycle(Bands):
    """Class 1 where a voxel is brighter than over the phases that the network sees."""

    def forward(self, images: Tensor) -> Tensor:
        change = images - images.mean(dim=2, keepdim=True)
        return torch.cat([torch.zeros_like(change), self.sharpness * change], dim=1)


class Watched(np.ndarray[Any, Any]):
    """An array that remembers how many phases were read at once."""

    read: list[int]

    def __getitem__(self, key: Any) -> Any:
        part = np.asarray(self)[key]
        if isinstance(key, slice):
            self.read.append(len(part))
        return part


def hearts(n_phases: int = 5, shape: tuple[int, int, int] = (10, 24, 26)) -> tuple[NDArray[Any], NDArray[np.uint8]]:
    """Shells that beat, in 0, 100 and 200, and their masks."""
    z, y, x = (np.arange(n) + 0.5 - n / 2 for n in shape)
    distance = np.sqrt((2 * z[:, None, None]) ** 2 + y[:, None] ** 2 + x**2)
    radii = 4 + 2 * np.cos(np.linspace(0, 6, n_phases))[:, None, None, None]
    masks = np.where(distance < radii, 1, np.where(distance < radii + 4, 2, 0)).astype(np.uint8)
    return np.array([0, 200, 100], np.int16)[masks], masks


@pytest.mark.parametrize("dims", RECIPES)
@pytest.mark.parametrize("dtype", [np.int16, np.float64])
def test_on_its_own_grid_every_voxel_has_its_answer(dims, dtype):
    pixels, masks = hearts()
    before = pixels.astype(dtype)
    found = predict_masks(Bands(), RECIPES[dims], before, None, dims=dims)
    assert found.dtype == np.uint8
    assert np.array_equal(found, masks)
    assert np.array_equal(before, pixels)


@pytest.mark.parametrize("dims", [3, 4])
def test_from_another_grid_masks_come_back_where_they_were(dims):
    pixels, masks = hearts()
    recipe = VolumeRecipe(shape=(16, 16, 16), spacing=1.0, window=WINDOW)
    found = predict_masks(Bands(), recipe, pixels, SPACING, dims=dims)
    for code in (1, 2):
        assert 2 * ((found == code) & (masks == code)).sum() / ((found == code).sum() + (masks == code).sum()) > 0.9
    assert all((found[t] > 0).any() for t in range(len(masks)))


@pytest.mark.parametrize("dims", RECIPES)
def test_phases_that_are_not_asked_for_stay_as_they_are(dims):
    pixels, masks = hearts()
    told: list[tuple[int, int]] = []
    found = predict_masks(
        Bands(), RECIPES[dims], pixels, None, dims=dims, phases=(3, 0), report=lambda p: told.append((p.done, p.total))
    )
    assert np.array_equal(found[[0, 3]], masks[[0, 3]])
    assert not found[[1, 2, 4]].any()
    assert told == [(1, 2), (2, 2)]
    out = np.full_like(masks, 9)
    assert predict_masks(Bands(), RECIPES[dims], pixels, None, dims=dims, phases=(1,), out=out) is out
    assert np.array_equal(out[1], masks[1])
    assert (out[[0, 2, 3, 4]] == 9).all()


@pytest.mark.parametrize("dims", RECIPES)
def test_no_more_than_a_phase_is_ever_read_at_once(dims):
    pixels = hearts(n_phases=11)[0].view(Watched)
    pixels.read = []
    predict_masks(Bands(), RECIPES[dims], pixels, None, dims=dims)
    assert max(pixels.read) == 1
    assert sum(pixels.read) <= 2 * len(pixels) + RECIPES[dims].phases


def test_phases_share_the_window_of_grey_levels():
    """A phase that is darker as a whole stays darker: its own percentiles would hide it."""
    pixels, masks = hearts(n_phases=2)
    pixels[1] //= 5
    recipe = VolumeRecipe(shape=(8, 12, 12), spacing=None, window=PercentileWindow(low=0, high=100))
    found = predict_masks(Bands(), recipe, pixels, None, dims=3)
    assert np.array_equal(found[0], masks[0])
    assert not found[1].any()


def test_a_network_over_time_sees_the_whole_cycle_where_it_fits():
    pixels = np.random.default_rng(0).integers(0, 200, (6, 4, 8, 8)).astype(np.float32)
    recipe = VolumeRecipe(shape=(4, 8, 8), spacing=None, window=WINDOW)
    found = predict_masks(BrighterThanItsCycle(), recipe, pixels, None, dims=4)
    margin = np.abs(pixels - pixels.mean(axis=0)) > 0.2  # half precision of 0..200
    assert np.array_equal(found[margin], (pixels > pixels.mean(axis=0))[margin])


def test_a_cut_looks_at_the_middle_only():
    pixels, masks = hearts()
    recipe = VolumeRecipe(shape=(4, 8, 8), spacing=None, window=WINDOW)
    found = predict_masks(Bands(), recipe, pixels, None, dims=3, full=False)
    middle = (slice(None), slice(3, 7), slice(8, 16), slice(9, 17))
    assert np.array_equal(found[middle], masks[middle])
    assert np.count_nonzero(found) == np.count_nonzero(found[middle])


@pytest.mark.parametrize("n_phases", range(1, 25))
@pytest.mark.parametrize("length", [1, 2, 5, 12])
def test_temporal_windows_answer_every_phase_once_from_within(n_phases, length):
    windows = temporal_windows(n_phases, length)
    assert sorted(phase for _, answered in windows for phase in answered) == list(range(n_phases))
    for shown, answered in windows:
        assert shown == tuple((shown[0] + step) % n_phases for step in range(min(length, n_phases)))
        places = [shown.index(phase) for phase in answered]
        around = length // 4 if length < n_phases else 0
        assert all(around <= place < len(shown) - around for place in places)


def test_where_a_beat_is_longer_than_a_window_it_may_begin_anywhere():
    """Every phase is seen between those before and after it, the first and the last of the file among them."""
    pixels = np.random.default_rng(0).integers(0, 200, (8, 4, 8, 8)).astype(np.float32)
    recipe = VolumeRecipe(shape=(4, 8, 8), spacing=None, window=WINDOW, phases=4)
    found, turned = (
        predict_masks(BrighterThanItsCycle(), recipe, np.roll(pixels, turn, 0), None, dims=4) for turn in (0, 2)
    )
    assert np.array_equal(np.roll(found, 2, 0), turned)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"dims": 2}, "recipe with Z = 1"),
        ({"dims": 5}, "recipe with Z = 1"),
        ({"phases": (5,)}, r"phases within 0\.\.4"),
        ({"out": np.zeros((5, 10, 24, 26), np.int64)}, "type uint8"),
        ({"recipe": VolumeRecipe(shape=(8, 8, 8))}, "spacing of a volume"),
    ],
)
def test_what_does_not_fit_is_explained(change, said):
    given = {"recipe": RECIPES[3], "dims": 3} | change
    with pytest.raises(InputError, match=said):
        predict_masks(Bands(), given.pop("recipe"), hearts()[0], None, **given)
