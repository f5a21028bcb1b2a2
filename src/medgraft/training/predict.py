"""Scores of a model, without gradients."""

from collections.abc import Callable, Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from medgraft.networks.mode import in_eval_mode


def predict(
    model: nn.Module, inputs: Iterable[tuple[Tensor, ...]], forward: Callable[..., Tensor] | None = None
) -> NDArray[np.float32]:
    """Class probabilities (N, K) over batches of inputs, in evaluation mode; every module's mode is restored.

    Args:
        model: whose modules compute.
        inputs: batches, each a tuple of tensors (n, ...).
        forward: how to compute logits from a batch; the model itself by default (a suffix behind a cache, say).
    """
    with in_eval_mode(model), torch.inference_mode():
        scores = [(forward or model)(*batch).float().softmax(1).cpu().numpy() for batch in inputs]
    return np.concatenate(scores) if scores else np.zeros((0, 0), np.float32)
