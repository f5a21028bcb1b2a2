"""Labels: worklists, acts, undo, progress, and a model's opinion. A reader sees what the reader said, nobody else's."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query

from medgraft.core.task import Task, UnitKey
from medgraft.web.api.models import (
    Ask,
    AskedPhase,
    BoundariesAct,
    ClassView,
    LabelBody,
    OpinionView,
    ProgressView,
    ProposalAct,
    RangeAct,
    SavedView,
    SliceAct,
    StackView,
    TaskView,
    UndoBody,
    UndoneView,
    WorklistView,
    WorkView,
)
from medgraft.web.api.stacks import PlaceOf, stack_view, stack_views
from medgraft.web.place import Place, reader_of
from medgraft.workspace import list_cohort
from medgraft.workspace.labelling.by_hand import (
    Labelled,
    accept_proposal,
    ask_opinion,
    label_boundaries,
    label_range,
    label_slice,
    labels_seen_by,
)
from medgraft.workspace.labelling.tasks import label_task, label_tasks
from medgraft.workspace.labelling.undoing import undo_once
from medgraft.workspace.labelling.worklists import WorkItem, worklist
from medgraft.workspace.models.answers import has_answers, newest_answers, opinion_on
from medgraft.workspace.reading.progress import reader_progress
from medgraft.workspace.stacks.lists import StackList, stack_list

routes = APIRouter(prefix="/tasks", tags=["labels"])
ReaderOf = Annotated[str, Depends(reader_of)]
Order = Literal["listed", "unlabelled", "uncertain"]


@routes.get("")
def tasks(place: PlaceOf) -> tuple[TaskView, ...]:
    """What slices can be labelled for."""
    return tuple(_task_view(task) for task in label_tasks(place.project))


@routes.get("/{task}/worklist")
def work(
    *,
    task: str,
    place: PlaceOf,
    reader: ReaderOf,
    order: Order = "listed",
    reading: str | None = None,
    list_id: Annotated[str | None, Query(alias="worklist")] = None,
) -> WorklistView:
    """The stacks of a task, of a round of reading or of a worklist, in an order of work, with what the reader said."""
    schema = label_task(place.project, task)
    # A model's answers take seconds to load, so only for the order that needs them.
    answers = newest_answers(place.project, task) if order == "uncertain" else None
    predictions = answers.predictions if answers else None
    items = worklist(place.project, reader, task=task, reading=reading, order=order, predictions=predictions)
    items = items if list_id is None else _listed(items, stack_list(place.project, list_id), order)
    stacks = stack_views(place, list_cohort(place.project))
    said = _said(place, reader, task)
    return WorklistView(
        task=_task_view(schema),
        order=order,
        has_model=has_answers(place.project, task),
        items=tuple(_work_view(item, stacks[item.stack], said) for item in items),
    )


@routes.get("/{task}/labels/{stack}")
def labels(task: str, stack: str, place: PlaceOf, reader: ReaderOf) -> tuple[AskedPhase, ...]:
    """What the reader says now about each phase of a stack that has a label."""
    view = stack_view(place, stack)
    said = _said(place, reader, task)
    phases = sorted({unit.phase for unit in said if unit.stack == stack})
    return tuple(_asked(view, phase, said) for phase in phases)


@routes.post("/{task}/labels")
def record(task: str, body: LabelBody, place: PlaceOf, reader: ReaderOf) -> SavedView:
    """Record an act; it is on disk when the answer comes. The same act again stores nothing and answers the same."""
    return _saved(_record(place, reader, task, body))


@routes.post("/{task}/undo")
def undo(task: str, body: UndoBody, place: PlaceOf, reader: ReaderOf) -> UndoneView:
    """Take back the reader's latest act; again for the same act takes back nothing more."""
    unit = UnitKey(body.stack, body.phase, body.slice)
    done = undo_once(place.project, reader=reader, task=task, act=body.act, unit=unit)
    return UndoneView(saved=_saved(done) if done else None)


@routes.get("/{task}/progress")
def progress(task: str, place: PlaceOf, reader: ReaderOf) -> ProgressView:
    """How far the reader is, and how fast."""
    found = reader_progress(place.project, reader, task=task)
    return ProgressView(stacks=found.stacks, labelled=found.labelled, seconds_per_stack=found.seconds_per_stack)


@routes.post("/{task}/opinion")
def opinion(task: str, body: Ask, place: PlaceOf, reader: ReaderOf) -> OpinionView:
    """What the newest model thinks of a stack that it has not trained on; that it was asked is recorded first."""
    answers = newest_answers(place.project, task)
    if answers is None:
        return OpinionView(model="", probabilities={})
    model = f"{answers.study}/{answers.model}"
    ask_opinion(place.project, reader=reader, stack=body.stack, phase=body.phase, model=model, task=task)
    found = opinion_on(place.project, answers, stack=body.stack, phase=body.phase)
    shown = {at: dict(scores) for at, scores in found.probabilities.items()} if found else {}
    return OpinionView(model=model, probabilities=shown)


def _listed(items: Sequence[WorkItem], chosen: StackList, order: Order) -> tuple[WorkItem, ...]:
    """The items of a named list; "listed" is then the list's own order."""
    found = tuple(item for item in items if item.stack in chosen.stacks)
    return found if order != "listed" else tuple(sorted(found, key=lambda item: chosen.stacks.index(item.stack)))


def _record(place: Place, reader: str, task: str, body: LabelBody) -> Labelled:
    where: dict[str, Any] = {"reader": reader, "stack": body.stack, "phase": body.phase, "task": task, "act": body.act}
    match body:
        case RangeAct():
            return label_range(place.project, first=body.first, last=body.last, **where)
        case SliceAct():
            return label_slice(place.project, slice=body.slice, code=body.code, **where)
        case BoundariesAct():
            return label_boundaries(place.project, changes=body.changes, **where)
        case ProposalAct():
            return accept_proposal(place.project, codes=body.codes, model=body.model, **where)


def _saved(done: Labelled) -> SavedView:
    return SavedView(at=done.at, stack=done.stack, phase=done.phase, codes=done.codes)


def _said(place: Place, reader: str, task: str) -> dict[UnitKey, str]:
    events = labels_seen_by(place.project, reader, task=task)
    return {event.unit: event.value for event in events if event.reader == reader and event.value is not None}


def _task_view(task: Task) -> TaskView:
    classes = tuple(ClassView(**asdict(item)) for item in task.classes)
    return TaskView(name=task.name, classes=classes, along_stack=task.along_stack)


def _work_view(item: WorkItem, stack: StackView, said: Mapping[UnitKey, str]) -> WorkView:
    asked = tuple(_asked(stack, phase, said) for phase in item.phases)
    return WorkView(stack=stack, asked=asked, uncertainty=item.uncertainty)


def _asked(stack: StackView, phase: int, said: Mapping[UnitKey, str]) -> AskedPhase:
    name = next((name for name, at in stack.named_phases.items() if at == phase), str(phase))
    codes = tuple(said.get(UnitKey(stack.id, phase, at)) for at in range(stack.slices))
    return AskedPhase(phase=phase, name=name, codes=codes)
