"""What the booking screen offers: what can be booked for a patient, and the best times for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.papers.papers import PaperReason
from clinic_sessions.domain.scheduling import ranking
from clinic_sessions.domain.scheduling.ranking import Candidate, Habit, Ranked, Why
from clinic_sessions.domain.scheduling.timetable import FreeTime
from clinic_sessions.domain.session.lifecycle import SessionKind
from clinic_sessions.domain.wall_time import day_span, local_day
from clinic_sessions.models import Clinic, Patient, ProtocolVersion, TreatmentSession
from clinic_sessions.services.booking import free_times, provisional
from clinic_sessions.services.booking.free_times import OpenDay, Wanted
from clinic_sessions.services.booking.provisional import Standing
from clinic_sessions.services.refusals import Refusal
from clinic_sessions.services.series import series
from clinic_sessions.services.series.series import Choice


@dataclass(frozen=True, kw_only=True)
class OfferedTime:
    """A time to choose: its chair, what speaks for it, and how long after the patient's last session it is."""

    chair_id: int
    chair: str
    starts_at: datetime
    ends_at: datetime
    days_after: int | None
    whys: tuple[Why, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Days:
    """The days that the offered times were looked for on, and where looking further leads."""

    first: date
    earlier: date | None
    later: date


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Everything that the booking screen shows for one patient.

    `due`: the day on which the next session of the series falls; `stands`: whether the patient is cleared for it.
    """

    choices: Sequence[Choice]
    choice: Choice
    times: Sequence[OfferedTime]
    days: Days
    last: datetime | None
    due: date | None
    stands: Standing


@dataclass(frozen=True, kw_only=True)
class Looking:
    """From which day on times are looked for (None: from when the next session is due), and whether on any weekday."""

    first_day: date | None = None
    any_day: bool = False


class NothingToBook(Refusal):
    """Nothing can be booked for a patient: the plan of every protocol in use is paused."""

    def __init__(self, patient_id: int) -> None:
        super().__init__(PaperReason.PLAN_PAUSED)
        self.patient_id = patient_id


def choice_of(db: Session, choices: Sequence[Choice], version_id: int | None, plan_id: int | None) -> Choice:
    """Give the choice of these ids, else the one of the same protocol (a newer version may be out), else the first."""
    for choice in choices:
        if choice.version.id == version_id and (choice.plan.id if choice.plan else None) == plan_id:
            return choice
    key = db.scalar(sa.select(ProtocolVersion.key).where(ProtocolVersion.id == version_id)) if version_id else None
    return next((choice for choice in choices if choice.version.key == key), choices[0])


def open_desk(
    db: Session,
    clinic: Clinic,
    patient: Patient,
    *,
    version_id: int | None,
    plan_id: int | None,
    looking: Looking,
    now: datetime,
    with_times: bool = True,
) -> Desk:
    """Gather the screen: the next step of the patient's series is chosen already, with the best six times for it.

    Without `with_times` none are looked for, as when a refusal names others; nor for a patient whom nobody has cleared
    or will evaluate. Before an evaluation there are none. Refuses with NothingToBook.
    """
    choices = series.choices(db, patient)
    if not choices:
        raise NothingToBook(patient.id)
    choice = choice_of(db, choices, version_id, plan_id)
    last = series.last_start(db, patient.id)
    due = series.due(db, choice.plan) if choice.plan else None
    stands = provisional.standing(db, patient.id, choice.version, local_day(now, clinic.zone))
    earliest = _earliest(clinic, looking.first_day, choice, last, due, max(now, stands.not_before or now))
    want = free_times.wanted(
        choice.version,
        patient.id,
        max(earliest, now + timedelta(hours=patient.notice_hours)),
        weekdays=() if looking.any_day else patient.days_wanted,
    )
    found = best_times(db, clinic, want, due=due) if with_times and not stands.refused else []
    return Desk(
        choices=choices,
        choice=choice,
        times=_offered(clinic, found, last),
        days=_days(clinic, earliest, [one.time for one in found], now),
        last=last,
        due=due,
        stands=stands,
    )


def best_times(db: Session, clinic: Clinic, want: Wanted, *, due: date | None) -> list[Ranked]:
    """Give six free times on at least three days, best first, when there are so many within 60 days."""
    days = list[list[Ranked]]()
    habit, first = Habit(due=due), None
    for open_day in free_times.open_days(db, clinic, want):
        if first is None:
            first, habit = open_day.day, _habit(open_day, clinic, due)
        ranked = ranking.rank(_candidates(open_day), habit, first, clinic.zone)
        days.append(ranking.best_of_day(ranked))
        if ranking.enough(days):
            break
    return ranking.best(days)


def _candidates(open_day: OpenDay) -> list[Candidate]:
    others = [demand.starts_at for demand in open_day.room.demands]
    return [
        Candidate(
            time=time,
            others=others,
            usual_nurse=free_times.usual_nurse(open_day.own, open_day.room.duties, time.span) is not None,
        )
        for time in open_day.times
    ]


def _habit(open_day: OpenDay, clinic: Clinic, due: date | None) -> Habit:
    starts = [one.starts_at for one in open_day.own if one.kind is SessionKind.TREATMENT]
    return ranking.habit_of(starts, clinic.zone, due)


def times_to_move_to(
    db: Session, treatment: TreatmentSession, version: ProtocolVersion, *, first_day: date | None, now: datetime
) -> tuple[list[OfferedTime], Days]:
    """Give the best six times to move a session to, from its own day on, and where looking further leads."""
    clinic = treatment.clinic
    own_day = max(now, day_span(local_day(treatment.starts_at, clinic.zone), clinic.zone).starts_at)
    earliest = own_day if first_day is None else max(now, day_span(first_day, clinic.zone).starts_at)
    want = free_times.wanted(version, treatment.patient_id, earliest, without={treatment.id})
    found = best_times(db, clinic, want, due=None)
    here = (treatment.chair_id, treatment.starts_at)
    others = [one for one in found if (one.time.chair_id, one.time.span.starts_at) != here]
    return _offered(clinic, others, None), _days(clinic, earliest, [one.time for one in found], now)


def named(clinic: Clinic, times: Sequence[FreeTime], last: datetime | None) -> list[OfferedTime]:
    """Give free times the names of their chairs and their distance from the patient's last session."""
    return _offered(clinic, [Ranked(time=time, whys=(), cost=0) for time in times], last)


def _offered(clinic: Clinic, ranked: Sequence[Ranked], last: datetime | None) -> list[OfferedTime]:
    names = {chair.id: chair.name for chair in clinic.chairs}
    return [
        OfferedTime(
            chair_id=one.time.chair_id,
            chair=names[one.time.chair_id],
            starts_at=one.time.span.starts_at,
            ends_at=one.time.span.ends_at,
            days_after=_days_after(clinic, one.time.span.starts_at, last),
            whys=one.whys,
        )
        for one in ranked
    ]


def _days_after(clinic: Clinic, moment: datetime, last: datetime | None) -> int | None:
    if last is None or moment < last:
        return None
    return (local_day(moment, clinic.zone) - local_day(last, clinic.zone)).days


def _earliest(
    clinic: Clinic, first_day: date | None, choice: Choice, last: datetime | None, due: date | None, now: datetime
) -> datetime:
    """Say from when to look: the day asked for; else a third of the gap before the day that is due."""
    if first_day is not None:
        return max(now, day_span(first_day, clinic.zone).starts_at)
    if due is None or last is None:
        return now
    gap = (due - local_day(last, clinic.zone)).days
    return max(now, day_span(due - timedelta(days=gap // 3), clinic.zone).starts_at)


def _days(clinic: Clinic, earliest: datetime, found: Sequence[FreeTime], now: datetime) -> Days:
    first, today = local_day(earliest, clinic.zone), local_day(now, clinic.zone)
    last = max((local_day(time.span.starts_at, clinic.zone) for time in found), default=first)
    return Days(
        first=first,
        earlier=max(today, first - timedelta(days=3)) if first > today else None,
        later=last + timedelta(days=1),
    )
