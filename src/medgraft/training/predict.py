"""Scores of a model, without gradients."""

from collections.abc import Callable, Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


def predict(
    model: nn.Module, inputs: Iterable[tuple[Tensor, ...]], forward: Callable[..., Tensor] | None = None
) -> NDArray[np.float32]:
    """Class probabilities (N, K) over batches of inputs, in evaluation mode; every module's mode is restored.

    Args:
        model: whose modules compute.
        inputs: batches, each a tuple of tensors (n, ...).
        forward: how to compute logits from a batch; the model itself by default (a suffix behind a cache, say).
    """
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.inference_mode():
            scores = [(forward or model)(*batch).float().softmax(1).cpu().numpy() for batch in inputs]
    finally:
        for module, training in modes.items():
            module.training = training
    return np.concatenate(scores) if scores else np.zeros((0, 0), np.float32)
