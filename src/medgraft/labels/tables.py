"""The store's tables, in SQLite and PostgreSQL alike: rows are added, and triggers refuse to change or remove them."""

from sqlalchemy import Column, Connection, ForeignKey, Index, Integer, MetaData, Table, Text, inspect, text
from sqlalchemy.schema import CreateIndex, CreateTable

_METADATA = MetaData()

#: One row per act: what was recorded together. `digest` tells a retried act from another one under the same id.
ACTS = Table("label_act", _METADATA, Column("id", Text, primary_key=True), Column("digest", Text, nullable=False))

EVENTS = Table(
    "label_event",
    _METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("act", Text, ForeignKey(ACTS.c.id), nullable=False),
    Column("undoes", Text),
    Column("reader", Text, nullable=False),
    Column("stack", Text, nullable=False),
    Column("phase", Integer, nullable=False),
    Column("slice", Integer, nullable=False),
    Column("task", Text, nullable=False),
    Column("value", Text),
    Column("at", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("detail", Text, nullable=False),
    sqlite_autoincrement=True,  # an id is never given out twice
)
Index("label_event_unit", EVENTS.c.task, EVENTS.c.reader, EVENTS.c.stack, EVENTS.c.phase, EVENTS.c.slice)
Index("label_event_act", EVENTS.c.act)

#: Label schemas that came with a project; those of `core.task.TASKS` need no row.
SCHEMAS = Table(
    "label_task", _METADATA, Column("name", Text, primary_key=True), Column("definition", Text, nullable=False)
)

#: What happened to the account of a reader; `number` counts it, so that of two acts at once only one is the next.
ACCOUNTS = Table(
    "label_account",
    _METADATA,
    Column("name", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("salt", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("at", Text, nullable=False),
)

#: Rounds of reading; `stacks` and `readers` are JSON lists.
READINGS = Table(
    "label_reading",
    _METADATA,
    Column("name", Text, primary_key=True),
    Column("task", Text, nullable=False),
    Column("stacks", Text, nullable=False),
    Column("readers", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Text, nullable=False),
)

#: What happened in a round, numbered as accounts are. `label`: the latest label event when it was said.
READING_EVENTS = Table(
    "label_reading_event",
    _METADATA,
    Column("reading", Text, ForeignKey(READINGS.c.name), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("reader", Text, nullable=False),
    Column("stack", Text, nullable=False),
    Column("label", Integer, nullable=False),
    Column("at", Text, nullable=False),
)

Index("label_reading_event_stack", READING_EVENTS.c.reader, READING_EVENTS.c.stack)

#: Who asked for a model's opinion, and when.
OPINIONS = Table(
    "label_opinion",
    _METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("reader", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("stack", Text, nullable=False),
    Column("phase", Integer, nullable=False),
    Column("model", Text, nullable=False),
    Column("at", Text, nullable=False),
    sqlite_autoincrement=True,
)

_SQLITE_GUARD = """
CREATE TRIGGER IF NOT EXISTS {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, 'labels are only ever added: record a new event instead'); END
"""
_POSTGRES_REFUSAL = """
CREATE OR REPLACE FUNCTION label_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'labels are only ever added: record a new event instead'; END $$
"""
_POSTGRES_GUARD = """
CREATE OR REPLACE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION label_refuse()
"""
_GUARDS = {
    "sqlite": (_SQLITE_GUARD, ("UPDATE", "DELETE")),
    "postgresql": (_POSTGRES_GUARD, ("UPDATE", "DELETE", "TRUNCATE")),
}
_POSTGRES_LOCK = "SELECT pg_advisory_xact_lock(hashtext('medgraft labels'))"


def create_tables(connection: Connection) -> None:
    """Create what is missing; two processes may do so at once."""
    dialect, tables = connection.dialect.name, _METADATA.sorted_tables
    guard, verbs = _GUARDS.get(dialect, ("", ()))
    if dialect == "sqlite":
        there = set(connection.execute(text("SELECT name FROM sqlite_master")).scalars())
        if all({table.name, *(f"{table.name}_no_{verb}" for verb in verbs)} <= there for table in tables):
            return
    if dialect == "postgresql":
        connection.execute(text(_POSTGRES_LOCK))
        # Here a table comes with its guards in one transaction. To make it again would deadlock with those who write.
        there = set(inspect(connection).get_table_names())
        tables = [table for table in tables if table.name not in there]
        if not tables:
            return
    for table in tables:
        connection.execute(CreateTable(table, if_not_exists=True))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            connection.execute(CreateIndex(index, if_not_exists=True))
    if dialect == "postgresql":
        connection.execute(text(_POSTGRES_REFUSAL))
    for table in tables:
        for verb in verbs:
            connection.execute(text(guard.format(table=table.name, verb=verb)))
