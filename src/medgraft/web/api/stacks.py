"""Stacks: the list, the repair log, and pixels."""

from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response

from medgraft.core.errors import NotFoundError
from medgraft.web.api.models import BaseEnd, CohortView, NoteView, StackView
from medgraft.web.place import Place, place_of
from medgraft.workspace import CohortList, correct_stack, import_notes, list_cohort
from medgraft.workspace.stacks.pixels import (
    ScreenPixels,
    StackPlace,
    phase_pixels,
    slice_cine,
    slice_picture,
    stack_places,
    stack_thumbnail,
)

#: Pixels never change under their address: a stack's id follows from its content.
FOREVER = "private, max-age=31536000, immutable"
#: For pictures whose sides follow the spacing, which can be corrected.
A_WHILE = "private, max-age=300"

routes = APIRouter(tags=["stacks"])
PlaceOf = Annotated[Place, Depends(place_of)]
IfNoneMatch = Annotated[str | None, Header()]


@routes.get("/cohort")
def cohort(place: PlaceOf) -> CohortView:
    """All stacks, by subject and series."""
    found = list_cohort(place.project)
    return CohortView(subjects=found.subjects, stacks=tuple(stack_views(place, found).values()))


@routes.get("/notes")
def notes(place: PlaceOf) -> tuple[NoteView, ...]:
    """The repair log of all imports, oldest first."""
    return tuple(NoteView(**asdict(note)) for note in import_notes(place.project))


@routes.get("/stacks/{stack}")
def stack(stack: str, place: PlaceOf) -> StackView:
    """One stack."""
    return stack_view(place, stack)


@routes.put("/stacks/{stack}/base")
def set_base(stack: str, body: BaseEnd, place: PlaceOf) -> StackView:
    """Say at which end of a stack the base of the heart is."""
    correct_stack(place.project, stack, base_first=body.base_first)
    return stack_view(place, stack)


@routes.get("/stacks/{stack}/pixels/{phase}", response_class=Response)
def pixels(stack: str, phase: int, place: PlaceOf, if_none_match: IfNoneMatch = None) -> Response:
    """All slices of a phase, raw: uint16, little-endian, slice by slice, row by row.

    Headers: `Medgraft-Shape` is slices, rows, columns; a pixel in the scanner's unit is value x `Medgraft-Slope` +
    `Medgraft-Intercept`; `Medgraft-Window` is the darkest and the brightest worth telling apart, in that unit.
    """
    return _raw(phase_pixels(place.project, stack, phase), if_none_match)


@routes.get("/stacks/{stack}/cine/{slice}", response_class=Response)
def cine(stack: str, slice: int, place: PlaceOf, if_none_match: IfNoneMatch = None) -> Response:  # noqa: A002 - the field's own name
    """All phases of a slice, raw, as /pixels gives the slices of a phase."""
    return _raw(slice_cine(place.project, stack, slice), if_none_match)


@routes.get("/stacks/{stack}/thumbnail.png", response_class=Response)
def thumbnail(stack: str, place: PlaceOf, side: Annotated[int, Query(ge=16, le=512)] = 96) -> Response:
    """The middle slice of a stack, small."""
    picture = stack_thumbnail(place.project, stack, side=side)
    return Response(picture, media_type="image/png", headers={"Cache-Control": A_WHILE})


@routes.get("/stacks/{stack}/pixels/{phase}/{slice}.png", response_class=Response)
def picture(
    stack: str,
    phase: int,
    slice: int,  # noqa: A002 - the field's own name
    place: PlaceOf,
    side: Annotated[int, Query(ge=16, le=512)] = 96,
) -> Response:
    """One slice, small."""
    shown = slice_picture(place.project, stack, phase, slice, side=side)
    return Response(shown, media_type="image/png", headers={"Cache-Control": A_WHILE})


def stack_view(place: Place, stack: str) -> StackView:
    """One stack with its place in the patient. Raises `NotFoundError` for an id that is none."""
    views = stack_views(place, list_cohort(place.project))
    if stack not in views:
        raise NotFoundError(f"Expected the id of an imported stack, got {stack!r}. Available: see /api/v1/cohort.")
    return views[stack]


def stack_views(place: Place, found: CohortList) -> dict[str, StackView]:
    """Stacks by id, with their place in the patient."""
    places = stack_places(place.project)
    nowhere = StackPlace(edges=None, slice_positions=())
    views = {}
    for row in found.stacks:
        lies = places.get(row.id, nowhere)
        views[row.id] = StackView(**asdict(row), edges=lies.edges, positions=lies.slice_positions)
    return views


def _raw(shown: ScreenPixels, known: str | None) -> Response:
    tag = f'"{shown.digest}"'
    headers = {"Cache-Control": FOREVER, "ETag": tag}
    if known == tag:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    headers |= {
        "Medgraft-Shape": ",".join(map(str, shown.values.shape)),
        "Medgraft-Slope": repr(shown.slope),
        "Medgraft-Intercept": repr(shown.intercept),
        "Medgraft-Window": ",".join(map(repr, shown.window)),
    }
    return Response(shown.values.tobytes(), media_type="application/octet-stream", headers=headers)
