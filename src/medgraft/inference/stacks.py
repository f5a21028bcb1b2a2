"""Every slice of new stacks, scored by a package."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError
from medgraft.core.predictions import Predictions
from medgraft.core.progress import Progress, Report, silent
from medgraft.core.task import Task, UnitKey
from medgraft.exchange.package import ModelPackage
from medgraft.training import predict

PixelsOf = Callable[[StackEntry], NDArray[Any]]

_SLICES_PER_PASS = 32


def predict_stacks(
    package: ModelPackage,
    entries: Sequence[StackEntry],
    pixels: PixelsOf,
    *,
    all_phases: bool = False,
    phases: Sequence[str] = (),
    device: torch.device | None = None,
    report: Report = silent,
) -> Predictions:
    """Class probabilities of the slices of some stacks, truth unknown (-1).

    Args:
        package: the model.
        entries: stacks; slices are numbered from the base.
        pixels: (T, Z, Y, X) of a stack.
        all_phases: every phase of a cine, not only those the task asks about.
        phases: names or indices; others are left out (`phases_asked`).
        device: where to compute, the CPU by default.
        report: told after every stack.

    Raises:
        InputError: no stacks, or none with any of the phases.
    """
    asked = asked_of_each(entries, package.task, all_phases=all_phases, phases=phases)
    model = package.classifier().to(device or torch.device("cpu"))
    units = [
        (entry, UnitKey(entry.id, phase, index))
        for entry, found in asked
        for phase in found
        for index in entry.base_to_apex
    ]
    batches = _batches(package, units, pixels, device or torch.device("cpu"), report)
    scores = predict(model, batches)
    return _table(units, scores, package.task)


def asked_of_each(
    entries: Sequence[StackEntry], task: Task, *, all_phases: bool = False, phases: Sequence[str] = ()
) -> list[tuple[StackEntry, tuple[int, ...]]]:
    """Stacks with the phases that `phases_asked` finds. Raises `InputError` where there is nothing to look at."""
    if not entries:
        raise InputError("Expected stacks to predict, got none. Do look at the repair log of the import.")
    asked = [(entry, phases_asked(entry, task, all_phases=all_phases, phases=phases)) for entry in entries]
    if not any(found for _, found in asked):
        names = dict.fromkeys(name for entry in entries for name in entry.phases)
        known = ", ".join((*names, f"0 to {max(entry.shape[0] for entry in entries) - 1}"))
        raise InputError(f"Expected stacks with the phases {', '.join(phases)}, got none. Available: {known}.")
    return asked


def phases_asked(
    entry: StackEntry, task: Task, *, all_phases: bool = False, phases: Sequence[str] = ()
) -> tuple[int, ...]:
    """The phases of a stack that are looked at.

    phases: names or indices from 0; those that the stack has. all_phases: every one. Else those that the task names:
    all of them where it, or the stack, names none.
    """
    every = range(entry.shape[0])
    if phases:
        known = {str(index): index for index in every} | {name.lower(): at for name, at in entry.phases.items()}
        return tuple(sorted({known[name.lower()] for name in phases if name.lower() in known}))
    named = entry.phases_named(task.phases)
    return named if named and not all_phases else tuple(every)


def _batches(
    package: ModelPackage,
    units: Sequence[tuple[StackEntry, UnitKey]],
    pixels: PixelsOf,
    device: torch.device,
    report: Report,
) -> Iterator[tuple[Tensor, ...]]:
    for first in range(0, len(units), _SLICES_PER_PASS):
        chosen = units[first : first + _SLICES_PER_PASS]
        images = [
            package.slice_recipe.render(pixels(entry)[unit.phase, unit.slice], package.size) for entry, unit in chosen
        ]
        yield (torch.cat(images).to(device),)
        report(Progress(stage="slices", done=first + len(chosen), total=len(units)))


def _table(units: Sequence[tuple[StackEntry, UnitKey]], scores: NDArray[np.float32], task: Task) -> Predictions:
    entries = [entry for entry, _ in units]
    depth = np.asarray([entry.shape[1] for entry in entries], np.int64)
    return Predictions(
        subject=np.asarray([entry.subject for entry in entries], np.str_),
        site=np.asarray([entry.site or "" for entry in entries], np.str_),
        stack=np.asarray([entry.id for entry in entries], np.str_),
        phase=np.asarray([entry.phase_name(unit.phase) for entry, unit in units], np.str_),
        slice=np.asarray([entry.base_to_apex[unit.slice] for entry, unit in units], np.int64),
        n_slices=depth,
        fold=np.full(len(units), -1, np.int64),
        y_true=np.full(len(units), -1, np.int64),
        y_score=scores.astype(np.float64),
        classes=task.codes,
    )
