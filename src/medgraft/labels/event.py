"""LabelEvent: one thing one reader said about one unit, once."""

from dataclasses import dataclass
from datetime import UTC, datetime

from medgraft.core.task import UnitKey


@dataclass(frozen=True, kw_only=True)
class LabelEvent:
    """One line of the history of labels.

    reader: who said it: a person's short name, or for derived labels the rule ("mask:pool").
    value: a code of the task; None withdraws what the reader said before.
    at: when, UTC, ISO 8601; the store fills it in where it is empty.
    source: from where: "app", "mask", "contour", "csv", "import", "model-accepted", "undo" ...
    id: the place in the history, 1 upwards; 0 before it is stored.
    """

    reader: str
    unit: UnitKey
    task: str
    value: str | None
    source: str
    detail: str = ""
    at: str = ""
    id: int = 0


def utc_now() -> str:
    """The time now, UTC, ISO 8601 to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
