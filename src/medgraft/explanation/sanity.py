"""Are the maps worth looking at? A check in numbers."""

import copy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import rankdata
from torch import Tensor, nn

from medgraft.core.seeds import rng
from medgraft.explanation.gradcam import gradcam


def randomisation_check(
    model: nn.Module, images: Tensor, classes: Tensor, layer: str, *, seed: int
) -> NDArray[np.float64]:
    """How much Grad-CAM maps resemble those of the same network with its weights shuffled.

    Every parameter's values are permuted, which keeps their scale and forgets what was learnt. Near 0, the maps show
    what was learnt; near 1, they would look the same without any learning (Adebayo et al. 2018, arXiv 1810.03292).

    Args:
        model: as in `gradcam`; it is not changed.
        images: as in `gradcam`.
        classes: as in `gradcam`.
        layer: as in `gradcam`.
        seed: of the permutations.

    Returns:
        (N,) Spearman correlations in -1..1, 0 where a map is constant.
    """
    learnt = gradcam(model, images, classes, layer)
    shuffled = gradcam(_shuffled(model, seed), images, classes, layer)
    return np.array([_rank_correlation(a, b) for a, b in zip(learnt, shuffled, strict=True)], float)


def _shuffled(model: nn.Module, seed: int) -> nn.Module:
    other = copy.deepcopy(model)
    with torch.no_grad():
        for name, parameter in other.named_parameters():
            order = rng(seed, "shuffle", name).permutation(parameter.numel())
            parameter.copy_(parameter.flatten()[torch.from_numpy(order)].reshape(parameter.shape))
    return other


def _rank_correlation(first: NDArray[Any], second: NDArray[Any]) -> float:
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(np.corrcoef(rankdata(first), rankdata(second))[0, 1])
