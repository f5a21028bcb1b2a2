"""Grad-CAM against class activation maps, finite differences, and its own promises."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from medgraft.core.errors import InputError
from medgraft.explanation import gradcam


class Pooled(nn.Module):
    """Convolution, global average pool, linear: where Grad-CAM is the classic CAM (Zhou et al. 2016)."""

    def __init__(self, dims: int, *, activation: nn.Module | None = None) -> None:
        super().__init__()
        convolution = {2: nn.Conv2d, 3: nn.Conv3d}[dims]
        self.features = nn.Sequential(convolution(1, 6, 3, stride=2, padding=1), activation or nn.Identity())
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(6, 3)

    def forward(self, images: Tensor) -> Tensor:
        pooled = self.features(images).flatten(2).mean(-1)
        scores: Tensor = self.head(self.dropout(pooled))
        return scores


SHAPES = {2: (4, 1, 12, 16), 3: (2, 1, 8, 8, 6)}


def parts(dims: int, **options: nn.Module) -> tuple[Pooled, Tensor, Tensor]:
    torch.manual_seed(3)
    images = torch.randn(SHAPES[dims])
    return Pooled(dims, **options), images, torch.arange(len(images)) % 3


@pytest.mark.parametrize("dims", [2, 3])
def test_equals_classic_cam_where_a_linear_head_follows_the_pool(dims: int) -> None:
    model, images, classes = parts(dims)
    with torch.no_grad():
        features = model.features(images)
        classic = torch.einsum("nc,nc...->n...", model.head.weight[classes], features).relu()
        mode = {2: "bilinear", 3: "trilinear"}[dims]
        large = F.interpolate(classic[:, None], size=images.shape[2:], mode=mode)[:, 0].numpy()
    peaks = large.reshape(len(large), -1).max(1).reshape(-1, *[1] * dims)
    np.testing.assert_allclose(gradcam(model, images, classes, "features"), large / peaks, atol=1e-5)


def test_channel_weights_equal_finite_differences() -> None:
    model, images, classes = parts(2)
    model = model.double().eval()
    tail: Callable[[Tensor], Tensor] = lambda maps: model.head(maps.tanh().flatten(2).mean(-1))  # noqa: E731 - short
    model.forward = lambda batch: tail(model.features(batch))  # type: ignore[method-assign]  # a curved head
    images = images.double()
    features = model.features(images).detach()
    step, numbers = 1e-5, []
    for channel in range(features.shape[1]):
        # Adding to a whole channel moves the score by the sum of that channel's gradients.
        bump = torch.zeros_like(features)
        bump[:, channel] = step
        change = (tail(features + bump) - tail(features - bump)).detach() / (2 * step)
        numbers.append(change[torch.arange(len(images)), classes] / features[0, 0].numel())
    weights = torch.stack(numbers, dim=1)
    expected = torch.einsum("nc,nchw->nhw", weights, features).relu()
    large = F.interpolate(expected[:, None], size=images.shape[2:], mode="bilinear")[:, 0].detach().numpy()
    found = gradcam(model, images, classes, "features")
    np.testing.assert_allclose(found, large / large.max(axis=(1, 2), keepdims=True), atol=1e-5)


@pytest.mark.parametrize("dims", [2, 3])
def test_maps_are_float32_between_0_and_1_in_the_images_shape(dims: int) -> None:
    model, images, classes = parts(dims)
    maps = gradcam(model, images, classes, "features")
    assert maps.dtype == np.float32
    assert maps.shape == (len(images), *images.shape[2:])
    assert maps.min() >= 0
    assert maps.max() <= 1


def test_no_positive_evidence_gives_an_empty_map() -> None:
    model, images, classes = parts(2, activation=nn.ReLU())
    nn.init.constant_(model.head.weight, -1.0)
    assert not gradcam(model, images, classes, "features").any()


def test_frozen_weights_and_in_place_activations_change_nothing() -> None:
    model, images, classes = parts(2, activation=nn.ReLU(inplace=True))
    free = gradcam(model, images, classes, "features.0")
    model.requires_grad_(False)
    np.testing.assert_array_equal(gradcam(model, images, classes, "features.0"), free)
    model.features[1] = nn.ReLU(inplace=False)
    np.testing.assert_array_equal(gradcam(model, images, classes, "features.0"), free)


def test_the_model_is_left_as_it_was() -> None:
    model, images, classes = parts(2)
    model.train()
    model.features.eval()
    model.features.requires_grad_(False)
    before = state_of(model)
    gradcam(model, images, classes, "features")
    assert state_of(model) == before


def test_works_where_gradients_are_off_and_does_not_depend_on_the_batch() -> None:
    model, images, classes = parts(2)
    whole = gradcam(model, images, classes, "features")
    with torch.no_grad():
        single = gradcam(model, images, classes, "features", batch_size=1)
    np.testing.assert_allclose(single, whole, atol=1e-6)


def test_no_images_give_no_maps() -> None:
    model, images, classes = parts(2)
    assert gradcam(model, images[:0], classes[:0], "features").shape == (0, 12, 16)


@pytest.mark.parametrize(
    ("layer", "message"),
    [("nowhere", "Available at the top: features, dropout, head"), ("head", "feature map with 4 axes")],
)
def test_a_wrong_layer_is_explained_and_the_modes_are_restored(layer: str, message: str) -> None:
    model, images, classes = parts(2)
    before = state_of(model)
    with pytest.raises(InputError, match=message):
        gradcam(model, images, classes, layer)
    assert state_of(model) == before


class InHeads(Pooled):
    """Several maps of an image lie along the first axis, as within transformers' attention."""

    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images.repeat_interleave(2, dim=0)).unflatten(0, (len(images), 2)).mean(1)


def test_maps_that_are_not_one_of_each_image_are_refused() -> None:
    with pytest.raises(InputError, match=r"of each of 4 images .* got shape \(8, 6, 6, 8\)"):
        gradcam(InHeads(2), parts(2)[1], parts(2)[2], "features")


def test_classes_must_match_images() -> None:
    model, images, classes = parts(2)
    with pytest.raises(InputError, match="N classes"):
        gradcam(model, images, classes[:1], "features")


def state_of(model: nn.Module) -> tuple[object, ...]:
    modes = [module.training for module in model.modules()]
    flags = [(parameter.requires_grad, parameter.grad) for parameter in model.parameters()]
    hooks = [len(module._forward_hooks) for module in model.modules()]
    return modes, flags, hooks
