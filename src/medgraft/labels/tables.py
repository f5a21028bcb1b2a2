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
    dialect = connection.dialect.name
    if dialect == "postgresql":
        connection.execute(text(_POSTGRES_LOCK))
        # Here all tables come in one transaction, or none. To make them again would deadlock with those who write.
        if inspect(connection).has_table(SCHEMAS.name):
            return
    for table in _METADATA.sorted_tables:
        connection.execute(CreateTable(table, if_not_exists=True))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            connection.execute(CreateIndex(index, if_not_exists=True))
    if dialect == "postgresql":
        connection.execute(text(_POSTGRES_REFUSAL))
    guard, verbs = _GUARDS.get(dialect, ("", ()))
    for table in _METADATA.sorted_tables:
        for verb in verbs:
            connection.execute(text(guard.format(table=table.name, verb=verb)))
