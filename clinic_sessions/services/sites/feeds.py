"""Staff feeds: a clinic's schedule at a secret address, in initials, for the calendar of a person who works there."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload, lazyload

from clinic_sessions.domain import names
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.scheduling import calendar_entry
from clinic_sessions.domain.scheduling.calendar_entry import CALLED_OFF, TENTATIVE, Standing
from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.domain.wall_time import Span, day_span, local_day
from clinic_sessions.models import (
    AuditAction,
    Chair,
    Clinic,
    Installation,
    Patient,
    StaffFeed,
    StatusChange,
    TreatmentSession,
    User,
    UserClinic,
)
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import Absent, Refusal

BACK, AHEAD = timedelta(days=7), timedelta(days=60)
MOST = 10
"""So many addresses one person may have at a time."""

_TOKEN_BYTES = 16


class FeedReason(StrEnum):
    TOO_MANY = "too_many"


SAID: Mapping[StrEnum, str] = {
    FeedReason.TOO_MANY: f"You have {MOST} addresses already. Revoke one that you do not use, then make a new one.",
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One session, as much of it as a feed tells."""

    session_id: int
    uid: str
    sequence: int
    changed_at: datetime
    starts_at: datetime
    ends_at: datetime
    initials: str
    chair: str | None
    standing: Standing


@dataclass(frozen=True, kw_only=True)
class Picture:
    """What a feed shows now; the same `revision` shows the same."""

    rows: Sequence[Row]
    patient_ids: Sequence[int]
    revision: str


def make(db: Session, user: User, clinic: Clinic, *, now: datetime, by: Actor) -> str:
    """Add a feed of a clinic for a person and give its token, which is kept nowhere. Refuses with FeedReason."""
    if len(own(db, user)) >= MOST:
        raise Refusal(FeedReason.TOO_MANY)
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    feed = StaffFeed(user_id=user.id, clinic_id=clinic.id, token_hash=_hash(token), created_at=now)
    db.add(feed)
    db.flush()
    audit.note(db, AuditAction.CREATE, "staff_feed", feed.id, now=now, by=by, changes={"clinic_id": [None, clinic.id]})
    return token


def own(db: Session, user: User) -> Sequence[StaffFeed]:
    """List a person's feeds that have not been revoked, newest first."""
    query = sa.select(StaffFeed).where(StaffFeed.user_id == user.id, StaffFeed.revoked_at.is_(None))
    return db.scalars(query.options(joinedload(StaffFeed.clinic)).order_by(StaffFeed.id.desc())).all()


def revoke(db: Session, user: User, feed_id: int, *, now: datetime, by: Actor) -> None:
    """Take back an address; again changes nothing. Raises Absent for what is not this person's own."""
    feed = db.get(StaffFeed, feed_id)
    if feed is None or feed.user_id != user.id:
        raise Absent
    if feed.revoked_at is not None:
        return
    feed.revoked_at = now
    audit.note(db, AuditAction.CHANGE, "staff_feed", feed.id, now=now, by=by, changes={"revoked_at": [None, now]})


def open_feed(db: Session, token: str) -> StaffFeed:
    """Give the feed that a token opens. One query.

    Raises Absent, always the same, when there is none, when it was revoked, and when its person has been disabled, no
    longer works at the clinic, or may no longer see the schedule.
    """
    works_there = sa.exists().where(UserClinic.user_id == User.id, UserClinic.clinic_id == StaffFeed.clinic_id)
    in_demo = sa.exists().where(Installation.is_demo)
    person = contains_eager(StaffFeed.user)
    query = (
        sa.select(StaffFeed)
        .join(StaffFeed.user)
        .where(StaffFeed.token_hash == _hash(token), StaffFeed.revoked_at.is_(None), User.disabled_at.is_(None))
        .where(works_there, sa.or_(sa.not_(User.is_demo), in_demo))
        .options(
            person.joinedload(User.role_rows), person.options(lazyload(User.clinics)), joinedload(StaffFeed.clinic)
        )
    )
    feed = db.scalars(query).unique().one_or_none()
    if feed is None or not feed.user.may(Permission.SEE_SCHEDULE):
        raise Absent
    return feed


