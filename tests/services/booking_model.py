"""What must hold of a clinic's rows, worked out minute by minute and session by session, in the plainest way."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import combinations, pairwise
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.scheduling.shifts import ExceptionKind
from clinic_sessions.domain.scheduling.timetable import OverrideKind
from clinic_sessions.domain.session.lifecycle import OCCUPYING, OTHER_ENDINGS, SessionKind, Status
from clinic_sessions.models import BookingOverride, Clinic, Plan, Shift, ShiftBreak, ShiftException, TreatmentSession
from clinic_sessions.models import User as Person
from clinic_sessions.services import catalogue
from clinic_sessions.services.shifts import uncovered

MINUTE = timedelta(minutes=1)
COUNTED = OCCUPYING | OTHER_ENDINGS | {Status.LEFT}
LIFTED_BY = {
    OverrideKind.COVER: (Permission.OVERRIDE_COVER, Permission.MANAGE_SITES),
    OverrideKind.SECOND_DOSE: (Permission.OVERRIDE_SPACING,),
}


@dataclass(frozen=True)
class OnShift:
    user_id: int
    role: SiteRole
    starts_at: datetime
    ends_at: datetime


@lru_cache(maxsize=4096)
def first_minute(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Walk to the first minute of the real day at which the clock on the wall shows `minute`, or a later one."""
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=14)
    wanted = (day, minute)
    while _on_the_wall(at, zone) < wanted:
        at += MINUTE
    return at


def _on_the_wall(at: datetime, zone: ZoneInfo) -> tuple[date, int]:
    wall = at.astimezone(zone)
    return wall.date(), wall.hour * 60 + wall.minute


@dataclass(frozen=True)
class Gap:
    """A session at its present time that lacks something it asks for: a role, its host, or (neither) nurses."""

    session_id: int
    schedule_version: int
    what: str


def check(db: Session, clinic: Clinic, first_day: date, days: int, now: datetime) -> set[Gap]:
    """Hold the rows against every rule; gives what lacks cover from now on and has no named word for it."""
    db.flush()
    rows = list(db.scalars(sa.select(TreatmentSession).where(TreatmentSession.clinic_id == clinic.id)))
    lifted = _standing_overrides(db)
    standing = [row for row in rows if row.status in OCCUPYING]
    _check_overlaps(standing)
    _check_spacing([row for row in rows if row.status in COUNTED], lifted, clinic.zone)
    _check_places(db, [row for row in rows if row.status in COUNTED])
    gaps = set(_gaps(standing, list(_on_shift(db, clinic, first_day, days)), lifted, now))
    listed = {one.session_id for one in uncovered.ahead(db, clinic, now)}
    assert {gap.session_id for gap in gaps} <= listed, "a session lacks cover, and nobody is told"
    return gaps


def _standing_overrides(db: Session) -> set[tuple[int, OverrideKind]]:
    query = (
        sa.select(BookingOverride, Person, TreatmentSession.schedule_version)
        .join(Person, Person.id == BookingOverride.by_id)
        .join(TreatmentSession, TreatmentSession.id == BookingOverride.session_id)
    )
    found = set()
    for override, person, present in db.execute(query):
        if override.kind in LIFTED_BY:
            assert override.words
            assert any(person.may(one) for one in LIFTED_BY[override.kind])
        if override.schedule_version == present:
            found.add((override.session_id, override.kind))
    return found


def _check_overlaps(standing: Iterable[TreatmentSession]) -> None:
    for what in ("chair_id", "patient_id", "host_id"):
        held = defaultdict[int, list[TreatmentSession]](list)
        for row in standing:
            if getattr(row, what) is not None:
                held[getattr(row, what)].append(row)
        for some in held.values():
            for one, other in pairwise(sorted(some, key=lambda row: row.starts_at)):
                assert one.ends_at <= other.starts_at, f"two sessions of one {what}"


def _gaps(
    standing: list[TreatmentSession], on_shift: list[OnShift], lifted: set[tuple[int, OverrideKind]], now: datetime
) -> Iterator[Gap]:
    """From now on: who lacks nurses at a minute for which nobody gave their word, a role on site, or their host."""
    load, asking = Counter[datetime](), defaultdict[datetime, list[TreatmentSession]](list)
    for row in standing:
        for at, milli, roles in _asked(row):
            if at >= now:
                load[at] += milli
                asking[at] += [row] if milli else []
                yield from (Gap(row.id, row.schedule_version, what) for what in _missing(row, at, roles, on_shift))
    for at, milli in load.items():
        answered = any((row.id, OverrideKind.COVER) in lifted for row in asking[at])
        if milli > 1000 * _count(on_shift, SiteRole.NURSE, at) and not answered:
            yield from (Gap(row.id, row.schedule_version, "nurses") for row in asking[at])


