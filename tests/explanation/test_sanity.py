"""The check tells a learnt map from an indifferent one."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from medgraft.core.progress import Progress
from medgraft.explanation import Likeness, gradcam, likeness, randomisation_check


class EdgeBlind(nn.Module):
    """Its map is the image itself, whatever its weights: what the check must find out."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Identity()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, images: Tensor) -> Tensor:
        return self.features(images).flatten(2).mean(-1) * self.scale


def learnt() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 8, 5, padding=2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2)
    )


def noise(n_images: int, side: int) -> Tensor:
    return torch.randn(n_images, 1, side, side, generator=torch.Generator().manual_seed(1))


def check(model: nn.Module, images: Tensor, layer: str, **settings: int) -> NDArray[np.float64]:
    return randomisation_check(model, images, torch.zeros(len(images), dtype=torch.int64), layer, seed=1, **settings)


def test_maps_that_ignore_the_weights_are_found_out() -> None:
    blind = check(EdgeBlind(), noise(3, 8), "features")
    assert blind.shape == (10, 3)
    np.testing.assert_allclose(blind, 1)
    told = likeness(blind)
    assert (told.median, told.low, told.high, told.empty) == pytest.approx((1, 1, 1, 0))


def test_maps_that_need_the_weights_change_and_the_model_does_not() -> None:
    model, images, classes = learnt(), noise(6, 16), torch.zeros(6, dtype=torch.int64)
    before = gradcam(model, images, classes, "1")
    said: list[Progress] = []
    found = randomisation_check(model, images, classes, "1", seed=1, shuffles=3, report=said.append)
    assert np.nanmean(np.abs(found)) < 0.8
    np.testing.assert_array_equal(found, check(model, images, "1", shuffles=3))
    np.testing.assert_array_equal(gradcam(model, images, classes, "1"), before)
    assert [step.done for step in said] == [1, 2, 3]


def test_every_shuffle_is_another_one_and_the_first_of_more_are_those_of_fewer() -> None:
    images = noise(2, 16)
    found = check(learnt(), images, "1", shuffles=6)
    assert len(np.unique(found[:, 0])) > 3
    np.testing.assert_array_equal(found[:2], check(learnt(), images, "1", shuffles=2))


def test_an_empty_map_is_like_nothing() -> None:
    """A constant map has no ranks: neither alike nor different."""
    images = noise(3, 8)
    images[1] = 0.5
    found = check(EdgeBlind(), images, "features", shuffles=2)
    assert np.isnan(found).tolist() == [[False, True, False]] * 2
    told = likeness(found)
    assert (told.median, told.empty) == pytest.approx((1, 1 / 3))


def test_where_most_maps_are_empty_nothing_is_told() -> None:
    dead = EdgeBlind()
    torch.nn.init.zeros_(dead.scale)  # no gradient, no evidence
    assert likeness(check(dead, noise(3, 8), "features", shuffles=2)) == Likeness(
        median=None, low=None, high=None, empty=1.0, shuffles=2
    )


def test_a_shuffle_without_any_map_has_no_part_in_the_range() -> None:
    found = np.array([[0.1, 0.3], [np.nan, np.nan], [0.5, 0.7]])
    told = likeness(found)
    assert (told.median, told.low, told.high, told.empty) == pytest.approx((0.4, 0.2, 0.6, 1 / 3))
