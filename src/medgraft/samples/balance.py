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
from medgraft.core.task import TASKS, Task

#: Ho and Kim 2021: "OAP and OBS oversampled" six times; the same for the outer classes of the five levels.
PAPER_COPIES: Mapping[str, int] = MappingProxyType({"OAP": 6, "OBS": 6, "oap": 6, "obs": 6})

#: The most copies that "balanced" makes of an image: more would be learned by heart.
MOST_COPIES = 30

CopyRule = Mapping[str, int] | Literal["balanced"] | None

Positions = NDArray[np.int64]


def training_copies(labels: NDArray[Any], task: Task, rule: CopyRule = None) -> Positions:
    """How often each training sample stands in an epoch, (n,), 1 or more.

    Args:
        labels: (n,) class columns.
        task: whose classes they are.
        rule: a table from code to copies (others 1); "balanced": each class about as often as the most frequent, at
            most `MOST_COPIES` times; None: `PAPER_COPIES` for the tasks of short axes, "balanced" for others.

    Raises:
        InputError: copies below 1, or of a class that is not the task's.

    >>> training_copies(np.array([1, 1, 1, 1, 0, 0]), TASKS["sax-range"])
    array([1, 1, 1, 1, 6, 6])
    >>> training_copies(np.array([1, 1, 1, 1, 0, 0]), TASKS["sax-range"], "balanced")
    array([1, 1, 1, 1, 2, 2])
    """
    columns = np.asarray(labels, np.int64)
    counts = np.bincount(columns, minlength=len(task.codes))
    return np.asarray(_copies_per_class(counts, task, rule), np.int64)[columns]


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


def _copies_per_class(counts: Positions, task: Task, rule: CopyRule) -> Sequence[int]:
    if rule is None:
        rule = PAPER_COPIES if task.name in TASKS else "balanced"
    if rule == "balanced":
        most = int(counts.max(initial=0))
        return [min(MOST_COPIES, round(most / count)) if count else 1 for count in counts.tolist()]
    # The paper's names may all be there: a table of theirs serves both of its tasks.
    unknown = sorted(rule.keys() - PAPER_COPIES.keys() - set(task.codes))
    if unknown or min(rule.values(), default=1) < 1:
        raise InputError(
            f"Expected 1 or more copies of classes of {task.name}, got {dict(rule)}. "
            f"Available: {', '.join(task.codes)}. Do: correct balance in the study file, or leave it out."
        )
    return [rule.get(code, 1) for code in task.codes]
