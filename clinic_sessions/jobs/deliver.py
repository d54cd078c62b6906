"""Sends what is due: claim, prepare, send, settle; each its own committed transaction."""

import logging
import secrets
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from clinic_sessions import clock
from clinic_sessions.config import Config
from clinic_sessions.domain.messages.messages import LEASE
from clinic_sessions.extensions import db
from clinic_sessions.jobs.work import Work
from clinic_sessions.mail.compose import BadAddress, Composed, compose, host_of
from clinic_sessions.mail.transport import Doubt, Refused, Temporary, Unreachable
from clinic_sessions.models.engine import begin_write
from clinic_sessions.services.messages import outbox
from clinic_sessions.services.messages.letters import Letter
from clinic_sessions.services.messages.outbox import Claim, Copy

log = logging.getLogger(__name__)
Given = TypeVar("Given")
BATCH = 10
SETTLE_PAUSES = (0.0, 1.0, 3.0)
"""Seconds before each try to write down how a message ended."""


def deliver(work: Work, *, lease: timedelta = LEASE) -> None:
    """Send until nothing is due, the server cannot be reached, or the worker is to end."""
    work.move()
    while not work.ended.is_set() and _due():
        try:
            work.transport.open()
        except Unreachable as unreachable:
            log.warning("mail server unreachable", extra={"cause": str(unreachable)})
            return
        claims = _committed(lambda s: outbox.claim(s, work.worker, clock.now(), most=BATCH, lease=lease))
        if not claims:
            return
        for one in claims:
            _deliver_safely(work, one, lease)
            work.move()


def _due() -> bool:
    try:
        return outbox.any_due(db.session(), clock.now())
    finally:
        db.session.rollback()


def _deliver_safely(work: Work, claim: Claim, lease: timedelta) -> None:
    """Deliver one message; what goes wrong with it stops no other."""
    if work.ended.is_set():
        _committed(lambda s: outbox.release(s, claim, clock.now()))
        return
    try:
        _deliver(work, claim, lease)
    except Exception as error:
        log.exception("message failed", extra={"message_id": claim.message_id})
        words = f"Our own fault ({type(error).__name__})."
        _committed(lambda s: outbox.settle_retry(s, claim, clock.now(), words, jitter=_jitter()))


def _deliver(work: Work, claim: Claim, lease: timedelta) -> None:
    config: Config = work.app.config["CLINIC"]
    letter = _committed(lambda s: outbox.prepare(s, claim, clock.now(), host_of(config), lease=lease))
    if letter is None:
        return
    try:
        composed = compose(letter, config)
    except BadAddress:
        copy = Copy(to=letter.to, subject="", text="")
        words = "This is not exactly one address."
        _settle(partial(outbox.settle_refused, claim=claim, words=words, copy=copy, recipient=True))
        return
    _settle(_send(work, claim, letter, composed))


def _send(work: Work, claim: Claim, letter: Letter, composed: Composed) -> Callable[..., bool]:
    """Send, and give what is to be settled."""
    copy = composed.copy
    try:
        work.transport.send(composed.message, sender=composed.sender, to=letter.to)
    except Refused as refused:
        bad = refused.bad_address
        return partial(outbox.settle_refused, claim=claim, words=str(refused), copy=copy, recipient=bad)
    except Doubt as doubt:
        return partial(outbox.settle_doubt, claim=claim, words=str(doubt), copy=copy, jitter=_jitter())
    except (Temporary, Unreachable) as passing:
        return partial(outbox.settle_retry, claim=claim, words=str(passing), jitter=_jitter())
    return partial(outbox.settle_sent, claim=claim, copy=copy)


def _settle(settle: Callable[..., bool]) -> None:
    """Write down how it ended; a database that is busy is asked again, for what was sent must not seem unsent.

    When it stays away the message is repeated after its lease, with the same Message-ID.
    """
    for pause in SETTLE_PAUSES:
        time.sleep(pause)
        try:
            if not _committed(lambda s: settle(s, now=clock.now())):
                log.warning("lease lost: another worker settles this message")
        except SQLAlchemyError:
            log.exception("message not settled yet")
        else:
            return


def _committed(act: Callable[[Session], Given]) -> Given:
    """Do one step in a write transaction of its own."""
    session = db.session()
    begin_write(session)
    try:
        given = act(session)
        session.commit()
    except BaseException:
        session.rollback()
        raise
    return given


def _jitter() -> float:
    return secrets.randbelow(1000) / 1000
