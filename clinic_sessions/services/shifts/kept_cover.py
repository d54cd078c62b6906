"""Changes of shifts must leave the sessions that stand with their nurses, or someone answers for those they do not."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.scheduling.shifts import ShiftReason
from clinic_sessions.domain.scheduling.timetable import OverrideKind
from clinic_sessions.domain.session.lifecycle import OCCUPYING
from clinic_sessions.domain.wall_time import day_span, local_day
from clinic_sessions.models import AuditAction, BookingOverride, Clinic, TreatmentSession
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import room
from clinic_sessions.services.refusals import NotAllowed, Refusal
from clinic_sessions.services.shifts import cover, hosted, uncovered
from clinic_sessions.services.shifts.uncovered import Uncovered

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
class Keeping:
    """Someone has seen what a change does to these sessions; `words`: why they are to stand with fewer nurses."""

    session_ids: Collection[int]
    words: str | None = None


class CoverShort(Refusal):
    """The change would leave sessions without cover: `hits`, soonest first.

    With a reason it can be made all the same, unless a session would be left without a role that it requires, or a
    visit without its host. `is_fact`: it is made as soon as all of them have been seen, and they stand open then; a
    reason is for those only that lack no more than nurses.
    """

    def __init__(self, hits: Sequence[Uncovered], *, is_fact: bool) -> None:
        reasons = {ShiftReason.LEAVE_HITS} if is_fact else {reason for hit in hits for reason in _reasons(hit)}
        super().__init__(*sorted(reasons))
        self.hits, self.is_fact = hits, is_fact
        nurses_only = [hit.lacks_only_nurses for hit in hits]
        self.may_be_kept = any(nurses_only) if is_fact else all(nurses_only)


def _reasons(hit: Uncovered) -> Iterator[ShiftReason]:
    for one in hit.shortfalls:
        yield ShiftReason.LEAVES_SHORT if one.role is None else ShiftReason.LEAVES_WITHOUT_ROLE
    if hit.host_gone_at is not None:
        yield ShiftReason.LEAVES_WITHOUT_HOST


@contextmanager
def kept(
    db: Session,
    clinic: Clinic,
    touched: Touched,
    *,
    keeping: Keeping | None,
    now: datetime,
    by: Actor,
    is_fact: bool = False,
) -> Iterator[None]:
    """Make the change in the body of the `with`, between two looks at the sessions ahead on the days it touches.

    Bookings wait meanwhile. Sessions that would lack more in any minute than they did, whatever was lifted for them
    before, and visits that it would leave without their host stand against it: refuses with CoverShort, or,
    when `keeping` names all of them, writes for each who lifted cover and why. Raises NotAllowed when that is not for
    the person to say. `is_fact`: the change tells what is so, and is refused only until `keeping` names all of them.
    """
    room.close_gate(db, clinic.id)
    days = _days_booked(db, clinic, touched, now)
    before, alone = cover.lacking(db, clinic, days), hosted.left_alone(db, clinic, days)
    yield
    db.flush()
    hosted.charge_nurses(db, clinic, days)
    short = [
        (session_id, lack.shortfall)
        for (session_id, role), lack in cover.lacking(db, clinic, days).items()
        if lack.is_more_than(before.get((session_id, role)))
    ]
    left = {one: at for one, at in hosted.left_alone(db, clinic, days).items() if one not in alone}
    hits = [hit for hit in uncovered.of(db, short, left) if hit.ends_at > now]
    if hits:
        _check(CoverShort(hits, is_fact=is_fact), keeping)
        _lift(db, [hit for hit in hits if hit.lacks_only_nurses], keeping, now=now, by=by)


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


def _check(refusal: CoverShort, keeping: Keeping | None) -> None:
    seen = set(keeping.session_ids) if keeping else set()
    answered = refusal.is_fact or (keeping is not None and keeping.words and refusal.may_be_kept)
    if not answered or not {hit.session_id for hit in refusal.hits} <= seen:
        raise refusal


def _lift(db: Session, hits: Sequence[Uncovered], keeping: Keeping | None, *, now: datetime, by: Actor) -> None:
    """Write who lets sessions stand with fewer nurses, and why; without words nobody does, and they stand open."""
    if keeping is None or not keeping.words:
        return
    if by.user is None or not any(by.user.may(one) for one in (Permission.OVERRIDE_COVER, Permission.MANAGE_SITES)):
        raise NotAllowed
    one = TreatmentSession
    versions = sa.select(one.id, one.schedule_version).where(one.id.in_([hit.session_id for hit in hits]))
    at_version = {row.id: row.schedule_version for row in db.execute(versions)}
    for hit in hits:
        lifted = BookingOverride(
            session_id=hit.session_id,
            schedule_version=at_version[hit.session_id],
            kind=OverrideKind.COVER,
            at=now,
            by_id=by.user_id,
            words=keeping.words,
        )
        db.add(lifted)
        audit.note(
            db, AuditAction.OVERRIDE, "session", hit.session_id,
            now=now, by=by, patient_id=hit.patient_id, changes={"cover": [None, "lifted"]}, reason=keeping.words,
        )  # fmt: skip
