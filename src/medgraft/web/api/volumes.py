"""Volumes: how a stack lies in the patient, and its masks."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response

from medgraft.core.task import MASK_CODES
from medgraft.web.api.labels import ReaderOf
from medgraft.web.api.models import Answer
from medgraft.web.api.stacks import FOREVER, IfNoneMatch, PlaceOf
from medgraft.workspace.reading.blind import blind_stacks
from medgraft.workspace.stacks.volumes import phase_mask, stack_volume

routes = APIRouter(prefix="/stacks", tags=["volumes"])

#: How masks are drawn: colours that no class of a task has, each with a letter.
_SHOWN = {
    "pool": ("LV pool", "P", "#cc79a7"),
    "myocardium": ("LV myocardium", "M", "#f0e442"),
    "rv": ("RV", "R", "#4f9be8"),
}


class MaskClass(Answer):
    """One class of masks. value: of its pixels."""

    value: int
    name: str
    letter: str
    colour: str


class VolumeView(Answer):
    """How a stack lies in the patient.

    names: of the planes as stored, along rows, and along columns. ends: letters where columns, rows and slices begin
    and end. positions: mm of each slice along their normal. turned: whether columns, rows and slices are drawn from
    last to first, as readers are used to. masks: phase to the digest of its mask; none while `hidden`: labels follow
    from masks, and the one who asks reads the stack blind.
    """

    names: tuple[str, str, str]
    ends: tuple[tuple[str, str], tuple[str, str], tuple[str, str]] | None
    positions: tuple[float, ...] | None
    turned: tuple[bool, bool, bool]
    masks: dict[int, str]
    hidden: bool
    classes: tuple[MaskClass, ...]


@routes.get("/{stack}/volume")
def volume(stack: str, place: PlaceOf, reader: ReaderOf) -> VolumeView:
    """How a stack lies in the patient, and which of its phases have a mask."""
    found = stack_volume(place.project, stack)
    hidden = bool(found.masks) and stack in blind_stacks(place.project, reader)
    return VolumeView(
        names=found.names,
        ends=found.ends,
        positions=found.positions,
        turned=found.turned,
        masks={} if hidden else dict(found.masks),
        hidden=hidden,
        classes=tuple(_mask_class(code) for code in _SHOWN),
    )


@routes.get("/{stack}/masks/{phase}", response_class=Response)
def mask(
    *,
    stack: str,
    phase: int,
    place: PlaceOf,
    reader: ReaderOf,
    digest: Annotated[str, Query(max_length=64)] = "",
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The mask of a phase, raw: uint8, slice by slice, row by row; `Medgraft-Shape` is slices, rows, columns.

    A mask may be replaced. Asked for by the digest that /volume gives, it is kept by the browser for good; without
    one it is asked for again each time, and sent again only if it changed.
    """
    if stack in blind_stacks(place.project, reader):
        raise HTTPException(
            HTTPStatus.FORBIDDEN, "Expected a stack that you do not read blind: labels follow from masks."
        )
    found = phase_mask(place.project, stack, phase)
    tag = f'"{found.digest}"'
    headers = {"Cache-Control": FOREVER if digest == found.digest else "private, no-cache", "ETag": tag}
    if if_none_match == tag:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    headers["Medgraft-Shape"] = ",".join(map(str, found.values.shape))
    return Response(found.values.tobytes(), media_type="application/octet-stream", headers=headers)


def _mask_class(code: str) -> MaskClass:
    name, letter, colour = _SHOWN[code]
    return MaskClass(value=MASK_CODES[code], name=name, letter=letter, colour=colour)
