"""The soonest safe times for a patient over all chairs and sites, and what stands in the way of each.

No gate is skipped. The patient's usual days and notice do not count here: they ask for the soonest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.papers.papers import PaperReason
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.scheduling import visits
from clinic_sessions.domain.scheduling.timetable import FreeTime
from clinic_sessions.domain.session.lifecycle import EXPECTED, SessionKind
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Clinic, Patient, TreatmentSession, User
from clinic_sessions.services import catalogue
from clinic_sessions.services.booking import free_times, provisional, visit_offers, visit_room
from clinic_sessions.services.booking.provisional import Standing
from clinic_sessions.services.plans import papers
from clinic_sessions.services.series.series import Choice
from clinic_sessions.services.shifts import on_shift
from clinic_sessions.services.shifts.on_shift import Hands, OnShift

DAYS_EACH, SHOWN, VISITS_SHOWN = 2, 6, 3
"""Of each treatment at each site the first start of two days is looked at; of all, the soonest six are shown."""

CHECKS = frozenset({PaperReason.NOT_ENROLLED, PaperReason.MONITORING_DUE})
"""What whoever works in the clinical file can mend; the rest of the programme is the plan's."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A paper that is missing, and who can mend it at the site. `mends` names what is to be done there."""

    reason: PaperReason
    mends: Permission
    hands: Hands


@dataclass(frozen=True, kw_only=True)
class UrgentSlot:
    """A time for a treatment. `stands`: whether it can be booked now, or only as provisional; `steps`: in order."""

    clinic: Clinic
    choice: Choice
    chair: str
    time: FreeTime
    stands: Standing
    steps: Sequence[Step] = ()


@dataclass(frozen=True, kw_only=True)
class UrgentVisit:
    """A time for an evaluation with someone who may hold it."""

    clinic: Clinic
    host: User
    starts_at: datetime
    minutes: int


@dataclass(frozen=True, kw_only=True)
class Urgent:
    """The soonest slots and evaluations, in the order of time. `left_out`: what nobody may book now, and why."""

    slots: Sequence[UrgentSlot]
    left_out: Sequence[tuple[Choice, PaperReason]]
    visits: Sequence[UrgentVisit]


def search(
    db: Session, patient: Patient, clinics: Sequence[Clinic], choices: Sequence[Choice], *, now: datetime
) -> Urgent:
    """Look for the soonest times for any of the choices at the clinics at which the patient may be treated.

    What can be booked is shown before anything that cannot: only when nothing can, all is shown with what is missing.
    """
    here = [clinic for clinic in clinics if clinic.id in patient.clinic_ids]
    there = {clinic.id: on_shift.read(db, clinic, now=now) for clinic in here}
    stands = [
        (clinic, choice, provisional.standing(db, patient.id, choice.version, local_day(now, clinic.zone)))
        for clinic in here
        for choice in choices
    ]
    can = [one for one in stands if not one[2].refused]
    found = [slot for clinic, choice, how in can or stands for slot in _slots(db, patient, clinic, choice, how, now)]
    soonest = sorted(found, key=lambda slot: (slot.time.span.starts_at, slot.clinic.id, slot.choice.version.title))
    refused = {choice.version.id: (choice, how.against[0]) for _, choice, how in stands if how.refused}
    return Urgent(
        slots=_with_steps(db, patient, soonest[:SHOWN], there),
        left_out=list(refused.values()) if can else [],
        visits=_visits(db, patient, there, now),
    )


def _slots(
    db: Session, patient: Patient, clinic: Clinic, choice: Choice, stands: Standing, now: datetime
) -> list[UrgentSlot]:
    want = free_times.wanted(choice.version, patient.id, max(now, stands.not_before or now))
    names = {chair.id: chair.name for chair in clinic.chairs}
    firsts = [day.times[0] for day in islice(free_times.open_days(db, clinic, want), DAYS_EACH)]
    return [
        UrgentSlot(clinic=clinic, choice=choice, chair=names[time.chair_id], time=time, stands=stands)
        for time in firsts
    ]


def _with_steps(
    db: Session, patient: Patient, slots: Sequence[UrgentSlot], there: Mapping[int, OnShift]
) -> list[UrgentSlot]:
    wants = [
        papers.Want(
            patient_id=patient.id,
            protocol_key=slot.choice.version.key,
            drug=catalogue.protocol_of(slot.choice.version).drug,
            plan_id=slot.choice.plan.id if slot.choice.plan else None,
            at=slot.time.span.starts_at,
            zone=slot.clinic.zone,
        )
        for slot in slots
    ]
    return [
        UrgentSlot(**{**vars(slot), "steps": _steps(missing, there[slot.clinic.id])})
        for slot, missing in zip(slots, papers.read(db, wants), strict=True)
    ]


def _steps(missing: papers.Papers, shift: OnShift) -> list[Step]:
    """List only what the gate needs, in the order in which it is mended."""
    needed = [
        *((reason, Permission.DECIDE_CLEARANCE) for reason in missing.clearance),
        *((reason, Permission.RECORD_CONSENT) for reason in missing.consent),
        *((reason, Permission.WRITE_ORDERS) for reason in missing.order),
        *(
            (reason, Permission.EDIT_CLINICAL if reason in CHECKS else Permission.EDIT_PLANS)
            for reason in missing.programme
        ),
    ]
    return [Step(reason=reason, mends=mends, hands=shift.who_may(mends)) for reason, mends in needed]


def _visits(db: Session, patient: Patient, there: Mapping[int, OnShift], now: datetime) -> list[UrgentVisit]:
    found = [
        UrgentVisit(clinic=shift.clinic, host=host, starts_at=start, minutes=minutes)
        for shift in there.values()
        for host in visit_offers.hosts(db, shift.clinic, SessionKind.EVALUATION)
        if any(duty.user_id == host.id and duty.role is SiteRole.PROVIDER for duty in shift.duties)
        for minutes in [visits.KINDS[SessionKind.EVALUATION].minutes]
        for start in visit_room.next_times(db, shift.clinic, _visit(patient, host, minutes, now), count=1)
    ]
    return sorted(found, key=lambda visit: (visit.starts_at, visit.host.name))[:VISITS_SHOWN]


def _visit(patient: Patient, host: User, minutes: int, now: datetime) -> visit_room.Wanted:
    return visit_room.Wanted(
        kind=SessionKind.EVALUATION, patient_id=patient.id, host_id=host.id, minutes=minutes, earliest=now
    )


def booked_next(db: Session, patient_id: int, clinics: Sequence[Clinic], now: datetime) -> TreatmentSession | None:
    """Give the patient's next treatment that stands booked at one of the clinics: it can be moved to a sooner time."""
    query = (
        sa.select(TreatmentSession)
        .where(
            TreatmentSession.patient_id == patient_id,
            TreatmentSession.kind == SessionKind.TREATMENT,
            TreatmentSession.status.in_(EXPECTED),
            TreatmentSession.starts_at > now,
            TreatmentSession.clinic_id.in_({clinic.id for clinic in clinics}),
        )
        .options(joinedload(TreatmentSession.clinic))
        .order_by(TreatmentSession.starts_at)
    )
    return db.scalars(query.limit(1)).first()
