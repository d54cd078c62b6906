"""Starts, kills and ends worker processes; makes clinics with many messages due."""

import contextlib
import multiprocessing
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.messages import MessageKind, MessageStatus
from clinic_sessions.domain.permissions import Role
from clinic_sessions.models import ActorKind, Clinic, Message
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.messages import outreach
from tests import factories
from tests.faults import worker

SHORT_LEASE = timedelta(seconds=5)
"""Long enough for a live worker on a busy machine, short enough to wait for a dead one's."""

_processes = multiprocessing.get_context("forkserver")
# Each worker is a process of its own all the same; only the program is read once for all of them.
_processes.set_forkserver_preload([worker.__name__])


class Crew:
    """Worker processes on one database."""

    def __init__(self, database_url: str, smtp_url: str, folder: Path, now: datetime, lease: timedelta) -> None:
        self.told = {
            "database_url": database_url,
            "smtp_url": smtp_url,
            "folder": str(folder),
            "lease": str(lease.total_seconds()),
            "now": now.isoformat(),
        }
        self.workers: list[BaseProcess] = []

    def add(self) -> None:
        """Start one more."""
        self.workers.append(_processes.Process(target=worker.work, args=(self.told,)))
        self.workers[-1].start()

    def kill_oldest(self) -> None:
        """Kill the one that has worked longest, as the power would."""
        oldest = self.workers.pop(0)
        oldest.kill()
        oldest.join(10)

    def end(self) -> None:
        """End all."""
        while self.workers:
            self.kill_oldest()


@contextlib.contextmanager
def crew_on(
    database_url: str, smtp_url: str, folder: Path, now: datetime, lease: timedelta = SHORT_LEASE
) -> Iterator[Crew]:
    """Give a crew that is gone when the block ends."""
    crew = Crew(database_url, smtp_url, folder, now, lease)
    try:
        yield crew
    finally:
        crew.end()


def confirmations(db: Session, clinic: Clinic, count: int, now: datetime) -> None:
    """Book `count` patients, each with a confirmation that is due at once."""
    desk = factories.a_user(db, clinic, Role.FRONT_DESK)
    by = Actor(kind=ActorKind.USER, user=desk, role=Role.FRONT_DESK)
    protocol = factories.a_protocol(db)
    for number in range(count):
        patient = factories.a_patient(db, clinic, registered_by=desk, papers=False)
        starts_at = now + timedelta(days=3, hours=3 * (number // 2))
        treatment = factories.a_session(
            db, patient, starts_at, protocol=protocol, chair=clinic.chairs[number % 2], by=desk
        )
        outreach.align(db, treatment, now=now, by=by, notice=MessageKind.CONFIRMATION)
    db.commit()


def wait_until(fulfilled: Callable[[], bool], seconds: float) -> None:
    """Wait; fails when it does not come."""
    ends = time.monotonic() + seconds
    while not fulfilled():
        assert time.monotonic() < ends, "it took too long"
        time.sleep(0.02)


def count(db: Session, *statuses: MessageStatus) -> int:
    """Count the confirmations in these statuses, as now committed."""
    db.rollback()
    query = sa.select(sa.func.count()).select_from(Message)
    found = db.scalar(query.where(Message.kind == MessageKind.CONFIRMATION, Message.status.in_(statuses)))
    return found or 0
