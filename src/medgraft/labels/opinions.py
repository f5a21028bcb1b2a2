"""Who asked for a model's opinion on which stack, and when; kept before the opinion is shown."""

from dataclasses import asdict, dataclass, replace

from sqlalchemy import insert, select

from medgraft.labels.event import utc_now
from medgraft.labels.store import LabelStore
from medgraft.labels.tables import OPINIONS


@dataclass(frozen=True, kw_only=True)
class OpinionAsked:
    """A reader asked for a model's opinion. phase: index on T. at: UTC, ISO 8601; filled in where it is empty."""

    reader: str
    task: str
    stack: str
    phase: int
    model: str
    at: str = ""


def record_opinion(store: LabelStore, asked: OpinionAsked) -> OpinionAsked:
    """Keep that it was asked; on disk when this returns. Raises `LabelError` for an unknown task."""
    store.task(asked.task)
    stored = replace(asked, at=asked.at or utc_now())
    with store.engine.begin() as connection:
        connection.execute(insert(OPINIONS).values(**asdict(stored)))
    return stored


def opinions_asked(store: LabelStore, task: str, reader: str | None = None) -> tuple[OpinionAsked, ...]:
    """Every time that an opinion was asked about a task, oldest first; by one reader if given."""
    query = select(OPINIONS).where(OPINIONS.c.task == task).order_by(OPINIONS.c.id)
    with store.engine.connect() as connection:
        rows = connection.execute(query if reader is None else query.where(OPINIONS.c.reader == reader)).mappings()
        return tuple(OpinionAsked(**{name: row[name] for name in row if name != "id"}) for row in rows)
