"""One volume by a sliding window."""

import torch
from torch import Tensor, nn


def predict_volume(model: nn.Module, volume: Tensor, window: tuple[int, ...], overlap: float = 0.25) -> Tensor:
    """Class probabilities (K, [T], Z, Y, X) of one volume (1, C, [T], Z, Y, X), in evaluation mode.

    Where windows overlap, each counts by a Gaussian about its middle. Every module's mode is restored.
    """
    from monai.inferers.inferer import SlidingWindowInferer  # noqa: PLC0415 (takes four seconds)

    modes = {module: module.training for module in model.modules()}
    model.eval()
    infer = SlidingWindowInferer(window, sw_batch_size=1, overlap=overlap, mode="gaussian")
    try:
        with torch.inference_mode():
            scores = infer(volume, lambda part: model(part).float().softmax(1))
    finally:
        for module, training in modes.items():
            module.training = training
    return torch.as_tensor(scores)[0]
