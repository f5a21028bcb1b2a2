"""Worklists: named lists of stacks that readers make for themselves and each other."""

from fastapi import APIRouter

from medgraft.web.api.labels import ReaderOf
from medgraft.web.api.stacks import PlaceOf
from medgraft.web.api.study_views import NewWorklist
from medgraft.workspace.stacks.lists import (
    StackList,
    forget_stack_list,
    make_stack_list,
    stack_list,
    stack_lists,
)

routes = APIRouter(prefix="/worklists", tags=["worklists"])


@routes.get("")
def worklists(place: PlaceOf) -> tuple[StackList, ...]:
    """All lists, the newest first."""
    return stack_lists(place.project)


@routes.post("")
def make(body: NewWorklist, place: PlaceOf, reader: ReaderOf) -> StackList:
    """Keep a list of stacks; one of the same name is replaced."""
    return make_stack_list(place.project, body.name, body.stacks, by=reader, why=body.why)


@routes.get("/{id}")
def worklist(id: str, place: PlaceOf) -> StackList:  # noqa: A002 - the field's own name
    """One list."""
    return stack_list(place.project, id)


@routes.delete("/{id}")
def forget(id: str, place: PlaceOf) -> tuple[StackList, ...]:  # noqa: A002 - see above
    """Remove a list, not its stacks; gives those that are left."""
    forget_stack_list(place.project, id)
    return stack_lists(place.project)
