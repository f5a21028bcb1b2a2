"""Class balance: rare classes are shown more often, each copy of an image with recorded draws of its own.

An image with `c` copies has `c * V` recorded draws (random rotations, for example): copy k owns draws k * V to
k * V + V - 1 and uses each of them once in V epochs, in an order that comes from a key.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.core.seeds import rng

#: Ho and Kim 2021: "OAP and OBS oversampled" six times; the same for the outer classes of the five levels.
PAPER_COPIES: Mapping[str, int] = MappingProxyType({"OAP": 6, "OBS": 6, "oap": 6, "obs": 6})

#: The most copies that "balanced" makes of an image: more would be learned by heart.
MOST_COPIES = 30

CopyRule = Mapping[str, int] | int | Literal["balanced"] | None

Positions = NDArray[np.int64]


def training_copies(labels: NDArray[Any], classes: Sequence[str], factor: CopyRule = PAPER_COPIES) -> Positions:
    """How often each training sample stands in an epoch, (n,), 1 or more.

    Args:
        labels: (n,) class columns.
        classes: the codes in column order.
        factor: a table from code to copies, such as `PAPER_COPIES` (others 1); a number: copies of every class but the
            most frequent; "balanced": each class about as often as the most frequent, at most `MOST_COPIES` times;
            None: no copies.

    Raises:
        InputError: copies below 1, or a word that is not "balanced".

    >>> training_copies(np.array([1, 1, 1, 1, 0, 0]), ("OAP", "IN"))
    array([1, 1, 1, 1, 6, 6])
    >>> training_copies(np.array([1, 1, 1, 1, 0, 0]), ("OAP", "IN"), "balanced")
    array([1, 1, 1, 1, 2, 2])
    """
    counts = np.bincount(np.asarray(labels, np.int64), minlength=len(classes))
    per_class = np.asarray(_copies_per_class(counts, classes, factor), np.int64)
    if (per_class < 1).any():
        raise InputError(f"Expected 1 or more copies of each class, got {dict(zip(classes, per_class, strict=True))}.")
    return per_class[np.asarray(labels, np.int64)]


def n_draws(copies: Positions, draws_per_copy: int) -> Positions:
    """How many draws of each sample must be recorded, (n,).

    >>> n_draws(np.array([1, 6]), 4)
    array([ 4, 24])
    """
    return np.asarray(copies * draws_per_copy, np.int64)


def epoch_order(
    positions: Positions, copies: Positions, epoch: int, draws_per_copy: int, *key: object
) -> tuple[Positions, Positions]:
    """What one epoch trains on, in order: (position, draw) of each copy of each sample.

    The order of `positions` changes nothing. Within `draws_per_copy` epochs (a cycle) every draw is used once.

    Args:
        positions: (n,) the training samples, each once.
        copies: (n,) of `training_copies`.
        epoch: 0 upwards.
        draws_per_copy: V, 1 or more.
        key: what the random numbers come from, for example (study seed, fold).

    Returns:
        Two arrays (copies.sum(),): positions, and draws from 0 to `n_draws` - 1 of that sample.
    """
    order = np.argsort(positions, kind="stable")
    rows = np.repeat(positions[order], copies[order])
    copy = np.concatenate([np.arange(count) for count in copies[order]]) if len(rows) else rows
    cycle, step = divmod(epoch, draws_per_copy)
    turns = rng(*key, "draws", cycle).random((len(rows), draws_per_copy)).argsort(axis=1)
    draws = copy * draws_per_copy + turns[:, step]
    shuffled = rng(*key, "order", epoch).permutation(len(rows))
    return np.asarray(rows[shuffled], np.int64), np.asarray(draws[shuffled], np.int64)


def _copies_per_class(counts: Positions, classes: Sequence[str], factor: CopyRule) -> Sequence[int]:
    most = int(counts.max(initial=0))
    match factor:
        case None:
            return [1] * len(classes)
        case "balanced":
            return [min(MOST_COPIES, round(most / count)) if count else 1 for count in counts.tolist()]
        case int():
            return [1 if count == most else factor for count in counts.tolist()]
        case Mapping():
            return [factor.get(code, 1) for code in classes]
        case _:
            raise InputError(f'Expected copies as a table, a number, "balanced" or None, got {factor!r}.')
