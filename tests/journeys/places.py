"""The clinic of the journeys: filled once for each engine, then copied for each module that walks about in it."""

import copy
import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions import demo
from clinic_sessions.models import Patient, Plan
from clinic_sessions.models.engine import options, tune
from tests import factories, servers
from tests.databases import PostgresTemplate, SqliteTemplate
from tests.mailserver import MailFolder, MailServer

PASSWORD = "a-demo-password"
MORNING = datetime(2026, 12, 1, 17, 0, tzinfo=UTC)
"""A Tuesday at nine in Los Angeles: when the journeys begin."""

Template = SqliteTemplate | PostgresTemplate


@dataclass
class Site:
    """A running demo clinic whose clock a test can move."""

    url: str
    engine: str
    clock_file: Path
    mail: MailServer | MailFolder
    ahead: timedelta

    def now(self) -> datetime:
        """The moment at which the clinic is."""
        return datetime.now(UTC) + self.ahead

    def wait(self, **span: float) -> None:
        """Let time pass, for the server, its workers and its database alike."""
        self.ahead += timedelta(**span)
        self._tell()

    def wait_until(self, moment: datetime) -> None:
        """Let time pass until a moment to come."""
        assert moment > self.now(), f"it is {self.now()} already"
        self.ahead = moment - datetime.now(UTC)
        self._tell()

    def _tell(self) -> None:
        part = self.clock_file.with_suffix(".part")
        part.write_text(str(self.ahead.total_seconds()))
        part.replace(self.clock_file)


def filled(template: Template, shared: Path) -> Template:
    """Give the template's engine a template with the demo clinic in it; made by the first who asks, for all workers."""
    made = copy.copy(template)
    engine = "sqlite" if isinstance(template, SqliteTemplate) else "postgresql"
    done = shared / f"demo-{engine}"
    with (shared / f"demo-{engine}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if isinstance(made, SqliteTemplate):
            made.file = shared / "demo.sqlite"
        else:
            made.name = f"clinic_demo_{shared.name.replace('-', '_')}"
        if not done.exists():
            _fill(template, made, shared)
            done.touch()
    return made


def _fill(template: Template, made: Template, shared: Path) -> None:
    if isinstance(made, PostgresTemplate) and isinstance(template, PostgresTemplate):
        made.make_from(template)
        _fill_database(made.url(made.name))
        return
    with template.clone(shared) as url:
        _fill_database(url)
        (shared / "clinic.sqlite").rename(shared / "demo.sqlite")


def _fill_database(url: str) -> None:
    """Fill the demo clinic; who has no series has papers from long ago, so that journeys may book and treat them."""
    engine = sa.create_engine(url, **options(url))
    tune(engine)
    with Session(engine) as db:
        demo.fill(db, password=PASSWORD, now=MORNING)
        planned = sa.select(Plan.patient_id)
        for patient in db.scalars(sa.select(Patient).where(Patient.id.not_in(planned))):
            factories.the_papers(db, patient)
        db.commit()
    if url.startswith("sqlite"):
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()


@contextmanager
def opened(template: Template, folder: Path) -> Iterator[Site]:
    """Open a copy of the demo clinic on a Tuesday morning.

    On SQLite everything runs in one process and mail lies in the mailbox; on PostgreSQL a worker of its own
    sends it to a real SMTP server.
    """
    several = isinstance(template, PostgresTemplate)
    port = servers.free_port()
    clock_file = folder / "clock"
    with ExitStack() as stack:
        database_url = stack.enter_context(template.clone(folder))
        settings = {"clock_file": str(clock_file), "base_url": f"http://127.0.0.1:{port}"}
        mail: MailServer | MailFolder = MailFolder(folder / "mail")
        if several:
            mail = stack.enter_context(MailServer())
            settings["smtp_url"] = mail.url
        site = Site(
            url=settings["base_url"],
            engine="postgresql" if several else "sqlite",
            clock_file=clock_file,
            mail=mail,
            ahead=timedelta(),
        )
        site.wait_until(MORNING + timedelta(minutes=1))
        env = servers.environment(database_url, folder, **settings)
        if several:
            stack.enter_context(servers.process("worker", env=env))
        stack.enter_context(servers.serving(*(["--no-scheduler"] if several else []), env=env, port=port))
        yield site


def at(*engines: str) -> pytest.MarkDecorator:
    """Say on which engines the site of a module stands; its journeys share a clock."""
    return pytest.mark.parametrize("site", engines, indirect=True, scope="module")
