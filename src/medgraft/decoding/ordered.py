"""Ordered labellings of a stack: the best one, and the share of each class over all of them.

A labelling is ordered if, from base to apex, every class is one run of slices and the runs follow `order`; runs may
be empty. Its weight is the product of its slices' scores. A chain with steps only forward in `order` describes exactly
these labellings, so the best is found by the Viterbi recursion and the shares by forward-backward (Rabiner 1989).
"""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from medgraft.core.errors import InputError

_FLOOR = 1e-12  # a score of zero is unlikely, not impossible: one slice must not veto every labelling


def decode_stack(y_score: NDArray[Any], order: Sequence[int], required: Collection[int] = ()) -> NDArray[np.int64]:
    """The ordered labelling with the highest sum of log scores: exact, in O(Z K^2) for K ordered classes.

    Args:
        y_score: (Z, K) class scores of a stack's slices, base first.
        order: columns from base to apex; a column left out is never answered.
        required: columns that must occur.

    Returns:
        (Z,) columns. Of equal sums, boundaries as far towards the apex as they can be.

    Raises:
        InputError: scores are not (Z, K) and finite, `order` or `required` name no such column, or there are
            fewer slices than required classes.

    >>> decode_stack(np.array([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2], [0.1, 0.8, 0.1]]), order=(2, 1, 0))
    array([2, 1, 1])
    """
    columns, log_score, step, first, last = _chain(y_score, order, required)
    best = log_score.copy()  # best[z, k]: of all beginnings that end with class k at slice z
    for z in range(len(best)):
        best[z] += first if z == 0 else (best[z - 1][:, None] + step).max(axis=0)
    state, answer = last, np.empty(len(best), np.int64)
    for z in reversed(range(len(best))):
        answer[z] = np.argmax(best[z] + state)
        state = step[:, answer[z]]
    return columns[answer]


def stack_posterior(y_score: NDArray[Any], order: Sequence[int], required: Collection[int] = ()) -> NDArray[np.float64]:
    """Class probabilities of each slice given the scores of its whole stack and the order of the classes.

    The share of all ordered labellings, each by its weight, that give a slice a class. Arguments and errors are those
    of `decode_stack`.

    Returns:
        (Z, K) probabilities; rows sum to 1, columns outside `order` are 0.
    """
    columns, log_score, step, first, last = _chain(y_score, order, required)
    forward, backward = log_score.copy(), np.zeros_like(log_score)
    for z in range(len(forward)):
        forward[z] += first if z == 0 else logsumexp(forward[z - 1][:, None] + step, axis=0)
    for z in reversed(range(len(backward))):
        backward[z] = last if z == len(backward) - 1 else logsumexp(step + (log_score + backward)[z + 1], axis=1)
    share = forward + backward
    probability = np.zeros(np.shape(y_score))
    probability[:, columns] = np.exp(share - logsumexp(share, axis=1, keepdims=True))
    return probability


class _Chain(NamedTuple):
    """Columns (K,), log scores (Z, K); steps (K, K), first and last states (K,): 0 where allowed, else -inf."""

    columns: NDArray[np.int64]
    log_score: NDArray[np.float64]
    step: NDArray[np.float64]
    first: NDArray[np.float64]
    last: NDArray[np.float64]


def _chain(y_score: NDArray[Any], order: Sequence[int], required: Collection[int]) -> _Chain:
    scores = _checked(np.asarray(y_score, float), order, required)
    columns = np.asarray(order, np.int64)
    needed = np.concatenate([[0], np.cumsum(np.isin(columns, list(required)))])  # needed[i]: required ones before i
    before, upto = needed[:-1], needed[1:]
    forward = np.triu(np.ones((len(columns), len(columns)), bool))
    skips_none = before[None, :] <= upto[:, None]
    return _Chain(
        columns=columns,
        log_score=np.log(np.clip(scores[:, columns], _FLOOR, None)),
        step=_log(forward & skips_none),
        first=_log(before == 0),
        last=_log(upto == needed[-1]),
    )


def _log(allowed: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.where(allowed, 0.0, -np.inf)


def _checked(scores: NDArray[np.float64], order: Sequence[int], required: Collection[int]) -> NDArray[np.float64]:
    if scores.ndim != 2:
        raise InputError(f"Expected scores of shape (Z, K), got {scores.shape}.")
    if not np.isfinite(scores).all():
        broken = int((~np.isfinite(scores)).any(axis=1).sum())
        raise InputError(f"Expected finite scores, got NaN or infinity in {broken} slices. Do leave diverged runs out.")
    if not order or len(set(order)) != len(order) or not set(order) <= set(range(scores.shape[1])):
        raise InputError(f"Expected an order of different columns within 0..{scores.shape[1] - 1}, got {tuple(order)}.")
    if not set(required) <= set(order):
        raise InputError(f"Expected required classes from the order {tuple(order)}, got {tuple(required)}.")
    if len(scores) < len(set(required)):
        raise InputError(
            f"Expected at least {len(set(required))} slices for as many required classes, got {len(scores)}."
        )
    return scores
