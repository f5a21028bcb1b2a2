"""Ordered labellings of a stack, and the best of them.

A labelling is ordered if, from base to apex, every class is one run of slices and the runs follow `order`; runs may
be empty. Its weight is the product of its slices' scores. A chain with steps only forward in `order` describes exactly
these labellings, so the best is found by the Viterbi recursion (Rabiner 1989).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError

_FLOOR = 1e-12  # a score of zero is unlikely, not impossible: one slice must not veto every labelling


def decode_stack(y_score: NDArray[Any], order: Sequence[int]) -> NDArray[np.int64]:
    """The ordered labelling with the highest sum of log scores: exact, in O(Z K) for K ordered classes.

    Args:
        y_score: (Z, K) class scores of a stack's slices, base first.
        order: columns from base to apex; a column left out is never answered.

    Returns:
        (Z,) columns. Of equal sums, boundaries as far towards the apex as they can be.

    Raises:
        InputError: scores are not (Z, K) and finite, or `order` names no such columns.

    >>> decode_stack(np.array([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2], [0.1, 0.8, 0.1]]), order=(2, 1, 0))
    array([2, 1, 1])
    """
    scores = _checked(np.asarray(y_score, float), order)
    best = np.log(np.clip(scores[:, list(order)], _FLOOR, None))
    for z in range(1, len(best)):
        best[z] += np.maximum.accumulate(best[z - 1])  # best[z, k]: of all beginnings that end with class k at slice z
    place, answer = len(order) - 1, np.empty(len(best), np.int64)
    for z in reversed(range(len(best))):
        place = int(best[z, : place + 1].argmax())
        answer[z] = order[place]
    return answer


def _checked(scores: NDArray[np.float64], order: Sequence[int]) -> NDArray[np.float64]:
    if scores.ndim != 2:
        raise InputError(f"Expected scores of shape (Z, K), got {scores.shape}.")
    if not np.isfinite(scores).all():
        broken = int((~np.isfinite(scores)).any(axis=1).sum())
        raise InputError(f"Expected finite scores, got NaN or infinity in {broken} slices. Do leave diverged runs out.")
    if not order or len(set(order)) != len(order) or not set(order) <= set(range(scores.shape[1])):
        raise InputError(f"Expected an order of different columns within 0..{scores.shape[1] - 1}, got {tuple(order)}.")
    return scores
