"""How far the readers of a round agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from medgraft.core.cohort import StackEntry
from medgraft.core.errors import LabelError
from medgraft.core.task import Task, UnitKey
from medgraft.evaluation import (
    BoundaryAgreement,
    Differences,
    Interval,
    boundary_agreement,
    cohen_kappa,
    fleiss_kappa,
    observed_agreement,
)
from medgraft.labels import Reading, Readings
from medgraft.workspace.labelling.along_stack import asked_units, changes_of
from medgraft.workspace.project import Project

__all__ = ["BoundaryAgreement", "Differences", "Interval", "PairAgreement", "ReadingAgreement", "reading_agreement"]

#: What each reader had said when done: reader to unit to code.
Said = Mapping[str, Mapping[UnitKey, str]]


@dataclass(frozen=True, kw_only=True)
class PairAgreement:
    """How far two readers agree on the slices that both were done with; all intervals are 95 %, over patients.

    agreement: share of equal labels. kappa: Cohen's. linear, quadratic: weighted along the stack. boundaries: where
    classes change, in slices from the base and, of stacks whose slices are equally far apart, in mm, the first reader's
    less the second's. None and () where the task's classes have no order along the stack.
    """

    readers: tuple[str, str]
    units: int
    agreement: Interval
    kappa: Interval
    linear: Interval | None
    quadratic: Interval | None
    boundaries: tuple[BoundaryAgreement, ...]


@dataclass(frozen=True, kw_only=True)
class ReadingAgreement:
    """How far the readers of a round agree.

    subjects, stacks, units: those that all readers were done with. left_out: the other stacks. fleiss: of three or
    more readers, else None. pairs: of those who were done with a stack in common.
    """

    reading: str
    task: str
    readers: tuple[str, ...]
    subjects: int
    stacks: int
    units: int
    left_out: tuple[str, ...]
    fleiss: Interval | None
    pairs: tuple[PairAgreement, ...]


def reading_agreement(project: Project, name: str, *, n: int = 2000, seed: int = 0) -> ReadingAgreement:
    """The agreement of a round, from the labels as they stood when each reader was done with each stack.

    Args:
        project: where the round is.
        name: of the round.
        n: resamples of patients for the intervals.
        seed: of the resampling.

    Raises:
        LabelError: an unknown round, one that is blinded, or one in which no stack has two readers.
    """
    with project.cohort() as cohort:
        entries = {entry.id: entry for entry in cohort.entries()}
    with project.labels() as store:
        rounds = Readings(store=store)
        reading = rounds.named(name)
        task, said = store.task(reading.task), rounds.labels(reading)
    rows = partial(_Rows.of, said=said, stacks=[entries[stack] for stack in reading.stacks if stack in entries])
    every = rows(reading.readers, task)
    pairs = {pair: rows(pair, task) for pair in combinations(reading.readers, 2)}
    if not any(found.units for found in pairs.values()):
        raise LabelError(f"Expected stacks that two readers were done with in round {name!r}, got none. Do: read some.")
    fleiss = len(reading.readers) > 2 and len(every.units) > 0
    return ReadingAgreement(
        reading=name,
        task=task.name,
        readers=reading.readers,
        subjects=len(set(every.subject.tolist())),
        stacks=len({unit.stack for unit in every.units}),
        units=len(every.units),
        left_out=_left_out(reading, every),
        fleiss=fleiss_kappa(every.ratings, every.subject, len(task.codes), n=n, seed=seed) if fleiss else None,
        pairs=tuple(_pair(pair, found, task, n, seed) for pair, found in pairs.items() if found.units),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Rows:
    """The stacks and phases that some readers all labelled as a whole.

    units: N slices. ratings: (N, R) columns of the task. subject: (N,). stacks: entry and phase of each.
    """

    units: tuple[UnitKey, ...]
    ratings: NDArray[np.int64]
    subject: NDArray[np.str_]
    stacks: tuple[tuple[StackEntry, int], ...]
    said: Said

    @classmethod
    def of(cls, readers: Sequence[str], task: Task, *, said: Said, stacks: Sequence[StackEntry]) -> "_Rows":
        found = [
            (entry, phase, units)
            for entry in stacks
            for phase, units in _by_phase(asked_units(entry, task)).items()
            if all(said[reader].keys() >= set(units) for reader in readers)
        ]
        flat = tuple(unit for _, _, units in found for unit in units)
        ratings = [[task.index(said[reader][unit]) for reader in readers] for unit in flat]
        return cls(
            units=flat,
            ratings=np.asarray(ratings, np.int64).reshape(len(flat), len(readers)),
            subject=np.asarray([entry.subject for entry, _, units in found for _ in units], np.str_),
            stacks=tuple((entry, phase) for entry, phase, _ in found),
            said=said,
        )

    def changes(self, reader: str, task: Task) -> NDArray[np.int64]:
        """(S, K-1) where a reader's classes change, in slices from the base."""
        return np.asarray([changes_of(entry, task, self._codes(reader, entry, phase)) for entry, phase in self.stacks])

    def _codes(self, reader: str, entry: StackEntry, phase: int) -> list[str]:
        return [self.said[reader][UnitKey(entry.id, phase, index)] for index in range(entry.shape[1])]


def _pair(readers: tuple[str, str], rows: _Rows, task: Task, n: int, seed: int) -> PairAgreement:
    a, b = rows.ratings.T
    kappa = partial(cohen_kappa, a, b, rows.subject, len(task.codes), order=task.stack_order or None, n=n, seed=seed)
    return PairAgreement(
        readers=readers,
        units=len(rows.units),
        agreement=observed_agreement(a, b, rows.subject, n=n, seed=seed),
        kappa=kappa(),
        linear=kappa(weighting="linear") if task.along_stack else None,
        quadratic=kappa(weighting="quadratic") if task.along_stack else None,
        boundaries=_boundaries(readers, rows, task, n, seed) if task.along_stack else (),
    )


def _boundaries(readers: tuple[str, str], rows: _Rows, task: Task, n: int, seed: int) -> tuple[BoundaryAgreement, ...]:
    a, b = (rows.changes(reader, task) for reader in readers)
    entries = [entry for entry, _ in rows.stacks]
    whose = np.asarray([entry.subject for entry in entries])
    spacing = np.asarray([entry.even_spacing[0] if entry.even_spacing else np.nan for entry in entries])
    return tuple(
        boundary_agreement(f"{base}|{apex}", a[:, i], b[:, i], whose, spacing, n=n, seed=seed)
        for i, (base, apex) in enumerate(pairwise(task.along_stack))
    )


def _by_phase(units: Sequence[UnitKey]) -> dict[int, list[UnitKey]]:
    phases: dict[int, list[UnitKey]] = {}
    for unit in units:
        phases.setdefault(unit.phase, []).append(unit)
    return phases


def _left_out(reading: Reading, rows: _Rows) -> tuple[str, ...]:
    used = {unit.stack for unit in rows.units}
    return tuple(stack for stack in reading.stacks if stack not in used)
