"""Worklists: the stacks of a reader in a chosen order."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError
from medgraft.core.predictions import Predictions
from medgraft.core.task import Task, UnitKey
from medgraft.labels import Reading, Readings
from medgraft.workspace.labelling.along_stack import asked_phases, asked_units
from medgraft.workspace.project import Project

Order = Literal["listed", "unlabelled", "uncertain"]


@dataclass(frozen=True, kw_only=True)
class WorkItem:
    """One stack of a worklist.

    phases: indices on T that are asked about. slices: on Z. units: slices to label over all those phases; labelled:
    how many of them the reader has. done: the reader said so in the round. uncertainty: of a model, 0..1
    (`stack_uncertainty`); None where it was not asked about the stack.
    """

    stack: str
    subject: str
    site: str | None
    phases: tuple[int, ...]
    slices: int
    units: int
    labelled: int
    done: bool
    uncertainty: float | None


def worklist(
    project: Project,
    reader: str,
    *,
    task: str = "sax-range",
    reading: str | None = None,
    order: Order = "listed",
    predictions: Predictions | None = None,
) -> tuple[WorkItem, ...]:
    """The stacks of a reader.

    Args:
        project: where they are.
        reader: whose labels count.
        task: what is asked; with a round, the round's.
        reading: a round's name; without it, all stacks that the task asks about.
        order: "listed": by subject and series, or as the round lists them. "unlabelled": those not labelled as a whole
            first. "uncertain": those not labelled as a whole first, and of them those the model is least sure of.
        predictions: a model's, for "uncertain".

    Raises:
        InputError: an unknown order, or "uncertain" without predictions.
        LabelError: an unknown task or round, or a round without the reader.
    """
    if order not in _KEYS:
        raise InputError(f"Expected an order of work, got {order!r}. Available: {', '.join(_KEYS)}.")
    if order == "uncertain" and predictions is None:
        raise InputError("Expected predictions to order by uncertainty, got none. Do: run a study first.")
    with project.cohort() as cohort:
        entries = {entry.id: entry for entry in cohort.entries()}
    uncertainty = {} if predictions is None else stack_uncertainty(predictions)
    with project.labels() as store:
        found = None if reading is None else Readings(store=store).of_reader(reading, reader)
        schema = store.task(task if found is None else found.task)
        has = store.labelled(schema.name, reader)
    done = {stack for who, stack in found.done if who == reader} if found else set()
    listed = [entry for entry in _listed(entries, found) if asked_phases(entry, schema)]
    items = [_item(entry, schema, has, done, uncertainty.get(entry.id)) for entry in listed]
    return tuple(sorted(items, key=_KEYS[order]))  # sorting is stable: equals stay as listed


def stack_uncertainty(predictions: Predictions) -> dict[str, float]:
    """How unsure a model is of each stack: the mean entropy of its slices' scores, 0 (sure) to 1 (every class alike).

    >>> import numpy as np
    >>> one = dict.fromkeys(("subject", "site", "stack", "phase"), np.array(["a"]))
    >>> two = dict.fromkeys(("slice", "n_slices", "fold", "y_true"), np.array([0]))
    >>> stack_uncertainty(Predictions(**one, **two, y_score=np.array([[0.5, 0.5]]), classes=("x", "y")))
    {'a': 1.0}
    """
    score = np.clip(predictions.y_score, 1e-12, 1)
    entropy = -(score * np.log(score)).sum(axis=1) / np.log(len(predictions.classes))
    stacks, place, count = np.unique(predictions.stack, return_inverse=True, return_counts=True)
    mean = np.bincount(place, entropy) / count
    return dict(zip(stacks.tolist(), mean.tolist(), strict=True))


def _item(
    entry: StackEntry, task: Task, has: Collection[UnitKey], done: Collection[str], uncertainty: float | None
) -> WorkItem:
    units = asked_units(entry, task)
    return WorkItem(
        stack=entry.id,
        subject=entry.subject,
        site=entry.site,
        phases=asked_phases(entry, task),
        slices=entry.shape[1],
        units=len(units),
        labelled=sum(unit in has for unit in units),
        done=entry.id in done,
        uncertainty=uncertainty,
    )


def _listed(entries: Mapping[str, StackEntry], reading: Reading | None) -> Sequence[StackEntry]:
    if reading is None:
        return list(entries.values())
    return [entries[stack] for stack in reading.stacks if stack in entries]


def _is_complete(item: WorkItem) -> bool:
    return item.labelled == item.units


_KEYS: Mapping[str, Callable[[WorkItem], tuple[float, ...]]] = MappingProxyType(
    {
        "listed": lambda _item: (),
        "unlabelled": lambda item: (_is_complete(item),),
        "uncertain": lambda item: (_is_complete(item), 1 if item.uncertainty is None else -item.uncertainty),
    }
)
