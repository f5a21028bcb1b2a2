"""LabelEvent: one thing one reader said about one unit, once."""

from dataclasses import dataclass
from datetime import UTC, datetime

from medgraft.core.task import UnitKey


@dataclass(frozen=True, kw_only=True)
class LabelEvent:
    """One line of the history of labels.

    reader: who said it: a person's short name, for derived labels the rule ("mask:pool"), for decisions on what readers
    disagree about who decided ("adjudication:ana").
    value: a code of the task; None withdraws what the reader said before.
    at: when, UTC, ISO 8601; the store fills it in where it is empty.
    source: from where: "app", "mask", "contour", "csv", "import", "model-accepted",
    "adjudication", "undo" ...
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

    @property
    def is_decision(self) -> bool:
        """Whether it decides what readers disagree about (`adjudicator`)."""
        return self.reader.startswith(_ADJUDICATION)


_ADJUDICATION = "adjudication:"


def adjudicator(name: str) -> str:
    """The reader of the decisions of a person, kept apart from the labels that the person gives as a reader.

    >>> adjudicator("ana")
    'adjudication:ana'
    """
    return _ADJUDICATION + name


@dataclass(frozen=True, kw_only=True)
class LabelAct:
    """What a reader did to one stack at once: from where, and when (UTC, ISO 8601)."""

    stack: str
    source: str
    at: str


def utc_now() -> str:
    """The time now, UTC, ISO 8601 to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
