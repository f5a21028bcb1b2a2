"""Dice of masks as a loss, where not everything is labelled."""

import torch
from torch import Tensor
from torch.nn import functional

from medgraft.training.batch import MaskTarget

#: Keeps the quotient of a class that neither the mask nor the model sees anywhere; in voxels.
_SMOOTH = 1e-5


def dice_loss(logits: Tensor, target: MaskTarget) -> Tensor:
    """1 minus the soft Dice coefficient, mean over labelled classes and then over units; between 0 and 1.

    Multi-class with squared denominators as in Myronenko 2018 (arXiv 1810.11654), after Milletari et al. 2016 (arXiv
    1606.04797). A unit's sums run over space and its labelled phases (the sparse loss of Myronenko et al. 2019, arXiv
    1906.07295): what is predicted elsewhere has a gradient of exactly 0. The background counts as a class, so that a
    picture without heart teaches too. A class that a unit's source never labels has its probability, and its voxels,
    added to the background. A unit with nothing labelled counts with a loss of 0.

    Args:
        logits: (B, K, [T,] [Z,] Y, X), before softmax.
        target: masks with the shape of the logits less K.

    >>> target = MaskTarget(codes=torch.tensor([[[0, 1]]]), phases=torch.tensor([[True]]),
    ...                     classes=torch.tensor([[True, True]]))
    >>> logits = torch.tensor([[[[9.0, -9.0]], [[-9.0, 9.0]]]])
    >>> dice_loss(logits, target) < 1e-6
    tensor(True)
    """
    labelled = _over_space(target.phases, target.codes.ndim)
    predicted = _seen(logits.softmax(1), target, labelled).flatten(2)
    true = _truth(target, labelled, logits.shape[1]).flatten(2)
    overlap = (predicted * true).sum(2)
    size = (predicted.square() + true.square()).sum(2)
    losses = 1 - (2 * overlap + _SMOOTH) / (size + _SMOOTH)
    counted = _counted(target)
    return ((losses * counted).sum(1) / counted.sum(1).clamp(min=1)).mean()


def _over_space(phases: Tensor, ndim: int) -> Tensor:
    """(B, T) over masks (B, T, Z, Y, X), or (B, 1) over masks (B, [Z,] Y, X)."""
    return phases.view(*phases.shape, *[1] * (ndim - 2))


def _truth(target: MaskTarget, labelled: Tensor, n_classes: int) -> Tensor:
    """(B, K, ...) 1 where a labelled voxel is of a class, else 0."""
    codes = target.codes.where(labelled, 0)
    return _seen(functional.one_hot(codes, n_classes).movedim(-1, 1), target, labelled)


def _counted(target: MaskTarget) -> Tensor:
    """(B, K) which classes of which units have a figure."""
    return target.classes & target.phases.any(1, keepdim=True)


def _seen(scores: Tensor, target: MaskTarget, labelled: Tensor) -> Tensor:
    """Scores (B, K, ...) as the source of each unit sees them: unlabelled classes are background, phases are 0."""
    named = target.classes.view(*target.classes.shape, *[1] * (scores.ndim - 2))
    hidden = (scores * ~named)[:, 1:].sum(1, keepdim=True)
    return torch.cat([scores[:, :1] + hidden, scores[:, 1:] * named[:, 1:]], 1) * labelled[:, None]
