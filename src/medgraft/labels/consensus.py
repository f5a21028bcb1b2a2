"""Consensus: what several readers say together about each unit, and where they do not agree."""

from collections.abc import Iterable, Sequence

from medgraft.core.task import UnitKey
from medgraft.labels.event import LabelEvent


def agreed_labels(events: Sequence[LabelEvent]) -> dict[UnitKey, str]:
    """The label of each unit: the latest decision on it, else what all its readers say, by unit.

    Args:
        events: what each reader says now (`LabelStore.current`).
    """
    said = {unit: set(opinions.values()) for unit, opinions in _opinions(events).items()}
    agreed = {unit: next(iter(values)) for unit, values in said.items() if len(values) == 1}
    return dict(sorted((agreed | _decided(events)).items()))


def conflicting_labels(events: Sequence[LabelEvent]) -> dict[UnitKey, dict[str, str]]:
    """The units on which readers disagree and nobody has decided, and what each reader says."""
    decided = _decided(events)
    return {
        unit: said for unit, said in _opinions(events).items() if len(set(said.values())) > 1 and unit not in decided
    }


def _decided(events: Iterable[LabelEvent]) -> dict[UnitKey, str]:
    decisions = sorted((event for event in events if event.is_decision), key=lambda event: event.id)
    return {event.unit: str(event.value) for event in decisions}


def _opinions(events: Iterable[LabelEvent]) -> dict[UnitKey, dict[str, str]]:
    opinions: dict[UnitKey, dict[str, str]] = {}
    for event in sorted(events, key=lambda event: (event.unit, event.reader)):
        opinions.setdefault(event.unit, {})[event.reader] = str(event.value)
    return opinions
