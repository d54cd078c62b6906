"""Signing in and out: argon2, a row a sign-in, failed tries counted in the database."""

import hashlib
import secrets
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.models import ActorKind, AuditAction, Clinic, Installation, SignIn, SignInAttempt, User
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import Absent, Refusal

IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)
WINDOW = timedelta(minutes=15)
TRIES_PER_ACCOUNT = 10
TRIES_PER_ADDRESS = 100
MIN_PASSWORD = 12
MAX_PASSWORD = 200

_hasher = PasswordHasher()
_NOBODY = "$argon2id$v={}$m={},t={},p={}${}${}".format(
    ARGON2_VERSION, _hasher.memory_cost, _hasher.time_cost, _hasher.parallelism, "A" * 22, "A" * 43
)
"""Checked for unknown accounts, so that they take as much work as known ones. No password is known that has this hash;
it is written rather than made, because making one would be the dearest part of a start."""


class SignInReason(StrEnum):
    TOO_MANY_TRIES = "too_many_tries"


class TooManyTries(Refusal):
    """This account or this address has failed too often in the last 15 minutes."""


def hash_password(password: str) -> str:
    """Give the argon2 hash of a password. Slow on purpose: call it outside a write transaction."""
    return _hasher.hash(password)


def find(db: Session, email: str) -> User | None:
    """Find the user of an address, ignoring case."""
    return db.scalar(sa.select(User).where(User.email == email.strip().lower()))


def matches(user: User | None, password: str) -> bool:
    """Check a password; the same work for a known and an unknown account."""
    try:
        _hasher.verify(user.password_hash if user else _NOBODY, password[:MAX_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False
    return user is not None


def check_tries(db: Session, email: str, address: str, now: datetime) -> None:
    """Refuse with TooManyTries when the account or the address has used up its tries."""
    since = now - WINDOW
    of_account = _count(db, SignInAttempt.account_hash == digest(email.strip().lower()), since)
    of_address = _count(db, SignInAttempt.address == address, since)
    if of_account >= TRIES_PER_ACCOUNT or of_address >= TRIES_PER_ADDRESS:
        raise TooManyTries(SignInReason.TOO_MANY_TRIES)


def _count(db: Session, condition: sa.ColumnElement[bool], since: datetime) -> int:
    query = sa.select(sa.func.count()).select_from(SignInAttempt).where(condition, SignInAttempt.at > since)
    return db.scalar(query) or 0


def note_failure(db: Session, email: str, address: str, now: datetime) -> None:
    """Count a failed try."""
    db.add(SignInAttempt(account_hash=digest(email.strip().lower()), address=address, at=now))


def may_sign_in(db: Session, user: User) -> bool:
    """Say whether an account is in use: not disabled, and no demo account outside a demo database."""
    installation = db.get(Installation, 1)
    in_demo = installation is not None and installation.is_demo
    return user.disabled_at is None and (in_demo or not user.is_demo)


def open_sign_in(db: Session, user: User, *, now: datetime, address: str) -> str:
    """Open a sign-in and give the token for its cookie; only the token's hash is kept."""
    token = secrets.token_urlsafe(32)
    row = SignIn(user_id=user.id, token_hash=digest(token), created_at=now, last_seen_at=now, address=address)
    db.add(row)
    db.flush()
    by = Actor(kind=ActorKind.USER, user=user, sign_in_id=row.id, address=address)
    audit.note(db, AuditAction.SIGN_IN, "sign_in", row.id, now=now, by=by)
    return token


_PERSON = joinedload(SignIn.user)
_CURRENT = (
    sa.select(SignIn)
    .options(_PERSON.joinedload(User.role_rows), _PERSON.joinedload(User.clinics))
    .where(SignIn.token_hash == sa.bindparam("token"))
)
"""Asked by every page, so it is built once."""


def current(db: Session, token: str, now: datetime) -> SignIn | None:
    """Give the sign-in of a token while it is good: not ended, not idle, not too long, its account in use."""
    row = db.scalars(_CURRENT, {"token": digest(token)}).unique().one_or_none()
    if row is None or row.ended_at or row.user.disabled_at:
        return None
    if now - row.last_seen_at > IDLE or now - row.created_at > LONGEST:
        return None
    return row


def user_id_of(db: Session, token: str) -> int | None:
    """Give whose sign-in a token was, also when it has ended."""
    return db.scalar(sa.select(SignIn.user_id).where(SignIn.token_hash == digest(token)))


def clinic_of(row: SignIn) -> Clinic | None:
    """Give the clinic at which a person works now: the one they chose while it is theirs, else their first."""
    mine = row.user.clinics
    return next((one for one in mine if one.id == row.clinic_id), mine[0] if mine else None)


def work_at(row: SignIn, clinic_id: int) -> None:
    """Choose the clinic for this sign-in; raises Absent for one that is not the person's."""
    if clinic_id not in {clinic.id for clinic in row.user.clinics}:
        raise Absent
    row.clinic_id = clinic_id


def is_stale(row: SignIn, now: datetime) -> bool:
    """Say whether the last-seen time is to be written anew: at most once a minute."""
    return now - row.last_seen_at >= SEEN_EVERY


def end(db: Session, row: SignIn, *, now: datetime, by: Actor) -> None:
    """End a sign-in: every copy of its cookie is dead from now on."""
    row.ended_at = now
    audit.note(db, AuditAction.SIGN_OUT, "sign_in", row.id, now=now, by=by)


def end_all(db: Session, user: User, now: datetime) -> None:
    """End every sign-in of a person, as when an account is disabled or its roles change."""
    db.execute(sa.update(SignIn).where(SignIn.user_id == user.id, SignIn.ended_at.is_(None)).values(ended_at=now))


def digest(secret: str) -> str:
    """Give the hash under which a secret is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()
