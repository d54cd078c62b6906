"""Who signs the note of a session: one rule for the page of a note and for the list of those that wait."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Permission, Role
from clinic_sessions.domain.session.lifecycle import IN_CLINIC
from clinic_sessions.models import StatusChange, TreatmentSession, User
from clinic_sessions.services.note.note import OVER
from clinic_sessions.services.note.note_facts import KINDS


def nurse_signs(user_id: int) -> sa.ColumnElement[bool]:
    """Select the sessions whose note is this nurse's: named for it, or recorded something while the patient was here.

    A visit that somebody only booked or moved is not theirs.
    """
    one, step = TreatmentSession, StatusChange
    wrote = [sa.exists().where(kind.session_id == one.id, kind.by_id == user_id) for kind in KINDS]
    took = sa.exists().where(
        step.session_id == one.id, step.by_id == user_id, step.to_status.in_(IN_CLINIC | OVER)
    )  # fmt: skip
    return sa.or_(one.nurse_id == user_id, took, *wrote)


def may_sign(db: Session, treatment: TreatmentSession, user: User) -> bool:
    """Say whether a person signs this note: a provider any, a nurse their own."""
    if not user.may(Permission.SIGN_NOTES):
        return False
    one = TreatmentSession.id
    return Role.PROVIDER in user.roles or db.scalar(
        sa.select(one).where(one == treatment.id, nurse_signs(user.id))
    ) is not None  # fmt: skip
