"""How fast a reader goes: breaks and sheets say nothing about it."""

from datetime import UTC, datetime, timedelta

from medgraft.labels import LabelAct
from medgraft.workspace.reading.progress import seconds_per_stack


def acts(*steps: tuple[str, float], source: str = "app") -> list[LabelAct]:
    """Acts on stacks at seconds."""
    start = datetime(2026, 11, 21, 9, tzinfo=UTC)
    return [
        LabelAct(stack=stack, source=source, at=(start + timedelta(seconds=seconds)).isoformat())
        for stack, seconds in steps
    ]


def test_pace_is_the_median_without_breaks_and_sheets() -> None:
    steady = (("a", 0), ("b", 8), ("b", 10), ("c", 14), ("d", 30))
    assert seconds_per_stack(acts(*steady)) == 10, "b took 10, c 4, d 16; a began nobody knows when"
    assert seconds_per_stack(acts(*steady, ("e", 1000), ("f", 1010))) == 10, "e came after a break"
    assert seconds_per_stack(acts(*steady, ("c", 40))) == 14, "going back to c is time spent on c"
    assert seconds_per_stack(acts(*steady, source="csv")) is None
    assert seconds_per_stack(acts(("a", 0), ("a", 5))) is None
    assert seconds_per_stack([]) is None
