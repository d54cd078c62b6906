"""Takes the answers before a dose together; one that speaks of danger reaches a clinician at once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertKind, AlertTier
from clinic_sessions.domain.session.session_checks import CheckItem
from clinic_sessions.models import TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.before import checking
from clinic_sessions.services.before.checking import Said
from clinic_sessions.services.session import session_alerts

DANGER = "Thoughts of suicide since the last visit, told before a session"


def take(
    db: Session, treatment: TreatmentSession, answers: Sequence[Said],
    *, now: datetime, by: Actor, at: datetime | None = None,
) -> bool:  # fmt: skip
    """Keep answers at their true time; says whether one of them is of danger, which raises an alert."""
    danger = False
    for said in answers:
        row = checking.record(db, treatment, said, now=now, by=by, at=at)
        if said.item is CheckItem.RISK and not said.clear:
            danger, event = True, f"session_check:{row.id}"
            session_alerts.tell(
                db, treatment, AlertKind.SAFETY_ANSWER, AlertTier.NOW, DANGER, event, now=now, by=by
            )  # fmt: skip
    return danger
