"""What providers of the demo were asked before a dose: one question that waits now, and those of visits called off."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.demo.clinic import Staffing
from clinic_sessions.domain.session.lifecycle import Gate, SessionKind, Status
from clinic_sessions.domain.session.start_gate import Answer, StartReason
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.models import TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.before import asking
from clinic_sessions.services.before.asking import Word
from clinic_sessions.services.session import facts, recording

_MEASURED = timedelta(minutes=3)
_ASKED = timedelta(minutes=2)
_HIGH = Vitals(systolic=168, diastolic=102, heart_rate=92, spo2_percent=97, respiratory_rate=15, moaa_s=5)


def refuse(db: Session, treatment: TreatmentSession, at: datetime, nurse: Actor, provider: Actor) -> None:
    """Let a nurse ask about a blood pressure that stays high, and a provider answer that it is not for today."""
    high = [StartReason.OUT_OF_RANGE]
    asking.ask(db, treatment, Gate.MAY_START, high, "Twice high, six minutes apart. No headache.", now=at, by=nurse)
    word = Word(answer=Answer.NOT_TODAY, reasons=high, words="Not with this. Family doctor today, again next week.")
    asking.decide(db, treatment, Gate.MAY_START, word, now=at + timedelta(minutes=2), by=provider)


def leave_one_open(db: Session, staff: Staffing, now: datetime) -> None:
    """Let the blood pressure of whoever waits for the dose be high, and a nurse ask a provider about it just now."""
    query = sa.select(TreatmentSession).where(
        TreatmentSession.status == Status.ARRIVED, TreatmentSession.kind == SessionKind.TREATMENT
    )
    waiting = db.scalars(query.order_by(TreatmentSession.starts_at.desc()).limit(1)).first()
    came = facts.arrived_at(waiting) if waiting is not None else None
    if waiting is None or came is None or came > now - 2 * _MEASURED:
        return
    nurse = staff.nurses[0]
    recording.record_vitals(db, waiting, _HIGH, now=now - _MEASURED, by=nurse)
    words = "Says they are anxious today. I take it again in ten minutes."
    asking.ask(db, waiting, Gate.MAY_START, [StartReason.OUT_OF_RANGE], words, now=now - _ASKED, by=nurse)