def _missing(row: TreatmentSession, at: datetime, roles: Iterable[SiteRole], on_shift: list[OnShift]) -> Iterator[str]:
    yield from (role for role in roles if not _count(on_shift, role, at))
    if row.host_id is not None:
        there = (one.user_id == row.host_id and one.starts_at <= at < one.ends_at for one in on_shift)
        yield from () if any(there) else ("host",)


def _asked(row: TreatmentSession) -> Iterator[tuple[datetime, int, Iterable[SiteRole]]]:
    at = row.starts_at
    if row.protocol_version is None:
        while at < row.ends_at:
            yield at, row.nurse_milli, ()
            at += MINUTE
        return
    for phase in catalogue.protocol_of(row.protocol_version).phases:
        roles = [required.role for required in phase.roles]
        for _ in range(phase.minutes.whole):
            yield at, phase.nurse_milli, roles
            at += MINUTE


def _count(on_shift: Iterable[OnShift], role: SiteRole, at: datetime) -> int:
    return len({one.user_id for one in on_shift if one.role is role and one.starts_at <= at < one.ends_at})


def _on_shift(db: Session, clinic: Clinic, first_day: date, days: int) -> Iterator[OnShift]:
    weekly = db.execute(sa.select(Shift).where(Shift.clinic_id == clinic.id)).scalars().all()
    breaks = db.execute(sa.select(ShiftBreak, Shift.user_id, Shift).join(Shift)).all()
    differing = db.scalars(
        sa.select(ShiftException).where(ShiftException.clinic_id == clinic.id, ShiftException.removed_at.is_(None))
    ).all()
    for day in (first_day + timedelta(days=n) for n in range(days)):
        away = [
            (row.user_id, pause.starts_minute, pause.ends_minute) for pause, _, row in breaks if _holds(row, day)
        ] + [
            (one.user_id, one.starts_minute, one.ends_minute)
            for one in differing
            if one.day == day and one.kind is ExceptionKind.OFF
        ]
        for row in weekly:
            if _holds(row, day):
                gone = [(start, end) for user_id, start, end in away if user_id == row.user_id]
                for start, end in _left((row.starts_minute, row.ends_minute), gone):
                    yield _shift(row.user_id, row.role, day, start, end, clinic.zone)
        for one in differing:
            if one.day == day and one.kind is ExceptionKind.EXTRA and one.role is not None:
                yield _shift(one.user_id, one.role, day, one.starts_minute, one.ends_minute, clinic.zone)


def _holds(row: Shift, day: date) -> bool:
    return row.weekday == day.weekday() and row.first_day <= day and (row.last_day is None or day <= row.last_day)


def _shift(user_id: int, role: SiteRole, day: date, start: int, end: int, zone: ZoneInfo) -> OnShift:
    ends_at = first_minute(day + timedelta(days=1), 0, zone) if end == 1440 else first_minute(day, end, zone)
    return OnShift(user_id, role, first_minute(day, start, zone), ends_at)


def _left(hours: tuple[int, int], gone: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Cut what is gone out of hours, edge by edge."""
    edges = sorted({*hours, *(edge for one in gone for edge in one if hours[0] < edge < hours[1])})
    for start, end in pairwise(edges):
        if not any(begins <= start and end <= ends for begins, ends in gone):
            yield start, end


def _check_spacing(counted: Iterable[TreatmentSession], lifted: set[tuple[int, OverrideKind]], zone: ZoneInfo) -> None:
    """Two doses of a patient are on two days, as far apart as one of their protocols asks, or someone lifted that."""
    doses = [row for row in counted if row.kind is SessionKind.TREATMENT]
    for one, other in combinations(doses, 2):
        if one.patient_id != other.patient_id:
            continue
        apart = abs((one.starts_at.astimezone(zone).date() - other.starts_at.astimezone(zone).date()).days)
        kinds = {row.id for row in (one, other)}
        if apart == 0:
            assert any((row_id, OverrideKind.SECOND_DOSE) in lifted for row_id in kinds), "two doses on one day"
        elif apart < min(_spacing(one), _spacing(other)):
            assert any((row_id, OverrideKind.SPACING) in lifted for row_id in kinds), "doses too close"


def _spacing(row: TreatmentSession) -> int:
    assert row.protocol_version is not None
    return catalogue.protocol_of(row.protocol_version).spacing.whole


def _check_places(db: Session, counted: Iterable[TreatmentSession]) -> None:
    for plan in db.scalars(sa.select(Plan)):
        places = [row.place_in_plan for row in counted if row.plan_id == plan.id]
        assert None not in places
        assert len(set(places)) == len(places), "two sessions in one place of a series"
        assert set(places) <= set(range(1, plan.session_count + 1)), "more sessions than the series has"
