"""Messages at an SMTP server in a process of its own: what building and sending alone reach, and what we reach."""

import asyncio
import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing.connection import Connection
from typing import Any

import sqlalchemy as sa
from aiosmtpd.controller import Controller

from bench.clinic import Bench
from clinic_sessions import clock
from clinic_sessions.domain.messages.messages import MessageKind, MessageStatus
from clinic_sessions.extensions import db
from clinic_sessions.jobs.deliver import deliver
from clinic_sessions.jobs.work import Work
from clinic_sessions.mail.compose import compose, host_of
from clinic_sessions.mail.transport import SmtpTransport
from clinic_sessions.models import Message
from clinic_sessions.models.engine import begin_write
from clinic_sessions.services.messages import outbox
from clinic_sessions.services.messages.letters import Letter
from tests.servers import free_port

OF_FLOOR = 100


@contextmanager
def server(*, late: float) -> Iterator[str]:
    """Serve SMTP, taking each message so many seconds late; give the URL."""
    ours, theirs = multiprocessing.Pipe()
    there = multiprocessing.get_context("spawn").Process(target=_serve, args=(late, theirs), daemon=True)
    there.start()
    theirs.close()
    try:
        yield f"smtp://127.0.0.1:{ours.recv()}"
    finally:
        there.terminate()
        there.join()


class _Taking:
    def __init__(self, late: float) -> None:
        self._late = late

    async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802
        await asyncio.sleep(self._late)
        return "250 taken"


def _serve(late: float, told: "Connection[int, int]") -> None:
    controller = Controller(_Taking(late), hostname="127.0.0.1", port=free_port())
    controller.start()
    told.send(controller.port)
    while True:
        time.sleep(60)


def floor(bench: Bench, url: str) -> float:
    """Give the messages a second of building and sending alone, over one kept connection."""
    letter, transport = _letter(bench), SmtpTransport(url)
    before = time.perf_counter()
    for _ in range(OF_FLOOR):
        composed = compose(letter, bench.config)
        transport.send(composed.message, sender=composed.sender, to=letter.to)
    rate = OF_FLOOR / (time.perf_counter() - before)
    transport.close()
    return rate


def delivered(bench: Bench, url: str, *, workers: int) -> float:
    """Give the messages a second that so many workers send and settle until nothing is due."""
    count = _make_due(bench)
    hands = [Work(app=bench.app, transport=SmtpTransport(url)) for _ in range(workers)]

    def send(work: Work) -> None:
        with bench.app.app_context():
            deliver(work)
        work.transport.close()

    before = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(send, hands))
    return count / (time.perf_counter() - before)


def _letter(bench: Bench) -> Letter:
    """Give a letter as a worker has it in its hands; what was claimed for it is rolled back."""
    _make_due(bench)
    with bench.app.app_context():
        begin_write(db.session())
        claim = outbox.claim(db.session(), "bench", clock.now(), most=1)[0]
        letter = outbox.prepare(db.session(), claim, clock.now(), host_of(bench.config))
        db.session.rollback()
    if letter is None:
        raise LookupError("nothing to send")
    return letter


def _make_due(bench: Bench) -> int:
    """Make every confirmation of the bookings due anew; count them."""
    now = clock.now()
    confirmed = Message.kind == MessageKind.CONFIRMATION
    with bench.app.app_context():
        begin_write(db.session())
        again = sa.update(Message).where(confirmed).values(
            status=MessageStatus.PLANNED, next_try_at=now - timedelta(seconds=1), useful_until=now + timedelta(days=1),
            attempts=0, lease_owner=None, lease_until=None,
        )  # fmt: skip
        db.session().execute(again)
        count = db.session().scalars(sa.select(sa.func.count()).select_from(Message).where(confirmed)).one()
        db.session.commit()
    return count
