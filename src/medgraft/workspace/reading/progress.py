"""How far readers are, and how fast they go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import median

from medgraft.core.cohort import StackEntry
from medgraft.core.task import Task, UnitKey
from medgraft.labels import LabelAct, LabelStore, Reading, opinions_asked
from medgraft.workspace.labelling.along_stack import asked_units
from medgraft.workspace.project import Project

#: A longer pause than this, in seconds, is a break: the stack after it says nothing about the pace.
BREAK = 120.0

_HANDS = ("app", "model-accepted", "undo")


@dataclass(frozen=True, kw_only=True)
class ReaderProgress:
    """Where a reader is.

    stacks: to read. labelled: those whose every slice asked about has the reader's label. done: those that the reader
    said done in the round (0 without a round). finished: done with all, or without a round labelled all.
    asked: stacks on which the reader asked for a model's opinion. seconds_per_stack: the median (`seconds_per_stack`).
    last_at: when the reader last labelled, UTC, ISO 8601, None if never.
    """

    reader: str
    stacks: int
    labelled: int
    done: int
    finished: bool
    asked: int
    seconds_per_stack: float | None
    last_at: str | None


def reader_progress(project: Project, reader: str, *, task: str = "sax-range") -> ReaderProgress:
    """Where a reader is with all stacks that a task asks about. Raises `LabelError` for an unknown task."""
    with project.cohort() as cohort:
        entries = cohort.entries()
    with project.labels() as store:
        schema = store.task(task)
        asked = {entry.id: units for entry in entries if (units := asked_units(entry, schema))}
        return progress_of(store, schema, reader, asked)


def progress_in(store: LabelStore, reading: Reading, entries: Mapping[str, StackEntry]) -> tuple[ReaderProgress, ...]:
    """Where each reader of a round is; `entries` by id, those that were removed since missing."""
    task = store.task(reading.task)
    asked = {stack: asked_units(entries[stack], task) for stack in reading.stacks if stack in entries}
    return tuple(progress_of(store, task, reader, asked, reading) for reader in reading.readers)


def progress_of(
    store: LabelStore, task: Task, reader: str, asked: Mapping[str, Sequence[UnitKey]], reading: Reading | None = None
) -> ReaderProgress:
    """Where a reader is with some stacks; `asked` are the slices asked about, by stack."""
    acts = [act for act in store.acts(task.name, reader) if act.stack in asked]
    has = store.labelled(task.name, reader)
    labelled = sum(has.issuperset(units) for units in asked.values())
    done = 0 if reading is None else sum((reader, stack) in reading.done for stack in asked)
    opinions = {asked_for.stack for asked_for in opinions_asked(store, task.name, reader)}
    return ReaderProgress(
        reader=reader,
        stacks=len(asked),
        labelled=labelled,
        done=done,
        finished=(labelled if reading is None else done) == len(asked),
        asked=len(opinions & set(asked)),
        seconds_per_stack=seconds_per_stack(acts),
        last_at=acts[-1].at if acts else None,
    )


def seconds_per_stack(acts: Sequence[LabelAct], longest: float = BREAK) -> float | None:
    """The median time that one reader spends on a stack by hand, in seconds; None if no stack was timed.

    The time between two acts belongs to the stack of the second. Stacks within which, or before which, the reader
    paused for more than `longest` seconds are left out, and so is the first, whose beginning is not known.

    Args:
        acts: one reader's, oldest first; those from sheets, masks and such are not looked at.
        longest: seconds.
    """
    by_hand = [act for act in acts if act.source in _HANDS]
    spent: dict[str, float] = {}
    broken = {act.stack for act in by_hand[:1]}
    for before, act in pairwise(by_hand):
        seconds = (datetime.fromisoformat(act.at) - datetime.fromisoformat(before.at)).total_seconds()
        spent[act.stack] = spent.get(act.stack, 0.0) + max(seconds, 0.0)
        if seconds > longest:
            broken.add(act.stack)
    timed = [seconds for stack, seconds in spent.items() if stack not in broken]
    return median(timed) if timed else None
