"""Grad-CAM: where in an image a class score comes from."""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from medgraft.core.errors import InputError
from medgraft.networks.mode import in_eval_mode

_INTERPOLATION = {2: "bilinear", 3: "trilinear"}


def gradcam(
    model: nn.Module, images: Tensor, classes: Tensor, layer: str, *, batch_size: int = 16
) -> NDArray[np.float32]:
    """Grad-CAM maps of one class per image (Selvaraju et al. 2017, doi 10.1109/ICCV.2017.74).

    The map is the ReLU of the layer's feature maps, each weighted by the mean gradient of the class score,
    upsampled to the image and divided by its maximum. A map without positive evidence is zero everywhere.
    The model runs in eval mode; its modes, its `requires_grad` flags and its gradients are left as they were.

    Args:
        model: gives class scores before the softmax, (N, K).
        images: (N, C, H, W) or (N, C, D, H, W), as the model expects them.
        classes: (N,) whole numbers, the class to explain for each image.
        layer: a module of the model by its dotted name; its output is (N, channels, ...) with the images' axes.
        batch_size: images per pass.

    Returns:
        (N, H, W) or (N, D, H, W) in 0..1.

    Raises:
        InputError: if the layer does not exist, is not run or gives no feature map, or the shapes do not fit.
    """
    module = _named_module(model, layer)
    if images.ndim - 2 not in _INTERPOLATION or len(images) != len(classes):
        raise InputError(
            f"Expected images (N, C, H, W) or (N, C, D, H, W) and N classes, got {tuple(images.shape)} "
            f"and {tuple(classes.shape)}."
        )
    with torch.inference_mode(False), torch.enable_grad(), in_eval_mode(model):
        batches = zip(torch.split(images, batch_size), torch.split(classes, batch_size), strict=True)
        maps = [_maps_of(model, module, layer, batch, chosen) for batch, chosen in batches]
    return torch.cat(maps).cpu().numpy() if maps else np.zeros((0, *images.shape[2:]), np.float32)


def _maps_of(model: nn.Module, module: nn.Module, layer: str, images: Tensor, classes: Tensor) -> Tensor:
    scores, features = _scores_and_features(model, module, images)
    if features is None or (features.ndim, len(features)) != (images.ndim, len(images)):
        found = "nothing, for it is not run" if features is None else f"shape {tuple(features.shape)}"
        raise InputError(
            f"Expected a feature map with {images.ndim} axes of each of {len(images)} images from the layer {layer!r}, "
            f"got {found}. "
            "Name the last convolutional layer or block."
        )
    chosen = scores.gather(1, classes.to(scores.device).long()[:, None]).sum()
    (gradient,) = torch.autograd.grad(chosen, features)
    weights = gradient.flatten(2).mean(-1)  # (N, channels)
    evidence = F.relu(torch.einsum("nc,nc...->n...", weights, features.detach()))
    size = images.shape[2:]
    large = F.interpolate(evidence[:, None].float(), size=size, mode=_INTERPOLATION[len(size)], align_corners=False)
    return _scaled_to_one(large[:, 0])


def _scores_and_features(model: nn.Module, module: nn.Module, images: Tensor) -> tuple[Tensor, Tensor | None]:
    seen: list[Tensor] = []

    # The graph starts anew at the layer's output: gradients are there even if every weight is frozen, and nothing is
    # kept of the layers before. The clone goes on, so that an in-place ReLU behind the layer cannot change the leaf.
    def restart_graph(_module: nn.Module, _inputs: object, output: object) -> Tensor | None:
        if not isinstance(output, Tensor):
            return None
        seen.append(output.detach().requires_grad_())
        return seen[-1].clone()

    handle = module.register_forward_hook(restart_graph)
    try:
        scores = model(images)
    finally:
        handle.remove()
    return scores, seen[-1] if seen else None


def _scaled_to_one(maps: Tensor) -> Tensor:
    peak = maps.flatten(1).amax(1).clamp_min(torch.finfo(maps.dtype).tiny)
    return maps / peak.reshape(-1, *[1] * (maps.ndim - 1))


def _named_module(model: nn.Module, layer: str) -> nn.Module:
    modules: dict[str, nn.Module] = dict(model.named_modules())
    if layer not in modules:
        close = [name for name in modules if name and "." not in name]
        raise InputError(f"Expected the name of a layer, got {layer!r}. Available at the top: {', '.join(close)}.")
    return modules[layer]
