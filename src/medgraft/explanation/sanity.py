"""Are the maps worth looking at? A check in numbers."""

import copy
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import rankdata
from torch import Tensor, nn

from medgraft.core.progress import Progress, Report, silent
from medgraft.core.seeds import rng
from medgraft.explanation.gradcam import gradcam

#: A few shuffles tell little: one network's differ by as much as the answer may.
SHUFFLES = 10

#: Share of empty pairs from which on the rest says nothing of the model.
_MOSTLY = 0.5


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """How much maps resemble those of the same network without what it learnt.

    median, low, high: over shuffles, of the median rank correlation (-1..1) of a shuffle's maps with the model's; None
    where it cannot be told, as most maps are empty. empty: share of pairs in which the model's map or the shuffled
    network's is constant, so that nothing can be compared. shuffles: how many there were.
    """

    median: float | None
    low: float | None
    high: float | None
    empty: float
    shuffles: int


def randomisation_check(
    model: nn.Module,
    images: Tensor,
    classes: Tensor,
    layer: str,
    *,
    seed: int,
    shuffles: int = SHUFFLES,
    report: Report = silent,
) -> NDArray[np.float64]:
    """How much Grad-CAM maps resemble those of the same network with its weights shuffled.

    Every parameter's values are permuted, which keeps their scale and forgets what was learnt. Near 1, the maps would
    look the same without any learning (Adebayo et al. 2018, arXiv 1810.03292); near 0, they depend on the weights,
    which says neither that these were learnt well nor that the maps are right. One shuffle is one draw: `likeness` sums
    up several.

    Args:
        model: as in `gradcam`; it is not changed.
        images: as in `gradcam`.
        classes: as in `gradcam`.
        layer: as in `gradcam`.
        seed: of the permutations.
        shuffles: how many networks with shuffled weights, each for all images.
        report: told of each.

    Returns:
        (shuffles, N) Spearman correlations in -1..1, NaN where either map is constant.
    """
    learnt = gradcam(model, images, classes, layer)
    found = np.empty((shuffles, len(learnt)))
    for turn in range(shuffles):
        shuffled = gradcam(_shuffled(model, seed, turn), images, classes, layer)
        found[turn] = [_rank_correlation(a, b) for a, b in zip(learnt, shuffled, strict=True)]
        report(Progress(stage="shuffled networks", done=turn + 1, total=shuffles))
    return found


def likeness(correlations: NDArray[np.float64]) -> Likeness:
    """What the correlations (shuffles, N) of `randomisation_check` come to.

    >>> likeness(np.array([[0.1, 0.3], [0.5, np.nan]]))
    Likeness(median=0.35, low=0.2, high=0.5, empty=0.25, shuffles=2)
    >>> likeness(np.array([[0.1, np.nan], [np.nan, np.nan]])).median
    """
    empty = float(np.isnan(correlations).mean()) if correlations.size else 1.0
    if empty > _MOSTLY:
        return Likeness(median=None, low=None, high=None, empty=empty, shuffles=len(correlations))
    alive = correlations[~np.isnan(correlations).all(axis=1)]
    each = np.nanmedian(alive, axis=1)
    return Likeness(
        median=float(np.median(each)),
        low=float(each.min()),
        high=float(each.max()),
        empty=empty,
        shuffles=len(correlations),
    )


def _shuffled(model: nn.Module, *key: object) -> nn.Module:
    other = copy.deepcopy(model)
    with torch.no_grad():
        for name, parameter in other.named_parameters():
            order = rng(*key, "shuffle", name).permutation(parameter.numel())
            parameter.copy_(parameter.flatten()[torch.from_numpy(order)].reshape(parameter.shape))
    return other


def _rank_correlation(first: NDArray[Any], second: NDArray[Any]) -> float:
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return math.nan
    return float(np.corrcoef(rankdata(first), rankdata(second))[0, 1])
