"""What a training among others goes through: its rows, cut into steps beside those of the others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgraft.training.batch import batch_slices
from medgraft.training.plan import Plan

Rows = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Course:
    """One training among others.

    key: names its random numbers, as in `fit`.
    rows: of the features, which an epoch (0, 1, ...) trains on, in order; `batch_slices` cuts them.
    validation: rows scored after every epoch, in order; may be empty.
    """

    plan: Plan
    key: tuple[object, ...]
    rows: Callable[[int], Rows]
    validation: Rows


@dataclass(frozen=True, kw_only=True, eq=False)
class Schedule:
    """An epoch of T courses in S steps of at most B rows.

    rows: (S, T, B); a step of fewer rows is filled up with others of the same course.
    sizes: (S, T) how many rows count; 0 where a course rests.
    rates: (S, T) of the updates; 0 where a course rests.
    """

    rows: Rows
    sizes: Rows
    rates: NDArray[np.float32]

    def __len__(self) -> int:
        """S."""
        return len(self.rows)

    def part(self, first: int, last: int) -> "Schedule":
        """Some of the steps."""
        steps = slice(first, last)
        return Schedule(rows=self.rows[steps], sizes=self.sizes[steps], rates=self.rates[steps])


def schedule(courses: Sequence[Course], orders: Sequence[Rows], updates: Sequence[int], epoch: int) -> Schedule:
    """Put the steps of an epoch side by side; shorter courses rest at the end.

    Args:
        courses: with one batch size in common.
        orders: of each course, the rows of this epoch; none where it rests.
        updates: of each course, those done before.
        epoch: which one it is, counted from 0.
    """
    width = courses[0].plan.batch_size
    sizes = [[part.stop - part.start for part in batch_slices(len(order), width)] for order in orders]
    shape = max(map(len, sizes)), len(courses)
    table = Schedule(
        rows=np.zeros((*shape, width), np.int64), sizes=np.zeros(shape, np.int64), rates=np.zeros(shape, np.float32)
    )
    for place, (course, order, own) in enumerate(zip(courses, orders, sizes, strict=True)):
        table.rows[:, place] = np.resize(order, (shape[0], width))
        table.sizes[: len(own), place] = own
        table.rates[: len(own), place] = [course.plan.rate_of(updates[place] + step, epoch) for step in range(len(own))]
    return table
