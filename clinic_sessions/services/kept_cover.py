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
from clinic_sessions.models import AuditAction, BookingOverride, Chair, Clinic, Patient, TreatmentSession
from clinic_sessions.services import audit, cover, room
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
    """A session that a change would leave without cover, and what it would lack first."""

    session_id: int
    schedule_version: int
    patient_id: int
    patient_name: str
    chair_name: str | None
    starts_at: datetime
    ends_at: datetime
    shortfall: Shortfall


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """Someone's word that these sessions are to stand with fewer nurses than they ask for."""

    words: str
    session_ids: Collection[int]


class CoverShort(Refusal):
    """The change would leave sessions without cover: `hits`, soonest first.

    With a reason it can be made all the same, unless a session would be left without a role that it requires.
    """

    def __init__(self, hits: Sequence[Hit]) -> None:
        roles = any(hit.shortfall.role is not None for hit in hits)
        super().__init__(ShiftReason.LEAVES_WITHOUT_ROLE if roles else ShiftReason.LEAVES_SHORT)
        self.hits = hits
        self.may_be_kept = not roles


@contextmanager
def kept(
    db: Session, clinic: Clinic, touched: Touched, *, keeping: Keeping | None, now: datetime, by: Actor
) -> Iterator[None]:
    """Make the change in the body of the `with`, between two looks at the sessions ahead on the days it touches.

    Bookings wait meanwhile. Sessions that the change would leave without cover, or sooner or with less than they
    lacked before, stand against it: refuses with CoverShort, or, when `keeping` names all of them, writes for each who
    lifted cover and why. Raises NotAllowed when that is not for the person to say.
    """
    room.close_gate(db, clinic.id)
    days = _days_booked(db, clinic, touched, now)
    before = {(one.session_id, one.shortfall.role): one.shortfall for one in cover.short(db, clinic, days)}
    yield
    db.flush()
    after = cover.short(db, clinic, days)
    if worse := [one for one in after if _is_worse(one.shortfall, before.get((one.session_id, one.shortfall.role)))]:
        hits = _hits(db, worse)
        _check(hits, keeping, by)
        _lift(db, hits, keeping.words if keeping else "", now=now, by=by)


def _is_worse(now: Shortfall, before: Shortfall | None) -> bool:
    return before is None or (now.at, now.spare_milli) < (before.at, before.spare_milli)


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


def _hits(db: Session, shorts: Sequence[cover.Short]) -> list[Hit]:
    query = (
        sa.select(
            TreatmentSession.id,
            TreatmentSession.schedule_version,
            TreatmentSession.patient_id,
            Patient.name.label("patient_name"),
            Chair.name.label("chair_name"),
            TreatmentSession.starts_at,
            TreatmentSession.ends_at,
        )
        .join(Patient, Patient.id == TreatmentSession.patient_id)
        .outerjoin(Chair, Chair.id == TreatmentSession.chair_id)
        .where(TreatmentSession.id.in_({one.session_id for one in shorts}))
    )
    rows = {row.id: row for row in db.execute(query)}
    found = [
        Hit(
            session_id=row.id,
            schedule_version=row.schedule_version,
            patient_id=row.patient_id,
            patient_name=row.patient_name,
            chair_name=row.chair_name,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            shortfall=one.shortfall,
        )
        for one in shorts
        for row in [rows[one.session_id]]
    ]
    return sorted(found, key=lambda hit: (hit.starts_at, hit.session_id))


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
