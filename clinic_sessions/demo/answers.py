"""What patients of the demo answer when they are asked how they are."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.demo.clinic import Staffing
from clinic_sessions.demo.scores import answers_of, severity
from clinic_sessions.domain.alerts import AlertAction
from clinic_sessions.domain.messages.check_ins import LASTING, CheckInKind, CheckInStatus, Question, item_step
from clinic_sessions.domain.scales.phq9 import FUNCTION_ITEM
from clinic_sessions.domain.session.side_effects import SideEffectKind
from clinic_sessions.models import Alert, CheckIn
from clinic_sessions.services import alerts
from clinic_sessions.services.actor import patient_by_link
from clinic_sessions.services.messages import check_ins
from clinic_sessions.translations import text

PATIENT = patient_by_link(None)
_FELT_SINCE = (
    SideEffectKind.HEADACHE, SideEffectKind.LETHARGY, SideEffectKind.DIZZINESS, SideEffectKind.NAUSEA,
    SideEffectKind.INSOMNIA,
)  # fmt: skip
_RECENT = timedelta(days=3)
_DAYS_A_PLACE = 3


def answer(db: Session, check_in: CheckIn, at: datetime, rng: Random) -> None:
    """Answer a check-in whole at `at`: the mood rises and the PHQ-9 falls from session to session."""
    place = check_in.treatment.place_in_plan or 1
    draft: dict[str, Any] = {
        Question.MOOD: min(10, 3 + place // 2 + rng.randint(0, 3)),
        Question.SIDE_EFFECTS: [rng.choice(_FELT_SINCE).value] if rng.random() < 0.4 else [],
        Question.SAFETY: False,
    }
    if lasting := check_ins.lasting_effects(db, check_in):
        draft[LASTING] = {str(one.effect.id): rng.random() < 0.3 for one in lasting}
    if check_in.kind is CheckInKind.AFTER_7D:
        draft |= _phq9(severity(check_in.patient_id, _DAYS_A_PLACE * place + 4), rng)
    check_in.draft = draft
    _send(db, check_in, at)


def _phq9(ill: float, rng: Random) -> dict[str, int]:
    answers = answers_of(check_ins.questionnaire(), ill, rng).items
    items = {item_step(item): answer or 0 for item, answer in answers.items()}
    return {**items, item_step(FUNCTION_ITEM): min(3, int(ill * 4))}


def in_danger(db: Session, check_in: CheckIn, at: datetime) -> Alert | None:
    """Answer a check-in with yes to the safety question: its alert is raised at once."""
    language = check_in.patient.language
    asked = text(language, "pages.check_in.safety")
    words = f"{asked} {text(language, 'pages.check_in.yes')}"
    check_ins.save(db, check_in, Question.MOOD, 2, words="2", now=at, by=PATIENT)
    check_ins.save(db, check_in, Question.SIDE_EFFECTS, [], words="", now=at, by=PATIENT)
    raised = check_ins.save(db, check_in, Question.SAFETY, True, words=words, now=at, by=PATIENT)
    _send(db, check_in, at + timedelta(minutes=1))
    return raised


def _send(db: Session, check_in: CheckIn, at: datetime) -> None:
    language = check_in.patient.language
    asked = text(language, "pages.check_in.safety")
    check_ins.submit(db, check_in, safety_asked=asked, language=language, now=at, by=PATIENT)


def recent_answers(db: Session, staff: Staffing, now: datetime) -> None:
    """Let three who were asked lately answer now: one has just begun, one is in danger, one was in danger yesterday."""
    query = (
        sa.select(CheckIn)
        .where(
            CheckIn.status == CheckInStatus.ASKED,
            CheckIn.kind.in_((CheckInKind.AFTER_24H, CheckInKind.AFTER_72H)),
            CheckIn.due_at.between(now - _RECENT, now - timedelta(minutes=50)),
            CheckIn.expires_at > now,
        )
        .order_by(CheckIn.due_at.desc(), CheckIn.id)
    )
    waiting = list(db.scalars(query))
    begun, open_one, known = waiting[0], waiting[1], waiting[-1]
    in_danger(db, open_one, now - timedelta(minutes=6))
    check_ins.save(db, begun, Question.MOOD, 6, words="6", now=now - timedelta(minutes=40), by=PATIENT)
    raised = in_danger(db, known, known.due_at + timedelta(minutes=35))
    if raised is not None:
        note = "Called. Thoughts had come and gone in the evening, no plan. Sister is with them. Therapist told."
        at = min(raised.raised_at + timedelta(minutes=11), now)
        alerts.answer(db, raised, AlertAction.ACKNOWLEDGE, note, seen=raised.version, now=at, by=staff.providers[0])
