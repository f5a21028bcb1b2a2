"""A stack as a task sees it: which slices it asks about, and where its classes change from base to apex."""

from collections.abc import Sequence

import numpy as np

from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError
from medgraft.core.task import Task, UnitKey


def asked_phases(entry: StackEntry, task: Task) -> tuple[int, ...]:
    """The phases on T that a task asks about: those it names, or all if it names none."""
    if not task.phases:
        return tuple(range(entry.shape[0]))
    return entry.phases_named(task.phases)


def asked_units(entry: StackEntry, task: Task) -> tuple[UnitKey, ...]:
    """Every slice of a stack that a task asks about, by phase and stored slice."""
    return tuple(
        UnitKey(entry.id, phase, index) for phase in asked_phases(entry, task) for index in range(entry.shape[1])
    )


def base_to_apex(entry: StackEntry) -> tuple[int, ...]:
    """The stored slices in the order from base to apex. Raises `InputError` where the base is at no known end."""
    if entry.base_first is None:
        raise InputError(
            f"Expected a stack whose base is known, got {entry.id} of {entry.subject}. Do: say at which end it is: "
            f"medgraft correct --stack {entry.id} --base first (or last)."
        )
    return tuple(entry.base_to_apex)


def codes_between(entry: StackEntry, task: Task, changes: Sequence[int]) -> tuple[str, ...]:
    """The codes of all slices of a stack, in stored order, from where the classes change.

    Args:
        entry: the stack.
        task: with K classes along the stack.
        changes: K-1 rising numbers of slices from the base to each change, 0..Z. Two that are equal leave out the
            class between.

    Raises:
        InputError: a task without an order along the stack, changes that are not as above, or an unknown base.
    """
    order, n_slices = _order(task), entry.shape[1]
    ends = [0, *changes, n_slices]
    if len(changes) != len(order) - 1 or sorted(ends) != ends:
        raise InputError(
            f"Expected {len(order) - 1} rising changes within 0..{n_slices} for {' | '.join(order)}, got "
            f"{list(changes)}."
        )
    along = np.repeat(order, np.diff(ends))
    return tuple(str(along[place]) for place in np.argsort(base_to_apex(entry)))


def changes_of(entry: StackEntry, task: Task, codes: Sequence[str]) -> tuple[int, ...]:
    """Where the classes of a stack change, for each change how many slices lie on the base's side of it.

    That is what `codes_between` takes. A class that is not used has both its changes at one place; a change at 0 or Z
    is one that the stack does not show. Where classes do not follow the order, slices are counted all the same.

    Args:
        entry: the stack.
        task: with K classes along the stack.
        codes: of all Z slices, in stored order.

    Raises:
        InputError: a task without an order along the stack, a slice without one of its codes, or an unknown base.
    """
    order = _order(task)
    base_to_apex(entry)  # changes are counted from the base, so it must be known
    if outside := [code for code in codes if code not in order]:
        raise InputError(f"Expected codes of {' | '.join(order)} for all slices, got {outside[0]!r}.")
    ranks = [order.index(code) for code in codes]
    return tuple(sum(rank <= change for rank in ranks) for change in range(len(order) - 1))


def _order(task: Task) -> tuple[str, ...]:
    if not task.along_stack:
        raise InputError(
            f"Expected a task whose classes follow each other along a stack, got {task.name}. Do: label slice by slice."
        )
    return task.along_stack
