"""The session page's part about the provider: what may be asked, what stands asked, what was answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from clinic_sessions.domain.session.asks import gate_of
from clinic_sessions.domain.session.lifecycle import Gate, SessionKind
from clinic_sessions.domain.session.start_gate import LIFTABLE, Answer
from clinic_sessions.models import ProviderAnswer, ProviderAsk, TreatmentSession
from clinic_sessions.services.before import go_aheads, session_checks
from clinic_sessions.services.schedule import schedule_push
from clinic_sessions.services.schedule.schedule_push import Push


@dataclass(frozen=True, kw_only=True)
class Part:
    """What the page shows. `gate`: None once nothing is ahead that a provider is asked about.

    `unlifted`: what of the start a provider may weigh and has not; `newest`: their newest answer before this gate;
    `wait_over`: that it was to wait, and the time has come; `push`: what the waiting does to the day. `is_old`: it was
    given before the patient came this time, or on another day.
    """

    gate: Gate | None
    unlifted: Sequence[StrEnum]
    asked: ProviderAsk | None
    newest: ProviderAnswer | None
    wait_over: bool
    push: Push | None
    is_old: bool
    earlier: Sequence[ProviderAnswer]


def of(db: Session, treatment: TreatmentSession, against: Sequence[StrEnum], now: datetime) -> Part | None:
    """Gather it; None while nobody can be asked and nobody was. `against`: what stands against the start."""
    is_dosed = treatment.kind is SessionKind.TREATMENT and treatment.protocol_version is not None
    gate = gate_of(treatment.status) if is_dosed else None
    asks = go_aheads.asks(db, treatment) if is_dosed else []
    if gate is None and not asks:
        return None
    mine = [one for one in asks if one.gate is gate]
    answers = sorted((answer for one in asks for answer in one.answers), key=lambda answer: answer.id)
    newest = next((one for one in reversed(answers) if one.gate is gate), None)
    until = newest.until if newest is not None and newest.answer is Answer.WAIT else None
    return Part(
        gate=gate,
        unlifted=[reason for reason in against if reason in LIFTABLE],
        asked=mine[-1] if mine and not mine[-1].answers else None,
        newest=newest,
        wait_over=until is not None and now >= until,
        push=_push(db, treatment, gate, until, now),
        is_old=newest is not None and newest.recorded_at < session_checks.stay_began(treatment, now),
        earlier=[one for one in answers if one is not newest],
    )


def _push(
    db: Session, treatment: TreatmentSession, gate: Gate | None, until: datetime | None, now: datetime
) -> Push | None:
    if gate is not Gate.MAY_START or until is None:
        return None
    return next(iter(schedule_push.of(db, treatment, [max(until, now)])), None)
