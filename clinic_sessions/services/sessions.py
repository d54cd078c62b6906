"""Loading sessions through the clinics of the person who asks."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.models import TreatmentSession, User
from clinic_sessions.services.refusals import Absent


def load(db: Session, session_id: int, user: User) -> TreatmentSession:
    """Load a session of one of the person's clinics; raises Absent otherwise."""
    mine = [clinic.id for clinic in user.clinics]
    query = sa.select(TreatmentSession).where(TreatmentSession.id == session_id, TreatmentSession.clinic_id.in_(mine))
    treatment = db.scalar(query)
    if treatment is None:
        raise Absent
    return treatment
