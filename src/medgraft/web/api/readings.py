"""Rounds of blinded reading: open one, see how far its readers are, be done with a stack.

How far a reader is may be seen by all; what a reader said is not, until all are done.
"""

from dataclasses import asdict
from http import HTTPStatus

from fastapi import APIRouter, HTTPException

from medgraft.web.api.labels import ReaderOf
from medgraft.web.api.models import DoneBody, DoneView
from medgraft.web.api.reading_views import NewRound, ReopenBody, RoundsView, RoundView, RoundWork
from medgraft.web.api.stacks import PlaceOf
from medgraft.web.place import Place
from medgraft.web.roles import may_decide, may_open_rounds
from medgraft.workspace import (
    ReadingStatus,
    ReadingStep,
    close_reading,
    finish_labelled,
    finish_stack,
    list_readers,
    list_readings,
    open_reading,
    reading_status,
    reopen_stack,
    worklist,
)

routes = APIRouter(prefix="/readings", tags=["readings"])


@routes.get("")
def readings(place: PlaceOf, reader: ReaderOf) -> RoundsView:
    """All rounds, how far their readers are, and what the one who asks may do."""
    may_open = may_open_rounds(place, reader)
    accounts = tuple(one.name for one in list_readers(place.project) if one.active)
    return RoundsView(
        rounds=tuple(_view(status, reader) for status in list_readings(place.project)),
        may_open=may_open,
        may_decide=may_decide(place, reader),
        accounts=accounts if may_open else (),
    )


@routes.post("")
def begin(body: NewRound, place: PlaceOf, reader: ReaderOf) -> RoundView:
    """Open a round; an admin's act."""
    _check_may_open(place, reader)
    opened = open_reading(place.project, body.name, readers=body.readers, task=body.task, stacks=body.stacks, by=reader)
    return _view(opened, reader)


@routes.get("/{name}")
def reading(name: str, place: PlaceOf, reader: ReaderOf) -> RoundView:
    """One round, and how far its readers are."""
    return _view(reading_status(place.project, name), reader)


@routes.post("/{name}/close")
def close(name: str, place: PlaceOf, reader: ReaderOf) -> RoundView:
    """End a round and show what is there; an admin's act."""
    _check_may_open(place, reader)
    return _view(close_reading(place.project, name, by=reader), reader)


@routes.get("/{name}/worklist")
def work(name: str, place: PlaceOf, reader: ReaderOf) -> tuple[RoundWork, ...]:
    """The stacks of a round that the one who asks reads in, and how far each is."""
    task = reading_status(place.project, name).task
    items = worklist(place.project, reader, task=task, reading=name)
    return tuple(RoundWork(**{field: getattr(item, field) for field in RoundWork.model_fields}) for item in items)


@routes.post("/{name}/done")
def done(name: str, body: DoneBody, place: PlaceOf, reader: ReaderOf) -> DoneView:
    """The reader is done with a stack: its labels stay as they are until the round is unblinded."""
    return _step(finish_stack(place.project, reading=name, reader=reader, stack=body.stack))


@routes.post("/{name}/done-labelled")
def done_labelled(name: str, place: PlaceOf, reader: ReaderOf) -> RoundView:
    """The reader is done with every stack that the reader has labelled as a whole."""
    return _view(finish_labelled(place.project, reading=name, reader=reader), reader)


@routes.post("/{name}/reopen")
def reopen(name: str, body: ReopenBody, place: PlaceOf, reader: ReaderOf) -> DoneView:
    """Go on with a stack that the reader was done with, while the round is blinded."""
    return _step(reopen_stack(place.project, reading=name, reader=reader, stack=body.stack))


def _check_may_open(place: Place, reader: str) -> None:
    if not may_open_rounds(place, reader):
        raise HTTPException(HTTPStatus.FORBIDDEN, "Expected an admin. Do: medgraft readers add NAME --role admin.")


def _step(step: ReadingStep) -> DoneView:
    return DoneView(reading=step.reading, state=step.state, done=step.done, stacks=step.stacks)


def _view(status: ReadingStatus, reader: str) -> RoundView:
    return RoundView(**asdict(status), mine=any(one.reader == reader for one in status.readers))
