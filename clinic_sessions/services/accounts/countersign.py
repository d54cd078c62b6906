"""A second person signs on a tablet at which somebody else is signed in; that sign-in goes on untouched.

The password is checked as at signing in: the same count of failed tries, and its slow hash outside any write
transaction.
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Permission, acting_role
from clinic_sessions.domain.session.countersigning import CountersignReason
from clinic_sessions.models import ActorKind, User, UserClinic
from clinic_sessions.models.engine import begin_write
from clinic_sessions.services.accounts import sign_ins
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import Refusal


class NotSigned(Refusal):
    """The signature was not taken; a failed try stands in the open transaction, for the caller to commit."""


def people(db: Session, clinic_id: int, needs: Permission, *, but: User) -> Sequence[User]:
    """List who of a clinic may sign for `needs` besides one person, by name."""
    here = sa.select(UserClinic.user_id).where(UserClinic.clinic_id == clinic_id)
    query = sa.select(User).where(User.id.in_(here), User.disabled_at.is_(None), User.id != but.id)
    return [user for user in db.scalars(query.order_by(User.name, User.id)) if user.may(needs)]


def person(
    db: Session, email: str, password: str,
    *, needs: Permission, not_user: User, clinic_id: int, now: datetime, address: str,
) -> User:  # fmt: skip
    """Check who signs, and open the write transaction in which the caller goes on; nothing loaded before it is kept.

    Refuses with NotSigned for a wrong password, too many tries, the person who is signed in already (`not_user`),
    and for whoever may not do what `needs` names at this clinic. Call it outside a write transaction.
    """
    try:
        sign_ins.check_tries(db, email, address, now)
    except sign_ins.TooManyTries:
        raise NotSigned(CountersignReason.TOO_MANY_TRIES) from None
    user = sign_ins.find(db, email)
    good = sign_ins.matches(user, password)
    begin_write(db)
    if user is None or not good or not sign_ins.may_sign_in(db, user):
        sign_ins.note_failure(db, email, address, now)
        raise NotSigned(CountersignReason.NOT_TOGETHER)
    if user.id == not_user.id:
        raise NotSigned(CountersignReason.SAME_PERSON)
    if not user.may(needs) or clinic_id not in {clinic.id for clinic in user.clinics}:
        raise NotSigned(CountersignReason.MAY_NOT_SIGN)
    return user


def acting(user: User, needs: Permission, *, on: Actor) -> Actor:
    """Give the person who signed as the actor of what they signed, through the sign-in of the tablet (`on`)."""
    role = acting_role(user.roles, needs)
    return Actor(kind=ActorKind.USER, user=user, role=role, sign_in_id=on.sign_in_id, address=on.address)
