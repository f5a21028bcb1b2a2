"""Changes of training volumes: chosen once, recorded, and the same for an image and its mask."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from medgraft.recipe import Augmentation, Distortion, PercentileWindow, VolumeRecipe

RECIPE = VolumeRecipe(shape=(24, 26, 28))
FLAT = VolumeRecipe(shape=(1, 26, 28), spacing=None, window=PercentileWindow())
POSE = Distortion(turn=(8.0, -5.0, 9.0), scale=(1.1, 1.1, 1.1), shift=(1.5, -2.0, 0.5))


def blob(shape: tuple[int, int, int] = (30, 31, 32)) -> np.ndarray:
    """A smooth ellipsoid off the middle, 1 within and 0 outside."""
    z, y, x = (np.arange(n) - n / 2 for n in shape)
    distance = np.sqrt(((z[:, None, None] - 2) / 6) ** 2 + ((y[:, None] + 1) / 8) ** 2 + ((x - 1) / 5) ** 2)
    return np.clip(2.5 - 2 * distance, 0, 1).astype(np.float32)


def pair(n_phases: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    image = torch.from_numpy(blob())[None].repeat(n_phases, 1, 1, 1)
    return image, (image > 0.5).long()


def cut(values: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
    starts = [(have - want) // 2 for have, want in zip(values.shape[1:], shape, strict=True)]
    return values[(..., *(slice(start, start + want) for start, want in zip(starts, shape, strict=True)))]


def test_no_change_is_the_plain_cut():
    images, codes = pair()
    seen, mask = RECIPE.distort(images, codes, Distortion())
    torch.testing.assert_close(seen, cut(images, RECIPE.shape), rtol=0, atol=1e-5)
    assert torch.equal(mask, cut(codes, RECIPE.shape))


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("angle", [-20.0, 7.0])
def test_turns_agree_with_scipy(axis, angle):
    recipe = VolumeRecipe(shape=(30, 30, 30))
    image = blob((30, 30, 30))
    turn = tuple(angle if n == axis else 0.0 for n in range(3))
    seen, _ = recipe.distort(torch.from_numpy(image)[None], torch.zeros(1, 30, 30, 30).long(), Distortion(turn=turn))
    plane, sense = [((2, 1), 1), ((2, 0), -1), ((1, 0), 1)][axis]  # SciPy sorts the axes, and so turns y backwards
    expected = ndimage.rotate(image, sense * angle, axes=plane, reshape=False, order=1, mode="constant")
    assert np.abs(seen[0].numpy() - expected).max() < 0.02


def test_scale_and_shift_say_what_they_do():
    images, codes = pair()
    moved, _ = RECIPE.distort(images, codes, Distortion(shift=(2.0, -3.0, 1.0)))
    plain = cut(images, RECIPE.shape)
    there, here = ndimage.center_of_mass(moved[0].numpy()), ndimage.center_of_mass(plain[0].numpy())
    assert np.subtract(there, here) == pytest.approx((2, -3, 1), abs=0.05)
    larger, _ = RECIPE.distort(images, codes, Distortion(scale=(1.1, 1.1, 1.1)))
    assert float(larger.sum() / plain.sum()) == pytest.approx(1.1**3, rel=0.02)


@pytest.mark.parametrize("key", range(6))
def test_a_patch_goes_on_where_the_volume_does(key):
    """A slope stays a slope up to the edges of a turned patch, and nothing unlabelled comes in."""
    z, y, x = (torch.arange(40.0) * steepness / 300 for steepness in (1, 2, 3))
    slope = z[:, None, None] + y[:, None] + x + 0.1
    recipe = VolumeRecipe(shape=(12, 13, 14), augment=Augmentation(degrees=20, scale=0.2, gamma=0, noise=0))
    centre = (18.0, 20.0, 21.0)
    labelled = torch.ones(1, 40, 40, 40).long()
    seen, mask = recipe.distort(slope[None], labelled, recipe.choose(key), centre)
    assert seen.shape == mask.shape == (1, *recipe.shape)
    assert mask.all()
    assert all(float(seen[0].diff(n=2, dim=axis).abs().max()) < 1e-4 for axis in range(3))
    still, _ = recipe.distort(slope[None], labelled, Distortion(), centre)
    torch.testing.assert_close(still[0], slope[12:24, 14:27, 14:28].float())


def test_only_what_the_patch_is_made_of_is_read():
    class Watched:
        """A volume that remembers the sides of what was asked of it."""

        shape, asked = (40, 40, 40), list[list[int]]()

        def __getitem__(self, box):
            self.asked.append([part.stop - part.start for part in box])
            return torch.zeros(self.shape)[box]

    volume = Watched()
    VolumeRecipe(shape=(8, 8, 8)).distort([volume], [volume], Distortion(turn=(10.0, 0.0, 0.0)), (20.0, 5.0, 39.0))
    assert volume.asked == 2 * [[8, 10, 6]]


def test_an_image_and_its_mask_move_alike():
    images, codes = pair()
    seen, mask = RECIPE.distort(images, codes, POSE)
    there, here = ndimage.center_of_mass(seen[0].numpy() > 0.5), ndimage.center_of_mass(mask[0].numpy())
    assert there == pytest.approx(here, abs=0.1)
    assert float((seen > 0.5).sum() / mask.sum()) == pytest.approx(1, abs=0.03)
    assert torch.equal(seen[0], seen[1])


def test_grey_levels_change_and_codes_do_not():
    images, codes = pair()
    plain, still = RECIPE.distort(images, codes, Distortion())
    seen, mask = RECIPE.distort(images, codes, Distortion(gamma=1.3, noise=0.05, seed=4))
    assert torch.equal(mask, still)
    assert float((seen - plain**1.3).abs().max()) > 0.1
    assert 0 <= float(seen.min()) <= float(seen.max()) <= 1
    assert torch.equal(seen, RECIPE.distort(images, codes, Distortion(gamma=1.3, noise=0.05, seed=4))[0])


def test_a_flip_mirrors_the_axis_it_names():
    images, codes = pair()
    for axis in range(3):
        recipe = VolumeRecipe(shape=(30, 31, 32))
        _, mask = recipe.distort(images, codes, Distortion(flip=tuple(n == axis for n in range(3))))
        assert torch.equal(mask, codes.flip(axis + 1))


@given(key=st.integers(0, 400))
def test_choices_stay_within_their_ranges_and_depend_on_their_key_alone(key):
    choice, again = RECIPE.choose(7, key), RECIPE.choose(7, key)
    limits = RECIPE.augment
    assert choice == again
    assert choice != RECIPE.choose(8, key)
    assert max(map(abs, choice.turn)) <= limits.degrees
    assert max(map(abs, choice.shift)) <= limits.shift
    assert len(set(choice.scale)) == 1
    assert abs(math.log(choice.scale[0])) <= math.log1p(limits.scale) + 1e-12
    assert abs(math.log(choice.gamma)) <= limits.gamma
    assert 0 <= choice.noise <= limits.noise
    assert choice.flip == (False, False, False)


@given(key=st.integers(0, 50))
def test_where_voxels_are_not_known_to_be_cubes_pose_changes_in_the_plane_only(key):
    choice = FLAT.choose(key)
    assert choice.turn[1:] == (0, 0)
    assert (choice.scale[0], choice.shift[0]) == (1, 0)
    assert choice.scale[1] == choice.scale[2] != 1


def test_slices_are_changed_in_their_plane_and_never_mixed():
    images, codes = pair(1)
    choice = dataclasses.replace(FLAT.choose(3), noise=0.0)
    whole, _ = FLAT.distort(images, codes, choice)
    assert whole.shape == (1, 30, 26, 28)
    alone, _ = FLAT.distort(images[:, 12:13], codes[:, 12:13], choice)
    torch.testing.assert_close(alone[:, 0], whole[:, 12], rtol=0, atol=1e-5)


def test_flips_are_drawn_where_they_are_allowed():
    mirroring = Augmentation(flips=(2,))
    flips = {mirroring.choose(np.random.default_rng(n)).flip for n in range(40)}
    assert flips == {(False, False, False), (False, False, True)}
