"""How the database is opened: SQLite made durable and strict, writers queued before they read."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

BEGIN = "clinic_begin"
BUSY_TIMEOUT_SECONDS = 15

_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    f"busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}",
    "foreign_keys=ON",
    "recursive_triggers=ON",
    "trusted_schema=OFF",
)


def options(database_url: str) -> dict[str, Any]:
    """Give the engine options for a database; parameters never reach a log."""
    if database_url.startswith("sqlite"):
        return {"hide_parameters": True, "connect_args": {"timeout": BUSY_TIMEOUT_SECONDS}}
    return {"hide_parameters": True, "pool_pre_ping": True, "pool_size": 8, "max_overflow": 8}


def tune(engine: sa.Engine) -> None:
    """Make SQLite connections durable and let each transaction say how it begins; PostgreSQL needs nothing."""
    if engine.dialect.name != "sqlite" or sa.event.contains(engine, "connect", _open):
        return
    sa.event.listen(engine, "connect", _open)
    sa.event.listen(engine, "begin", _begin)


def _open(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN " + connection.get_execution_options().get(BEGIN, "DEFERRED"))


def begin_write(db: Session) -> None:
    """Open a transaction that may write, before anything that it will change is loaded.

    What was read so far is rolled back: on SQLite a write after a read in a deferred transaction fails at once.
    """
    db.rollback()
    if db.get_bind().dialect.name == "sqlite":
        db.connection(execution_options={BEGIN: "IMMEDIATE"})