def picture(db: Session, clinic: Clinic, now: datetime) -> Picture:
    """Read what a feed of this clinic shows now: from 7 days back to 60 ahead, one query over a range of one index."""
    found = db.execute(query_of(clinic, now)).all()
    rows = [
        Row(
            session_id=one.id,
            uid=one.uid,
            sequence=one.schedule_version + one.turns,
            changed_at=one.changed_at or one.booked_at,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            initials=_initials(one.patient_name),
            chair=one.chair_name,
            standing=calendar_entry.standing(one.status),
        )
        for one in found
    ]
    revision = _hash(repr((clinic.name_in_messages, clinic.zone_name, rows)))
    return Picture(rows=rows, patient_ids=sorted({one.patient_id for one in found}), revision=revision)


def query_of(clinic: Clinic, now: datetime) -> sa.Select[*tuple[object, ...]]:
    """Give the query of a feed's sessions."""
    span = window(clinic, now)
    before, after = _standing(StatusChange.from_status), _standing(StatusChange.to_status)
    turned = sa.and_(StatusChange.from_status.is_not(None), before != after)
    told = sa.or_(StatusChange.from_status.is_(None), StatusChange.action == Action.MOVE, before != after)
    return (
        sa.select(
            TreatmentSession.id,
            TreatmentSession.uid,
            TreatmentSession.patient_id,
            TreatmentSession.schedule_version,
            TreatmentSession.starts_at,
            TreatmentSession.ends_at,
            TreatmentSession.status,
            TreatmentSession.booked_at,
            _of_steps(sa.func.count(), turned).label("turns"),
            _of_steps(sa.func.max(StatusChange.recorded_at), told).label("changed_at"),
            Patient.name.label("patient_name"),
            Chair.name.label("chair_name"),
        )
        .join(Patient, Patient.id == TreatmentSession.patient_id)
        .outerjoin(Chair, Chair.id == TreatmentSession.chair_id)
        .where(
            TreatmentSession.clinic_id == clinic.id,
            TreatmentSession.starts_at >= span.starts_at,
            TreatmentSession.starts_at < span.ends_at,
        )
        .order_by(TreatmentSession.starts_at, TreatmentSession.id)
    )


def _of_steps(what: sa.ColumnElement[Any], which: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    """Ask something of those steps of each session that `which` names, as `calendar_entry` names them."""
    query = sa.select(what).where(StatusChange.session_id == TreatmentSession.id, which)
    return query.correlate(TreatmentSession).scalar_subquery()


def window(clinic: Clinic, now: datetime) -> Span:
    """Give the stretch that a feed shows: whole days of the clinic."""
    today = local_day(now, clinic.zone)
    return Span(
        starts_at=day_span(today - BACK, clinic.zone).starts_at, ends_at=day_span(today + AHEAD, clinic.zone).ends_at
    )


def note_shown(db: Session, feed_id: int, shown: Picture, *, now: datetime, by: Actor) -> None:
    """Write down that a picture is being read for the first time at this address, and of which patients it is."""
    db.execute(sa.update(StaffFeed).where(StaffFeed.id == feed_id).values(shown=shown.revision, shown_at=now))
    audit.note(db, AuditAction.READ, "staff_feed", feed_id, now=now, by=by, patient_ids=shown.patient_ids)


def _initials(name: str) -> str:
    """Give the letters that stand for a patient: "M. L.", and a dash for a name that begins with none."""
    return " ".join(f"{letter}." for letter in names.initials(name)) or "\u2013"


def _standing(
    status: sa.orm.InstrumentedAttribute[Status] | sa.orm.InstrumentedAttribute[Status | None],
) -> sa.Case[int]:
    """Say how a status stands in a calendar, as `calendar_entry.standing` does."""
    return sa.case((status.in_(CALLED_OFF), 0), (status.in_(TENTATIVE), 1), else_=2)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
