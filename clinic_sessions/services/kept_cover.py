"""Changes of shifts must leave the sessions that stand with their nurses, or someone answers for those they do not."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.cover import Shortfall
from clinic_sessions.domain.lifecycle import OCCUPYING
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.shifts import ShiftReason
from clinic_sessions.domain.timetable import OverrideKind
from clinic_sessions.domain.wall_time import day_span, local_day
from clinic_sessions.models import AuditAction, BookingOverride, Chair, Clinic, Patient, TreatmentSession, User
from clinic_sessions.services import audit, cover, hosted, room
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import NotAllowed, Refusal

EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True, kw_only=True)
class Touched:
    """The days that a change is about; `last_day` None: it has no end. Monday is 0."""

    first_day: date
    last_day: date | None
    weekdays: Collection[int] = EVERY_DAY

    def holds(self, day: date) -> bool:
        """Say whether the change is about `day`."""
        return self.first_day <= day <= (self.last_day or date.max) and day.weekday() in self.weekdays


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A session that a change would leave without cover, and what it would lack first: nurses, or someone on site.

    `shortfall` None: the host of a visit would not be on shift for all of it.
    """

    session_id: int
    schedule_version: int
    patient_id: int
    patient_name: str
    phone: str
    chair_name: str | None
    host_name: str | None
    starts_at: datetime
    ends_at: datetime
    shortfall: Shortfall | None


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """Someone's word that these sessions are to stand with fewer nurses than they ask for."""

    words: str
    session_ids: Collection[int]


class CoverShort(Refusal):
    """The change would leave sessions without cover: `hits`, soonest first.

    With a reason it can be made all the same, unless a session would be left without a role that it requires, or a
    visit without its host.
    """

    def __init__(self, hits: Sequence[Hit]) -> None:
        reasons = {_reason(hit.shortfall) for hit in hits}
        super().__init__(*sorted(reasons))
        self.hits = hits
        self.may_be_kept = reasons == {ShiftReason.LEAVES_SHORT}


def _reason(shortfall: Shortfall | None) -> ShiftReason:
    if shortfall is None:
        return ShiftReason.LEAVES_WITHOUT_HOST
    return ShiftReason.LEAVES_SHORT if shortfall.role is None else ShiftReason.LEAVES_WITHOUT_ROLE


@contextmanager
def kept(
    db: Session, clinic: Clinic, touched: Touched, *, keeping: Keeping | None, now: datetime, by: Actor
) -> Iterator[None]:
    """Make the change in the body of the `with`, between two looks at the sessions ahead on the days it touches.

    Bookings wait meanwhile. Sessions that would lack more in any minute than they did, whatever was lifted for them
    before, and visits that it would leave without their host stand against it: refuses with CoverShort, or,
    when `keeping` names all of them, writes for each who lifted cover and why. Raises NotAllowed when that is not for
    the person to say.
    """
    room.close_gate(db, clinic.id)
    days = _days_booked(db, clinic, touched, now)
    before, alone = cover.lacking(db, clinic, days), hosted.left_alone(db, clinic, days)
    yield
    db.flush()
    hosted.charge_nurses(db, clinic, days)
    lacks: list[tuple[int, Shortfall | None]] = [
        (session_id, lack.shortfall)
        for (session_id, role), lack in cover.lacking(db, clinic, days).items()
        if lack.is_more_than(before.get((session_id, role)))
    ]
    lacks += [(session_id, None) for session_id in hosted.left_alone(db, clinic, days) if session_id not in alone]
    if lacks:
        hits = _hits(db, lacks)
        _check(hits, keeping, by)
        _lift(db, hits, keeping.words if keeping else "", now=now, by=by)


def _days_booked(db: Session, clinic: Clinic, touched: Touched, now: datetime) -> set[date]:
    one = TreatmentSession
    query = sa.select(one.starts_at).where(
        one.clinic_id == clinic.id,
        one.starts_at >= day_span(touched.first_day, clinic.zone).starts_at,
        one.ends_at > now,
        one.status.in_(OCCUPYING),
    )
    if touched.last_day is not None:
        query = query.where(one.starts_at < day_span(touched.last_day, clinic.zone).ends_at)
    return {day for moment in db.scalars(query) if touched.holds(day := local_day(moment, clinic.zone))}


def _hits(db: Session, lacks: Collection[tuple[int, Shortfall | None]]) -> list[Hit]:
    one = TreatmentSession
    query = (
        sa.select(
            one.id.label("session_id"), one.schedule_version, one.patient_id, one.starts_at, one.ends_at,
            Patient.name.label("patient_name"), Patient.phone, Chair.name.label("chair_name"),
            User.name.label("host_name"),
        )
        .join(Patient, Patient.id == one.patient_id)
        .outerjoin(Chair, Chair.id == one.chair_id)
        .outerjoin(User, User.id == one.host_id)
        .where(one.id.in_({session_id for session_id, _ in lacks}))
    )  # fmt: skip
    rows = {row["session_id"]: row for row in db.execute(query).mappings()}
    hits = [Hit(**rows[session_id], shortfall=shortfall) for session_id, shortfall in lacks]
    return sorted(hits, key=lambda hit: (hit.starts_at, hit.session_id))


def _check(hits: Sequence[Hit], keeping: Keeping | None, by: Actor) -> None:
    refusal = CoverShort(hits)
    if keeping is None or not refusal.may_be_kept or not {hit.session_id for hit in hits} <= set(keeping.session_ids):
        raise refusal
    if by.user is None or not any(by.user.may(one) for one in (Permission.OVERRIDE_COVER, Permission.MANAGE_SITES)):
        raise NotAllowed


def _lift(db: Session, hits: Sequence[Hit], words: str, *, now: datetime, by: Actor) -> None:
    for hit in hits:
        lifted = BookingOverride(
            session_id=hit.session_id,
            schedule_version=hit.schedule_version,
            kind=OverrideKind.COVER,
            at=now,
            by_id=by.user_id,
            words=words,
        )
        db.add(lifted)
        audit.note(
            db, AuditAction.OVERRIDE, "session", hit.session_id,
            now=now, by=by, patient_id=hit.patient_id, changes={"cover": [None, "lifted"]}, reason=words,
        )  # fmt: skip
