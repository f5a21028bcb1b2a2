"""What one source of labels says now, recorded as the changes since it last spoke."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from medgraft.labels import LabelEvent, LabelStore


@dataclass(frozen=True, kw_only=True)
class LabelChanges:
    """added: labels recorded now. unchanged: said before. withdrawn: taken back, as their source no longer says so."""

    added: int
    unchanged: int
    withdrawn: int


def record_changes(
    store: LabelStore, events: Sequence[LabelEvent], *, reader: str, task: str, stacks: Collection[str]
) -> LabelChanges:
    """Bring one reader's labels of some stacks to what `events` say, as one act; doing it again records nothing."""
    said = {event.unit: event for event in store.current(task, reader) if event.unit.stack in stacks}
    new = [event for event in events if event.unit not in said or said[event.unit].value != event.value]
    units = {event.unit for event in events}
    gone = [replace(event, value=None, at="") for unit, event in said.items() if unit not in units]
    store.record([*new, *gone])
    return LabelChanges(added=len(new), unchanged=len(events) - len(new), withdrawn=len(gone))
