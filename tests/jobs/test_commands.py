"""The worker and the server as processes: they begin, are heard of, send, and end when told to."""

import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.messages import MessageKind, MessageStatus
from clinic_sessions.models import ActorKind, Clinic, Heartbeat, Message
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.messages import outreach
from tests import factories
from tests.faults.workers import wait_until

ROOT = Path(__file__).parents[2]
FAR = datetime(2100, 1, 4, 18, 0, tzinfo=UTC)
"""A visit that is to come whenever these processes, which have the true clock, are run."""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _command(*words: str, **settings: str) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CLINIC_")}
    return subprocess.Popen(
        [sys.executable, "-m", "clinic_sessions", *words], cwd=ROOT, env={**kept, **settings}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def _settings(database_url: str, folder: Path) -> dict[str, str]:
    return {
        "CLINIC_DATABASE_URL": database_url,
        "CLINIC_DATA_DIR": str(folder),
        "CLINIC_SECRET_KEY": "0123456789abcdef0123456789abcdef",
        "CLINIC_MAIL": "folder",
    }


@pytest.mark.parametrize("command", ["worker", "serve"])
def test_it_is_heard_of_sends_what_is_due_and_ends_when_told_to(
    command: str, database_url: str, db: Session, clinic: Clinic, tmp_path: Path, now: datetime
) -> None:
    treatment = factories.a_session(db, factories.a_patient(db, clinic), FAR)
    long_ago = now - timedelta(days=3650)
    outreach.align(db, treatment, now=long_ago, by=Actor(kind=ActorKind.SYSTEM), notice=MessageKind.CONFIRMATION)
    db.commit()
    words = ("serve", "--port", str(_free_port())) if command == "serve" else ("worker",)
    process = _command(*words, **_settings(database_url, tmp_path))

    def sent() -> bool:
        db.rollback()
        query = sa.select(Message.status).where(Message.kind == MessageKind.CONFIRMATION)
        assert process.poll() is None, process.communicate()
        return db.scalar(query) is MessageStatus.SENT

    try:
        wait_until(sent, 30)
        began = time.perf_counter()
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=35)
    finally:
        process.kill()

    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert time.perf_counter() - began < 35
    assert len(db.scalars(sa.select(Heartbeat)).all()) == 1
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 1


def test_the_outbox_status_is_printed(database_url: str, db: Session, clinic: Clinic, tmp_path: Path) -> None:
    process = _command("outbox", "status", **_settings(database_url, tmp_path))
    printed, said = process.communicate(timeout=30)

    assert process.returncode == 0, said
    assert "planned    0" in printed
    assert "nothing is due" in printed
