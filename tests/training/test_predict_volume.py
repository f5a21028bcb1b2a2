"""Laws of the sliding window."""

from functools import reduce
from itertools import product

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from medgraft.core.errors import InputError
from medgraft.networks.segmenter import build_segmenter
from medgraft.training import predict_volume

#: Sides of a volume and of a window, by the number of axes.
SIDES = {2: ((13, 10), (6, 5)), 3: ((7, 13, 10), (4, 6, 5)), 4: ((5, 7, 9, 8), (3, 4, 5, 4))}
NETWORKS = {2: "unet2d", 3: "unet3d", 4: "segnet4d"}


class ByVoxel(nn.Module):
    """Scores that depend on a voxel's own value alone."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(3.0))

    def forward(self, volumes: Tensor) -> Tensor:
        return torch.cat([volumes * self.scale, 1 - volumes, volumes.square()], 1)


class ByPlace(nn.Module):
    """Scores that depend on the place within the window, so that every seam shows."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(1.0))

    def forward(self, volumes: Tensor) -> Tensor:
        ramp = torch.arange(volumes[0, 0].numel()).view(volumes.shape[2:]).to(volumes) / 10
        scores = ramp.sin().expand_as(volumes) + volumes * self.scale
        return torch.cat([scores, -scores], 1)


def volume(dims: int) -> Tensor:
    return torch.rand(1, 1, *SIDES[dims][0], generator=torch.Generator().manual_seed(dims))


def blended(model: nn.Module, whole: Tensor, window: tuple[int, ...], overlap: float) -> NDArray[np.float64]:
    """The mean over windows with Gaussian weights, sigma an eighth of the window, never below 1e-3, by loops."""
    sides = whole.shape[2:]
    steps = [max(int(most * (1 - overlap)), 1) for most in window]
    starts = [
        [min(step * k, side - most) for k in range(-(-(side - most) // step) + 1)]
        for side, most, step in zip(sides, window, steps, strict=True)
    ]
    bells = [np.exp(-((np.arange(n) - (n - 1) / 2) ** 2) / (2 * (n / 8) ** 2)) for n in window]
    weight = np.maximum(reduce(np.multiply.outer, bells), 1e-3)
    total, mass = np.zeros((2, *sides)), np.zeros(sides)
    for corner in product(*starts):
        part = tuple(slice(first, first + most) for first, most in zip(corner, window, strict=True))
        seen = torch.from_numpy(whole.numpy()[(..., *part)])
        with torch.no_grad():
            total[(..., *part)] += model(seen).softmax(1)[0].numpy() * weight
        mass[part] += weight
    return total / mass


@pytest.mark.parametrize("dims", SIDES)
@pytest.mark.parametrize("overlap", [0.0, 0.25, 0.5])
def test_it_is_the_weighted_mean_over_windows(dims: int, overlap: float) -> None:
    got = predict_volume(ByPlace(), volume(dims), SIDES[dims][1], overlap)
    np.testing.assert_allclose(got.numpy(), blended(ByPlace(), volume(dims), SIDES[dims][1], overlap), atol=1e-5)


@pytest.mark.parametrize("dims", SIDES)
def test_where_a_voxel_speaks_for_itself_windows_change_nothing(dims: int) -> None:
    whole = volume(dims)
    expected = ByVoxel()(whole).softmax(1)[0].detach()
    for window in (SIDES[dims][1], (1,) * dims, whole.shape[2:], (99,) * dims, (2, *whole.shape[3:])):
        torch.testing.assert_close(predict_volume(ByVoxel(), whole, tuple(window)), expected)


@pytest.mark.parametrize("dims", SIDES)
def test_networks_answer_in_probabilities_and_keep_their_modes(dims: int) -> None:
    model = build_segmenter(NETWORKS[dims], n_classes=3)
    model.base.eval()
    before = [module.training for module in model.modules()]
    got = predict_volume(model, volume(dims), SIDES[dims][1])
    assert [module.training for module in model.modules()] == before
    assert got.shape == (3, *SIDES[dims][0])
    torch.testing.assert_close(got.sum(0), torch.ones(SIDES[dims][0]))
    assert not got.requires_grad
    assert torch.equal(got, predict_volume(model, volume(dims), SIDES[dims][1]))


WRONG = [((4, 4), 0.25), ((4, 4, 0), 0.25), ((4, 4, 4), 1.0), ((4, 4, 4), -0.1)]


@pytest.mark.parametrize(("window", "overlap"), WRONG)
def test_windows_that_do_not_fit_are_refused(window: tuple[int, ...], overlap: float) -> None:
    with pytest.raises(InputError, match="window of 3 sides"):
        predict_volume(ByVoxel(), volume(3), window, overlap)


def test_volumes_come_one_by_one() -> None:
    with pytest.raises(InputError, match=r"volume \(1, C"):
        predict_volume(ByVoxel(), torch.zeros(2, 1, 4, 4), (4, 4))


def test_sequences_are_computed_one_by_one_and_volumes_in_pairs() -> None:
    """A sequence takes the memory of all its phases; a lone volume is slow."""

    class Counting(ByVoxel):
        most = 0

        def forward(self, volumes: Tensor) -> Tensor:
            self.most = max(self.most, len(volumes))
            return super().forward(volumes)

    for dims, most in {2: 2, 3: 2, 4: 1}.items():
        model = Counting()
        predict_volume(model, volume(dims), SIDES[dims][1])
        assert model.most == most
