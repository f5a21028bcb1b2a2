"""Which short-axis slices count: those that are IN, by labels or by a model that judges ranges, and muscle beside."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from medgraft.cohort import Cohort
from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError
from medgraft.core.progress import Report, silent
from medgraft.core.task import MASK_CODES, SAX_LEVELS, SAX_RANGE, UnitKey
from medgraft.decoding import decode
from medgraft.exchange.package import read_package
from medgraft.inference import predict_stacks
from medgraft.study import Compute
from medgraft.workspace.project import Project

#: The codes of slices between apex and base, by the task that names them.
_INSIDE = {SAX_RANGE.name: {"IN"}, SAX_LEVELS.name: {"ap", "mid", "bs"}}

#: Whether a slice is IN; slices that nobody judged are not in it.
Judged = Mapping[UnitKey, bool]


def judged_by_labels(project: Project) -> Judged:
    """By the labels of `sax-range` that readers agree on. Raises `InputError` if there are none."""
    with project.labels() as store:
        table = store.table(SAX_RANGE.name)
    if not table:
        raise InputError(
            f"Expected slices labelled for {SAX_RANGE.name} in {project.root.name}, got none. Do: label them, for "
            "example medgraft label from-masks, or name a model that judges slices."
        )
    return {unit: code in _INSIDE[SAX_RANGE.name] for unit, code in table.items()}


def judged_by_model(
    model: Path, cohort: Cohort, entries: Sequence[StackEntry], *, all_phases: bool, report: Report = silent
) -> Judged:
    """By a model that tells ranges of slices, each stack decided as one.

    Stacks whose base is at no known end are not judged. Raises `InputError` for a model of another task.
    """
    package = read_package(model)
    if package.task.name not in _INSIDE:
        raise InputError(
            f"Expected a model that judges slices, of {' or '.join(_INSIDE)}, got {package.name} for "
            f"{package.task.name}."
        )
    stacks = {entry.id: entry for entry in entries if entry.base_first is not None}
    if not stacks:
        return {}
    found = predict_stacks(
        package,
        tuple(stacks.values()),
        cohort.pixels,
        all_phases=all_phases,
        device=Compute().prepare(),
        report=report,
    )
    inside = np.isin(
        np.asarray(found.classes)[decode(found, package.task, "stack")], sorted(_INSIDE[package.task.name])
    )
    units = zip(found.stack.tolist(), found.phase.tolist(), found.slice.tolist(), strict=True)
    return {_unit(stacks[stack], *place): bool(one) for (stack, *place), one in zip(units, inside, strict=True)}


def slices_inside(entry: StackEntry, phase: int, judged: Judged) -> NDArray[np.bool_]:
    """(Z,) whether each slice of a stack is IN; those that nobody judged are taken for it."""
    return np.array([judged.get(UnitKey(entry.id, phase, index), True) for index in range(entry.shape[1])])


def with_muscle_beside(inside: NDArray[np.bool_], mask: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(Z,) whether each slice counts: those that are IN, and from there on outwards those of muscle alone.

    The cap below the last slice that shows blood and the crescent above the first are muscle of the ventricle
    (Schulz-Menger et al. 2020, doi 10.1186/s12968-020-00610-6). Pool that is drawn in a slice that is not IN is none,
    and nobody knows what the wall around it is: there and beyond no slice counts.

    Args:
        inside: (Z,) whether each slice is IN.
        mask: (Z, Y, X) one phase in `core.task.MASK_CODES`, with cavity and wall.

    >>> drawn = np.array([0, 2, 1, 1, 2, 0, 2], np.uint8).reshape(-1, 1, 1)
    >>> with_muscle_beside(np.array([0, 0, 1, 1, 0, 0, 0], bool), drawn).astype(int).tolist()
    [0, 1, 1, 1, 1, 0, 0]
    """
    pool, wall = ((mask == MASK_CODES[name]).any(axis=(1, 2)) for name in ("pool", "myocardium"))
    return np.asarray(ndimage.binary_propagation(inside, mask=inside | (wall & ~pool)))


def n_unjudged(entry: StackEntry, phase: int, judged: Judged) -> int:
    """How many slices of a stack nobody judged."""
    return sum(UnitKey(entry.id, phase, index) not in judged for index in range(entry.shape[1]))


def _unit(entry: StackEntry, phase: str, from_base: int) -> UnitKey:
    return UnitKey(entry.id, entry.phase_index(phase), entry.base_to_apex[from_base])
