"""The Cohort page: subjects and stacks, what was repaired, what is labelled, and a place to drop a folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from fastapi import FastAPI, Request
from nicegui import ui

from medgraft.core.cohort import ImportNote
from medgraft.core.counted import counted
from medgraft.core.task import Task, UnitKey
from medgraft.web.pages.frame import framed
from medgraft.web.pages.rail import fragment
from medgraft.web.place import Place, reader_of
from medgraft.workspace import StackRow, labels_seen_by, list_cohort
from medgraft.workspace.labelling.tasks import label_tasks
from medgraft.workspace.stacks.notes import StackNotes, notes_of_stacks

#: Subjects drawn at once: more would be slow to draw, and nobody looks at more.
_PER_PAGE = 48


@dataclass(frozen=True, kw_only=True)
class LabelMark:
    """What the reader said about one phase: a code per slice from the base, "" where nothing."""

    phase: str
    codes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class StackCard:
    """One stack as it is drawn."""

    row: StackRow
    shape: str
    size: str
    marks: tuple[LabelMark, ...]
    notes: tuple[ImportNote, ...]


@dataclass(frozen=True, kw_only=True)
class SubjectCard:
    """One subject with all of its stacks."""

    name: str
    stacks: tuple[StackCard, ...]


@dataclass(frozen=True, kw_only=True)
class CohortCards:
    """Everything the page shows. labelled: stacks of which the reader labelled every slice asked about."""

    subjects: tuple[SubjectCard, ...]
    stacks: int
    labelled: int
    task: Task
    notes: StackNotes

    @property
    def colours(self) -> dict[str, str]:
        """The colour of each class."""
        return {item.code: item.colour for item in self.task.classes}

    @property
    def along(self) -> dict[str, str]:
        """Of each class whether it lies before the inner ones, towards the base, or "after" them, else ""."""
        outer = (
            {self.task.along_stack[0]: "before", self.task.along_stack[-1]: "after"} if self.task.along_stack else {}
        )
        return {code: outer.get(code, "") for code in self.task.codes}


def add_page(app: FastAPI, place: Place) -> None:  # noqa: ARG001 - every page is added in one way
    """Add the page."""

    @ui.page("/cohort", title="Cohort - medgraft")
    def cohort_page(request: Request) -> None:
        with framed("/cohort"):
            _CohortView(place, reader_of(request)).draw()


class _CohortView:
    """One open page: what is searched for, and where in the list it is."""

    def __init__(self, place: Place, reader: str) -> None:
        self._place, self._reader = place, reader
        self._wanted, self._page, self._notes_only = "", 1, False
        self._cards = cohort_cards(place, reader)

    def draw(self) -> None:
        ui.add_head_html('<link rel="stylesheet" href="/static/cohort.css">')
        ui.add_body_html('<script type="module" src="/static/drop.js"></script>')
        self._head()
        ui.html(fragment("cohort_drop.html"), sanitize=False)
        self._list()
        ui.on("medgraft-imported", self._reload)

    @ui.refreshable_method
    def _head(self) -> None:
        with ui.element("header").classes("bar"):
            ui.html(fragment("cohort_head.html", cards=self._cards), sanitize=False).classes("bar-facts")
            if self._cards.stacks:
                self._search_fields()
            ui.html(fragment("cohort_import_button.html"), sanitize=False)

    def _search_fields(self) -> None:
        search = ui.input(placeholder="Search subject, site, series", value=self._wanted).classes("search")
        search.props("dense outlined clearable debounce=200").on_value_change(lambda e: self._search(e.value or ""))
        ui.checkbox("with notes", value=self._notes_only, on_change=lambda e: self._only_noted(e.value))

    @ui.refreshable_method
    def _list(self) -> None:
        found = [subject for subject in self._cards.subjects if self._shows(subject)]
        pages = max(-(-len(found) // _PER_PAGE), 1)
        self._page = min(self._page, pages)
        shown = found[(self._page - 1) * _PER_PAGE : self._page * _PER_PAGE]
        ui.html(
            fragment("cohort_cards.html", cards=self._cards, shown=shown, wanted=self._wanted, noted=self._notes_only),
            sanitize=False,
        ).classes("cohort")
        if pages > 1:
            pager = ui.pagination(1, pages, value=self._page, direction_links=True)
            pager.props("max-pages=9").classes("pager").on_value_change(lambda e: self._turn(e.value))

    def _shows(self, subject: SubjectCard) -> bool:
        if self._notes_only and not any(card.notes for card in subject.stacks):
            return False
        words = " ".join(
            f"{c.row.subject} {c.row.site or ''} {c.row.series} {c.row.split or ''}" for c in subject.stacks
        )
        return all(word in words.lower() for word in self._wanted.lower().split())

    def _search(self, wanted: str) -> None:
        self._wanted, self._page = wanted, 1
        self._list.refresh()

    def _only_noted(self, wanted: bool) -> None:
        self._notes_only, self._page = wanted, 1
        self._list.refresh()

    def _turn(self, page: int) -> None:
        self._page = page
        self._list.refresh()

    def _reload(self) -> None:
        self._cards = cohort_cards(self._place, self._reader)
        self._head.refresh()
        self._list.refresh()


def cohort_cards(place: Place, reader: str) -> CohortCards:
    """What the page shows to a reader: only the reader's own labels are marked."""
    found = list_cohort(place.project)
    notes = notes_of_stacks(place.project)
    task = label_tasks(place.project)[0]
    events = labels_seen_by(place.project, reader, task=task.name)
    said = {event.unit: event.value for event in events if event.reader == reader and event.value}
    cards = [_stack_card(row, task, said, notes) for row in found.stacks]
    return CohortCards(
        subjects=_by_subject(cards),
        stacks=len(cards),
        labelled=sum(bool(card.marks) and all(all(m.codes) for m in card.marks) for card in cards),
        task=task,
        notes=notes,
    )


def _by_subject(cards: Sequence[StackCard]) -> tuple[SubjectCard, ...]:
    groups = groupby(cards, key=lambda card: card.row.subject)
    return tuple(SubjectCard(name=subject, stacks=tuple(group)) for subject, group in groups)


def _stack_card(row: StackRow, task: Task, said: dict[UnitKey, str], notes: StackNotes) -> StackCard:
    asked = [(name, row.named_phases[name]) for name in task.phases if name in row.named_phases]
    marks = tuple(LabelMark(phase=name, codes=_along(row, phase, said)) for name, phase in asked)
    return StackCard(row=row, shape=_shape(row), size=_size(row), marks=marks, notes=notes.by_stack.get(row.id, ()))


def _along(row: StackRow, phase: int, said: dict[UnitKey, str]) -> tuple[str, ...]:
    codes = tuple(said.get(UnitKey(row.id, phase, at), "") for at in range(row.slices))
    return codes[::-1] if row.base_first is False else codes


def _shape(row: StackRow) -> str:
    slices = counted(row.slices, "slice")
    shape = f"{slices}, {row.phases} phases" if row.phases > 1 else slices
    if not row.masks:
        return shape
    return f"{shape}, {counted(row.masks, 'mask')}" if row.phases > 1 else f"{shape}, mask"


def _size(row: StackRow) -> str:
    """In the order of the axes (z, y, x), as everywhere: `medgraft correct --spacing` takes what is read here."""
    pixels = f"{row.rows} × {row.columns}"
    if row.spacing is None:
        return f"{pixels}, spacing unknown"
    return f"{pixels}, {' × '.join(f'{step:.3g}' for step in row.spacing)} mm"
