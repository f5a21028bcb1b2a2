"""The check tells a learnt map from an indifferent one."""

import numpy as np
import torch
from torch import Tensor, nn

from medgraft.explanation import gradcam, randomisation_check


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


def test_maps_that_ignore_the_weights_are_found_out() -> None:
    images = torch.rand(3, 1, 8, 8)
    blind = randomisation_check(EdgeBlind(), images, torch.zeros(3, dtype=torch.int64), "features", seed=1)
    np.testing.assert_allclose(blind, 1)


def test_maps_that_need_the_weights_change_and_the_model_does_not() -> None:
    model, images, classes = learnt(), torch.randn(6, 1, 16, 16), torch.zeros(6, dtype=torch.int64)
    before = gradcam(model, images, classes, "1")
    found = randomisation_check(model, images, classes, "1", seed=1)
    assert np.abs(found).mean() < 0.8
    np.testing.assert_array_equal(found, randomisation_check(model, images, classes, "1", seed=1))
    np.testing.assert_array_equal(gradcam(model, images, classes, "1"), before)
