"""The Read page: rounds of blinded reading, what is left, agreement once all are done, adjudication with one key."""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from uuid import uuid4

from fastapi import FastAPI, Request
from nicegui import run, ui
from nicegui.events import KeyEventArguments

from medgraft.core.errors import MedgraftError
from medgraft.core.task import Task
from medgraft.web.pages.frame import framed
from medgraft.web.pages.rail import fragment
from medgraft.web.place import Place, reader_of
from medgraft.workspace import (
    Disagreement,
    adjudicate,
    disagreements,
    list_cohort,
    list_readings,
)
from medgraft.workspace.label_tasks import label_tasks

if TYPE_CHECKING:
    from medgraft.workspace import Project
    from medgraft.workspace.reading_agreement import ReadingAgreement

#: Disagreements drawn at once, those to be decided first.
_SHOWN = 20


def add_page(app: FastAPI, place: Place) -> None:  # noqa: ARG001 - every page is added in one way
    """Add the page."""

    @ui.page("/read", title="Read - medgraft")
    def read_page(request: Request) -> None:
        with framed("/read"):
            _ReadView(place, reader_of(request)).draw()


class _ReadView:
    """One open page: the rounds, and of one that is unblinded what the readers disagree on."""

    def __init__(self, place: Place, reader: str) -> None:
        self._project, self._reader = place.project, reader
        #: Stacks whose first stored slice is at the apex: they are drawn from the base all the same.
        self._turned = {row.id for row in list_cohort(place.project).stacks if row.base_first is False}
        self._tasks: Mapping[str, Task] = {task.name: task for task in label_tasks(place.project)}
        self._opened: str | None = None
        self._open_ones: tuple[Disagreement, ...] = ()
        self._agreement: ReadingAgreement | None = None

    def draw(self) -> None:
        ui.add_head_html('<link rel="stylesheet" href="/static/read.css">')
        ui.keyboard(on_key=self._key, ignore=["input", "select", "textarea"])
        self._rounds()
        self._disagreements()

    @ui.refreshable_method
    def _rounds(self) -> None:
        rounds = list_readings(self._project)
        ui.html(fragment("read_head.html", rounds=rounds), sanitize=False)
        with ui.element("div").classes("rounds"):
            for one in rounds:
                with ui.element("article").classes("round"):
                    mine = next((who for who in one.readers if who.reader == self._reader), None)
                    ui.html(fragment("read_round.html", round=one, mine=mine), sanitize=False)
                    if one.state != "blinded":
                        show = ui.element("button").classes("button").props("type=button")
                        show.on("click", lambda _, name=one.name: self._open(name))
                        with show:
                            ui.html("Agreement and disagreements", sanitize=False, tag="span")

    @ui.refreshable_method
    def _disagreements(self) -> None:
        if self._opened is None:
            return
        undecided = [one for one in self._open_ones if one.decision is None]
        shown = [*undecided, *(one for one in self._open_ones if one.decision is not None)][:_SHOWN]
        ui.html(
            fragment(
                "read_disagreements.html",
                name=self._opened,
                turned=self._turned,
                agreement=self._agreement,
                shown=shown,
                total=len(self._open_ones),
                undecided=len(undecided),
                colours={item.code: item.colour for task in self._tasks.values() for item in task.classes},
            ),
            sanitize=False,
        )

    async def _open(self, name: str) -> None:
        self._opened, self._agreement = name, None
        self._open_ones = disagreements(self._project, name)
        self._disagreements.refresh()
        # Intervals by resampling take a while; what is to be decided is on the screen meanwhile.
        self._agreement = await run.io_bound(_agreement, self._project, name)
        self._disagreements.refresh()

    def _key(self, event: KeyEventArguments) -> None:
        """A digit decides the first open disagreement as that reader said."""
        undecided = [one for one in self._open_ones if one.decision is None]
        number = event.key.number
        if not (event.action.keydown and undecided and self._opened and number):
            return
        said = list(undecided[0].said.values())
        if number <= len(said):
            self._decide(self._opened, undecided[0], said[number - 1])

    def _decide(self, name: str, one: Disagreement, codes: tuple[str, ...]) -> None:
        try:
            adjudicate(
                self._project,
                reading=name,
                by=self._reader,
                stack=one.stack,
                phase=one.phase,
                codes=codes,
                act=uuid4().hex,
            )
        except MedgraftError as error:
            ui.notify(str(error), type="negative", multi_line=True)
            return
        self._open_ones = disagreements(self._project, name)
        self._disagreements.refresh()


def _agreement(project: "Project", name: str) -> "ReadingAgreement":
    # It loads scikit-learn, so only where it is asked for.
    from medgraft.workspace.reading_agreement import reading_agreement  # noqa: PLC0415 - see above

    return reading_agreement(project, name)
