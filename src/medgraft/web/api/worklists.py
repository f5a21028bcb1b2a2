"""Worklists: named lists of stacks that readers make for themselves and each other."""

from dataclasses import asdict

from fastapi import APIRouter

from medgraft.web.api.labels import ReaderOf
from medgraft.web.api.stacks import PlaceOf
from medgraft.web.api.study_views import NewWorklist, StackListView
from medgraft.workspace.stack_lists import (
    StackList,
    forget_stack_list,
    make_stack_list,
    stack_list,
    stack_lists,
)

routes = APIRouter(prefix="/worklists", tags=["worklists"])


@routes.get("")
def worklists(place: PlaceOf) -> tuple[StackListView, ...]:
    """All lists, the newest first."""
    return tuple(_view(item) for item in stack_lists(place.project))


@routes.post("")
def make(body: NewWorklist, place: PlaceOf, reader: ReaderOf) -> StackListView:
    """Keep a list of stacks; one of the same name is replaced."""
    return _view(make_stack_list(place.project, body.name, body.stacks, by=reader, why=body.why))


@routes.get("/{id}")
def worklist(id: str, place: PlaceOf) -> StackListView:  # noqa: A002 - the field's own name
    """One list."""
    return _view(stack_list(place.project, id))


@routes.delete("/{id}")
def forget(id: str, place: PlaceOf) -> tuple[StackListView, ...]:  # noqa: A002 - see above
    """Remove a list, not its stacks; gives those that are left."""
    forget_stack_list(place.project, id)
    return tuple(_view(item) for item in stack_lists(place.project))


def _view(item: StackList) -> StackListView:
    return StackListView(**asdict(item))
