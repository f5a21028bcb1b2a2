"""Scores of a volume that is larger than what a model computes at once."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from medgraft.core.errors import InputError
from medgraft.networks.mode import in_eval_mode

#: Windows computed at once, by the number of axes: for a small volume alone, torch has no quick convolution on a CPU.
#: A sequence is many volumes, and takes the memory of as many.
_WINDOWS = {2: 2, 3: 2, 4: 1}


def predict_volume(model: nn.Module, volume: Tensor, window: tuple[int, ...], overlap: float = 0.25) -> Tensor:
    """Class probabilities (K, [T,] [Z,] Y, X) of every voxel, in evaluation mode; every module's mode is restored.

    Windows overlap, and where they do a voxel's probabilities are their mean with Gaussian weights: each window counts
    most at its middle (MONAI's sliding window). A volume that fits into one window is computed as a whole.

    Args:
        model: gives scores of any volume's size (`networks.segmenter`).
        volume: (1, C, [T,] [Z,] Y, X), where the probabilities are gathered; the model may be on another device.
        window: sides of a window in voxels, and its phases, in the order of the volume's axes.
        overlap: share of a side, 0 up to, not including, 1.

    Raises:
        InputError: window or overlap do not fit the volume.
    """
    sides = volume.shape[2:]
    if len(volume) != 1 or len(window) != len(sides) or min(window) < 1 or not 0 <= overlap < 1:
        raise InputError(
            f"Expected a volume (1, C, ...), a window of {len(sides)} sides and an overlap of 0 up to 1, "
            f"got {tuple(volume.shape)}, {window} and {overlap}."
        )
    fits = all(side <= most for side, most in zip(sides, window, strict=True))
    with in_eval_mode(model), torch.inference_mode():
        return (_at_once(model, volume) if fits else _by_windows(model, volume, window, overlap))[0]


def _at_once(model: nn.Module, volume: Tensor) -> Tensor:
    return _probabilities(model)(volume.to(_device(model))).to(volume.device)


def _by_windows(model: nn.Module, volume: Tensor, window: tuple[int, ...], overlap: float) -> Tensor:
    from monai.inferers.utils import sliding_window_inference  # noqa: PLC0415 (takes four seconds)

    blended = sliding_window_inference(
        volume,
        roi_size=[min(pair) for pair in zip(volume.shape[2:], window, strict=True)],
        sw_batch_size=_WINDOWS[len(window)],
        predictor=_probabilities(model),
        overlap=overlap,
        mode="gaussian",
        sw_device=_device(model),
        device=volume.device,
    )
    return torch.as_tensor(blended)


def _device(model: nn.Module) -> torch.device:
    return next(model.parameters()).device


def _probabilities(model: nn.Module) -> Callable[[Tensor], Tensor]:
    def compute(volumes: Tensor, *_: Any) -> Tensor:
        scores: Tensor = model(volumes)
        return scores.float().softmax(1)

    return compute
