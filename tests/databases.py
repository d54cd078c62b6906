"""Databases for tests: one migrated template a worker on each engine, and a clone of it for each test."""

import itertools
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions import migrations
from clinic_sessions.models.engine import options, tune
from clinic_sessions.services import catalogue

_numbers = itertools.count(1)


def _migrate(url: str) -> None:
    engine = sa.create_engine(url, **options(url))
    tune(engine)
    migrations.upgrade(engine)
    with Session(engine) as db:
        catalogue.load_shipped(db, datetime(2026, 1, 5, 18, tzinfo=UTC))
        db.commit()
    engine.dispose()


class SqliteTemplate:
    """A migrated file, copied for each test."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "template.sqlite"
        _migrate(f"sqlite:///{self.file}")
        engine = sa.create_engine(f"sqlite:///{self.file}")
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        engine.dispose()

    @contextmanager
    def clone(self, folder: Path) -> Iterator[str]:
        """Give the URL of a fresh copy."""
        copy = folder / "clinic.sqlite"
        shutil.copy(self.file, copy)
        yield f"sqlite:///{copy}"

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """Give the URL of a fresh copy, always the same; one at a time."""
        try:
            with self.clone(self.file.parent) as url:
                yield url
        finally:
            for file in self.file.parent.glob("clinic.sqlite*"):
                file.unlink()


class PostgresTemplate:
    """A migrated database, cloned by the server for each test."""

    def __init__(self, server_url: str, worker: str) -> None:
        self.server = sa.create_engine(server_url, isolation_level="AUTOCOMMIT")
        self.base = sa.make_url(server_url)
        self.name = f"clinic_template_{worker}"
        self.worker = worker
        self._run(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
        self._run(f"CREATE DATABASE {self.name} TEMPLATE template0")
        _migrate(self.url(self.name))

    def url(self, database: str) -> str:
        """Give the URL of a database on this server."""
        return self.base.set(database=database).render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        with self.server.connect() as connection:
            connection.exec_driver_sql(statement)

    def make_from(self, other: "PostgresTemplate") -> None:
        """Make this template anew, as a copy of another."""
        self._run(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
        self._run(f"CREATE DATABASE {self.name} TEMPLATE {other.name} STRATEGY FILE_COPY")

    def clone(self, folder: Path) -> AbstractContextManager[str]:
        """Give the URL of a fresh copy, dropped afterwards."""
        return self._copy(f"clinic_test_{self.worker}_{next(_numbers)}")

    def fresh(self) -> AbstractContextManager[str]:
        """Give the URL of a fresh copy, always the same; one at a time."""
        return self._copy(f"clinic_test_{self.worker}")

    @contextmanager
    def _copy(self, name: str) -> Iterator[str]:
        self._run(f"CREATE DATABASE {name} TEMPLATE {self.name} STRATEGY FILE_COPY")
        try:
            yield self.url(name)
        finally:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")
