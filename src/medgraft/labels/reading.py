"""Reading: a round in which several readers label the same stacks, blind to each other until all are done."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from medgraft.labels.event import LabelEvent

Kind = Literal["done", "reopened", "closed"]
State = Literal["blinded", "unblinded", "closed"]


@dataclass(frozen=True, kw_only=True)
class ReadingEvent:
    """One thing that happened in a round.

    number: its place, 1 upwards. kind: a reader is "done" with a stack or has "reopened" it, or the round was "closed".
    reader: who did it. stack: "" for closed. label: the latest label event of the store at that moment, so that what
    the reader had said by then is known for good. at: UTC, ISO 8601.
    """

    number: int
    kind: Kind
    reader: str
    stack: str
    label: int
    at: str


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A round: its task, its stacks in the order of work, its readers, and what has happened so far, oldest first."""

    name: str
    task: str
    stacks: tuple[str, ...]
    readers: tuple[str, ...]
    opened_at: str
    opened_by: str = ""
    events: tuple[ReadingEvent, ...] = ()

    @cached_property
    def done(self) -> Mapping[tuple[str, str], ReadingEvent]:
        """(reader, stack) to the act by which the reader was done with it; those reopened since are left out."""
        last = {(event.reader, event.stack): event for event in self.events if event.stack in self.stacks}
        return {key: event for key, event in last.items() if event.kind == "done"}

    @property
    def closed(self) -> ReadingEvent | None:
        """The act that closed it, if there was one."""
        return next((event for event in self.events if event.kind == "closed"), None)

    @cached_property
    def state(self) -> State:
        """How far it is: "blinded" until every reader is done with every stack, then "unblinded", at last "closed"."""
        if self.closed is not None:
            return "closed"
        return "unblinded" if all(self.is_finished(reader) for reader in self.readers) else "blinded"

    def is_finished(self, reader: str) -> bool:
        """Whether a reader is done with every stack."""
        return all((reader, stack) in self.done for stack in self.stacks)

    def hides(self, event: LabelEvent, viewer: str) -> bool:
        """Whether a label must not be shown to a viewer now.

        While it is blinded, a reader of the round sees no label of its stacks but the reader's own, nobody else sees
        the labels of its readers.
        """
        if self.state != "blinded" or event.task != self.task or event.unit.stack not in self.stacks:
            return False
        return event.reader != viewer and (viewer in self.readers or event.reader in self.readers)

    def fixes(self, event: LabelEvent) -> bool:
        """Whether a label must not be given or taken back now, as its reader is done with the stack."""
        ours = event.task == self.task and self.closed is None
        return ours and (event.reader, event.unit.stack) in self.done
