"""Where the readers of a round set the boundaries of each stack: the points of a Bland-Altman plot."""

from collections.abc import Mapping
from dataclasses import dataclass

from medgraft.core.task import Task, UnitKey
from medgraft.labels import Readings
from medgraft.workspace.labelling.along_stack import asked_phases, changes_of
from medgraft.workspace.project import Project


@dataclass(frozen=True, kw_only=True)
class BoundaryPoint:
    """One stack at one phase. changes: reader to where the classes change, in slices from the base.

    between: mm between slices, None where unknown or not the same between all.
    """

    stack: str
    subject: str
    phase_name: str
    between: float | None
    changes: Mapping[str, tuple[int, ...]]


def boundary_points(project: Project, name: str) -> tuple[BoundaryPoint, ...]:
    """Every stack and phase of a round that two readers or more labelled as a whole, in the round's order.

    Empty where the task's classes have no order along the stack. Raises `LabelError` for an unknown round, or one
    that is blinded.
    """
    with project.cohort() as cohort:
        entries = {entry.id: entry for entry in cohort.entries()}
    with project.labels() as store:
        rounds = Readings(store=store)
        reading = rounds.named(name)
        task, said = store.task(reading.task), rounds.labels(reading)
    if not task.along_stack:
        return ()
    points = [
        BoundaryPoint(
            stack=entry.id,
            subject=entry.subject,
            phase_name=entry.phase_name(phase),
            between=entry.even_spacing[0] if entry.even_spacing else None,
            changes={
                reader: changes_of(entry, task, codes)
                for reader, labels in said.items()
                if (codes := _codes(labels, entry.id, phase, entry.shape[1], task))
            },
        )
        for entry in (entries[stack] for stack in reading.stacks if stack in entries)
        for phase in asked_phases(entry, task)
    ]
    return tuple(point for point in points if len(point.changes) > 1)


def _codes(labels: Mapping[UnitKey, str], stack: str, phase: int, slices: int, task: Task) -> list[str]:
    """What was said of all slices of a stack at a phase; empty where one has no label along the stack."""
    codes = [labels.get(UnitKey(stack, phase, at), "") for at in range(slices)]
    return codes if set(codes) <= set(task.along_stack) else []
