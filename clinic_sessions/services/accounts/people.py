"""Accounts of the people who work here."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.models import AuditAction, Clinic, User, UserRole
from clinic_sessions.services import audit
from clinic_sessions.services.accounts import sign_ins
from clinic_sessions.services.actor import SYSTEM
from clinic_sessions.services.refusals import Refusal

MIN_PASSWORD = sign_ins.MIN_PASSWORD


class PeopleReason(StrEnum):
    NOT_AN_ADDRESS = "not_an_address"
    ADDRESS_IN_USE = "address_in_use"
    PASSWORD_TOO_SHORT = "password_too_short"  # noqa: S105
    NO_SUCH_ACCOUNT = "no_such_account"
    NO_CLINIC = "no_clinic"


SAID: Mapping[StrEnum, str] = {
    PeopleReason.NOT_AN_ADDRESS: "This is not an email address.",
    PeopleReason.ADDRESS_IN_USE: "There is an account with this address already.",
    PeopleReason.PASSWORD_TOO_SHORT: f"The password needs at least {MIN_PASSWORD} characters.",
    PeopleReason.NO_SUCH_ACCOUNT: "There is no account with this address.",
    PeopleReason.NO_CLINIC: "There is no clinic yet to work at. Add it first: clinic-sessions clinic add",
}


def add(
    db: Session, email: str, name: str, roles: Sequence[Role], password: str, *, now: datetime, is_demo: bool = False
) -> User:
    """Add an account at every clinic; refuses with PeopleReason."""
    try:
        address = validate_email(email, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        raise Refusal(PeopleReason.NOT_AN_ADDRESS) from None
    if sign_ins.find(db, address):
        raise Refusal(PeopleReason.ADDRESS_IN_USE)
    clinics = list(db.scalars(sa.select(Clinic)))
    if not clinics:
        raise Refusal(PeopleReason.NO_CLINIC)
    user = User(email=address, name=name, password_hash=_hash(password), is_demo=is_demo)
    user.role_rows = [UserRole(role=role) for role in dict.fromkeys(roles)]
    user.clinics = clinics
    db.add(user)
    db.flush()
    held = ", ".join(role.value for role in roles)
    audit.note(db, AuditAction.CREATE, "user", user.id, now=now, by=SYSTEM, changes={"roles": [None, held]})
    return user


def disable(db: Session, email: str, *, now: datetime) -> None:
    """Disable an account and end its sign-ins."""
    user = _load(db, email)
    user.disabled_at = now
    sign_ins.end_all(db, user, now)
    audit.note(db, AuditAction.CHANGE, "user", user.id, now=now, by=SYSTEM, changes={"disabled_at": [None, now]})


def reset(db: Session, email: str, password: str, *, now: datetime) -> None:
    """Set a new password and end the account's sign-ins."""
    user = _load(db, email)
    user.password_hash = _hash(password)
    sign_ins.end_all(db, user, now)
    audit.note(db, AuditAction.CHANGE, "user", user.id, now=now, by=SYSTEM, reason="password set by the operator")


def _load(db: Session, email: str) -> User:
    user = sign_ins.find(db, email)
    if user is None:
        raise Refusal(PeopleReason.NO_SUCH_ACCOUNT)
    return user


def _hash(password: str) -> str:
    if len(password) < MIN_PASSWORD:
        raise Refusal(PeopleReason.PASSWORD_TOO_SHORT)
    return sign_ins.hash_password(password)
