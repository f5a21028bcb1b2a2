"""Rounds of blinded reading: which there are, and that a reader is done with a stack."""

from fastapi import APIRouter

from medgraft.web.api.labels import ReaderOf
from medgraft.web.api.models import DoneBody, DoneView, ReadingView
from medgraft.web.api.stacks import PlaceOf
from medgraft.workspace import ReadingStatus, finish_stack, list_readings

routes = APIRouter(prefix="/readings", tags=["readings"])


@routes.get("")
def readings(place: PlaceOf, reader: ReaderOf) -> tuple[ReadingView, ...]:
    """All rounds, oldest first, and how far their readers are."""
    return tuple(_view(status, reader) for status in list_readings(place.project))


@routes.post("/{name}/done")
def done(name: str, body: DoneBody, place: PlaceOf, reader: ReaderOf) -> DoneView:
    """The reader is done with a stack: its labels stay as they are until the round is unblinded."""
    step = finish_stack(place.project, reading=name, reader=reader, stack=body.stack)
    return DoneView(reading=step.reading, state=step.state, done=step.done, stacks=step.stacks)


def _view(status: ReadingStatus, reader: str) -> ReadingView:
    return ReadingView(
        name=status.name,
        task=status.task,
        state=status.state,
        stacks=status.stacks,
        mine=any(one.reader == reader for one in status.readers),
        done={one.reader: one.done for one in status.readers},
    )
