"""After a round is unblinded: how far its readers agree, what they disagree on, and what is decided about it."""

from functools import lru_cache

from fastapi import APIRouter

from medgraft.core.task import UnitKey
from medgraft.web.api.agreement_view import agreement_view
from medgraft.web.api.labels import ReaderOf
from medgraft.web.api.models import ClassView, SavedView, StackView, UndoBody, UndoneView
from medgraft.web.api.reading_views import (
    AgreementView,
    DecisionBody,
    DecisionView,
    DisagreementsView,
    DisagreementView,
    SaidView,
)
from medgraft.web.api.stacks import PlaceOf, stack_views
from medgraft.workspace import (
    Disagreement,
    Labelled,
    Project,
    adjudicate,
    adjudicator,
    disagreements,
    list_cohort,
    reading_status,
)
from medgraft.workspace.labelling.tasks import label_task
from medgraft.workspace.labelling.undoing import undo_once

routes = APIRouter(prefix="/readings", tags=["readings"])


@routes.get("/{name}/agreement")
def agreement(name: str, place: PlaceOf, _reader: ReaderOf) -> AgreementView:
    """How far the readers of a round agree, with intervals over patients; 400 while it is blinded."""
    return _agreement(place.project, name, reading_status(place.project, name).state)


@routes.get("/{name}/disagreements")
def disagreeing(name: str, place: PlaceOf) -> DisagreementsView:
    """Every stack and phase that readers label differently, and what was decided; 400 while the round is blinded."""
    items = disagreements(place.project, name)
    task = label_task(place.project, reading_status(place.project, name).task)
    stacks = stack_views(place, list_cohort(place.project))
    return DisagreementsView(
        reading=name,
        task=task.name,
        classes=tuple(
            ClassView(code=item.code, name=item.name, key=item.key, colour=item.colour) for item in task.classes
        ),
        along_stack=task.along_stack,
        items=tuple(_disagreement(item, stacks[item.stack]) for item in items),
    )


@routes.post("/{name}/decisions")
def decide(name: str, body: DecisionBody, place: PlaceOf, reader: ReaderOf) -> SavedView:
    """Decide the labels of a stack at a phase; an adjudicator's act, on disk when the answer comes."""
    return _saved(
        adjudicate(
            place.project,
            reading=name,
            by=reader,
            stack=body.stack,
            phase=body.phase,
            codes=body.codes,
            act=body.act,
        )
    )


@routes.post("/{name}/decisions/undo")
def undo(name: str, body: UndoBody, place: PlaceOf, reader: ReaderOf) -> UndoneView:
    """Take back the latest decision of the one who asks; again for the same act takes back nothing more."""
    task = reading_status(place.project, name).task
    unit = UnitKey(body.stack, body.phase, body.slice)
    found = undo_once(place.project, reader=adjudicator(reader), task=task, act=body.act, unit=unit)
    return UndoneView(saved=_saved(found) if found else None)


@lru_cache(maxsize=16)
def _agreement(project: Project, name: str, _state: str) -> AgreementView:
    """Kept by the round's state: once all are done nothing that it is made of changes, and resampling takes a while."""
    return agreement_view(project, name)


def _disagreement(item: Disagreement, stack: StackView) -> DisagreementView:
    decided = item.decision
    return DisagreementView(
        stack=stack,
        phase=item.phase,
        phase_name=item.phase_name,
        said=tuple(SaidView(reader=reader, codes=codes) for reader, codes in item.said.items()),
        differing=item.differing,
        decision=DecisionView(by=decided.by, at=decided.at, codes=decided.codes) if decided else None,
    )


def _saved(done: Labelled) -> SavedView:
    return SavedView(at=done.at, stack=done.stack, phase=done.phase, codes=done.codes)
