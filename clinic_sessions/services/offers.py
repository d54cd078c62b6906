"""What the booking screen offers: what can be booked for a patient, and the best times for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from clinic_sessions.domain.timetable import FreeTime, Offer
from clinic_sessions.domain.wall_time import day_span, local_day
from clinic_sessions.models import Clinic, Patient, ProtocolVersion, TreatmentSession
from clinic_sessions.services import free_times, room, series
from clinic_sessions.services.series import Choice

BEST_SIX = Offer(count=6, apart=timedelta(hours=3), per_day=3)
"""Spread over the day, so that morning, midday and afternoon are offered."""


@dataclass(frozen=True, kw_only=True)
class OfferedTime:
    """A time to choose, with why: the chair, and how long after the patient's last session."""

    chair_id: int
    chair: str
    starts_at: datetime
    ends_at: datetime
    days_after: int | None


@dataclass(frozen=True, kw_only=True)
class Days:
    """The days that the offered times were looked for on, and where looking further leads."""

    first: date
    earlier: date | None
    later: date


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Everything that the booking screen shows for one patient."""

    choices: Sequence[Choice]
    choice: Choice
    times: Sequence[OfferedTime]
    days: Days
    last: datetime | None


def choice_of(choices: Sequence[Choice], version_id: int | None, plan_id: int | None) -> Choice:
    """Give the choice of these ids; without one, the first."""
    for choice in choices:
        if choice.version.id == version_id and (choice.plan.id if choice.plan else None) == plan_id:
            return choice
    return choices[0]


def open_desk(
    db: Session,
    clinic: Clinic,
    patient: Patient,
    *,
    version_id: int | None,
    plan_id: int | None,
    first_day: date | None,
    now: datetime,
    with_times: bool = True,
) -> Desk:
    """Gather the screen: the next step of the patient's series is chosen already, with the best six times for it.

    Without `with_times` none are looked for, as when a refusal names others.
    """
    choices = series.choices(db, patient)
    choice = choice_of(choices, version_id, plan_id)
    last = series.last_start(db, patient.id)
    earliest = _earliest(clinic, first_day, series.earliest(choice.version, last, now), now)
    wanted = room.wanted(choice.version, patient.id, earliest)
    found = free_times.find(db, clinic, wanted, BEST_SIX) if with_times else []
    return Desk(
        choices=choices,
        choice=choice,
        times=named(clinic, found, last),
        days=_days(clinic, earliest, found, now),
        last=last,
    )


def times_to_move_to(
    db: Session, treatment: TreatmentSession, version: ProtocolVersion, *, first_day: date | None, now: datetime
) -> tuple[list[OfferedTime], Days]:
    """Give the best six times to move a session to, from its own day on, and where looking further leads."""
    clinic = treatment.clinic
    earliest = _earliest(clinic, first_day, max(now, treatment.starts_at), now)
    wanted = room.wanted(version, treatment.patient_id, earliest, moving_id=treatment.id)
    found = free_times.find(db, clinic, wanted, BEST_SIX)
    others = [t for t in found if (t.chair_id, t.span.starts_at) != (treatment.chair_id, treatment.starts_at)]
    return named(clinic, others, None), _days(clinic, earliest, found, now)


def named(clinic: Clinic, times: Sequence[FreeTime], last: datetime | None) -> list[OfferedTime]:
    """Give free times the names of their chairs and their distance from the patient's last session."""
    names = {chair.id: chair.name for chair in clinic.chairs}
    return [
        OfferedTime(
            chair_id=time.chair_id,
            chair=names[time.chair_id],
            starts_at=time.span.starts_at,
            ends_at=time.span.ends_at,
            days_after=_days_after(clinic, time.span.starts_at, last),
        )
        for time in times
    ]


def _days_after(clinic: Clinic, moment: datetime, last: datetime | None) -> int | None:
    if last is None or moment < last:
        return None
    return (local_day(moment, clinic.zone) - local_day(last, clinic.zone)).days


def _earliest(clinic: Clinic, first_day: date | None, usual: datetime, now: datetime) -> datetime:
    return usual if first_day is None else max(now, day_span(first_day, clinic.zone).starts_at)


def _days(clinic: Clinic, earliest: datetime, found: Sequence[FreeTime], now: datetime) -> Days:
    first, today = local_day(earliest, clinic.zone), local_day(now, clinic.zone)
    last = local_day(found[-1].span.starts_at, clinic.zone) if found else first
    return Days(
        first=first,
        earlier=max(today, first - timedelta(days=3)) if first > today else None,
        later=last + timedelta(days=1),
    )
