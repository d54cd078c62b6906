"""A second, small site of the demo in another zone, with people of its own, and what is closed at either."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.demo import papers
from clinic_sessions.demo.clinic import ZONE
from clinic_sessions.demo.people import Staff
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import Route, SiteRole
from clinic_sessions.domain.scheduling.timetable import Opening
from clinic_sessions.domain.scheduling.typed_clinic import TypedChair
from clinic_sessions.domain.wall_time import Span, day_span, first_instant, local_day
from clinic_sessions.models import ActorKind, AuditAction, Clinic, Patient, Shift, ShiftBreak, User, UserRole
from clinic_sessions.services import audit
from clinic_sessions.services.actor import SYSTEM, Actor
from clinic_sessions.services.booking import booking
from clinic_sessions.services.catalogue import published
from clinic_sessions.services.plans import plans
from clinic_sessions.services.sites import clinics, closures, hits, patient_clinics, sites
from clinic_sessions.services.sites.closures import NewClosure

OPENS, CLOSES, NOON = 8 * 60, 17 * 60, 12 * 60
WEEKDAYS = range(5)
AROUND = 30
HOLIDAY_AFTER, TRAINING_AFTER, REPAIR_AFTER, VISIT_AFTER = 16, 3, 7, 9
"""Days from today."""
TRAINING_HOUR, REPAIR_HOUR, VISIT_HOUR = time(16), time(15), time(8, 30)

STAFF = (
    (Staff(address="nurse5@demo.example", name="Priya Raman, RN", role=Role.NURSE), SiteRole.NURSE),
    (Staff(address="provider3@demo.example", name="Dr. Helen Marsh", role=Role.PROVIDER), SiteRole.PROVIDER),
)
OWNER = "owner@demo.example"
AT_BOTH = ("auditor@demo.example", "desk@demo.example", "provider2@demo.example")


@dataclass(frozen=True, kw_only=True)
class Demo:
    """The database of the demo, its moment, and its owner, who sets all this up."""

    db: Session
    now: datetime
    owner: Actor


def open_second(db: Session, first: Clinic, shared: Sequence[Patient], password_hash: str, now: datetime) -> None:
    """Open the second site, let patients of the first be treated there too, and close what is closed ahead."""
    owner = db.scalars(sa.select(User).where(User.email == OWNER)).one()
    demo = Demo(db=db, now=now, owner=Actor(kind=ActorKind.USER, user=owner, role=Role.OWNER))
    site = _open(demo)
    for one in db.scalars(sa.select(User).where(User.email.in_(AT_BOTH))):
        one.clinics.append(site)
    for person, role in STAFF:
        _hire(demo, site, person, role, password_hash)
    for patient in shared:
        patient_clinics.add(db, patient, site.id, now=now, by=demo.owner)
    _book(demo, site, shared[0])
    _close_for_a_holiday(demo, site)
    _train_the_staff(demo, first)
    _repair_a_chair(demo, first)


def _open(demo: Demo) -> Clinic:
    new = clinics.NewClinic(
        name="Desert Ridge Clinic",
        name_in_messages="Desert Ridge Clinic",
        zone_name="America/Phoenix",
        phone="+16025550142",
        address="400 E Camelback Road, Phoenix, AZ 85012",
        openings=[Opening(weekday=day, opens_minute=OPENS, closes_minute=CLOSES) for day in WEEKDAYS],
        chairs=[
            TypedChair(name="Chair 1", routes=frozenset({Route.IV, Route.IM})),
            TypedChair(name="Chair 2", routes=frozenset({Route.IN_, Route.IM})),
        ],
    )
    return sites.add(demo.db, new, now=demo.now, by=demo.owner)


def _hire(demo: Demo, site: Clinic, person: Staff, role: SiteRole, password_hash: str) -> None:
    user = User(email=person.address, name=person.name, password_hash=password_hash, is_demo=True)
    user.role_rows, user.clinics = [UserRole(role=person.role)], [site]
    demo.db.add(user)
    demo.db.flush()
    changes = {"roles": [None, person.role.value]}
    audit.note(demo.db, AuditAction.CREATE, "user", user.id, now=demo.now, by=SYSTEM, changes=changes)
    for weekday in WEEKDAYS:
        shift = Shift(
            clinic_id=site.id, user_id=user.id, role=role, weekday=weekday, starts_minute=OPENS - AROUND,
            ends_minute=CLOSES + AROUND, first_day=local_day(demo.now, site.zone),
        )  # fmt: skip
        if role is SiteRole.NURSE:
            shift.breaks = [ShiftBreak(starts_minute=NOON, ends_minute=NOON + AROUND)]
        demo.db.add(shift)
    demo.db.flush()


def _book(demo: Demo, site: Clinic, patient: Patient) -> None:
    version = next(one for one in published(demo.db) if one.route is Route.IV)
    provider = next(one for one in plans.providers(demo.db, site.id) if one.email == STAFF[1][0].address)
    papers.clear(demo.db, patient, version, provider.id, demo.now)
    request = booking.BookingRequest(
        patient_id=patient.id,
        protocol_version_id=version.id,
        chair_id=site.chairs[0].id,
        starts_at=_on_a_weekday(demo, site, VISIT_AFTER, VISIT_HOUR),
        tell_patient=False,
    )
    booking.book(demo.db, request, now=demo.now, by=demo.owner)


def _on_a_weekday(demo: Demo, site: Clinic, after: int, wall: time) -> datetime:
    day = local_day(demo.now, site.zone) + timedelta(days=after)
    while day.weekday() not in WEEKDAYS:
        day += timedelta(days=1)
    return first_instant(day, wall, site.zone)


def _close_for_a_holiday(demo: Demo, site: Clinic) -> None:
    day = local_day(_on_a_weekday(demo, site, HOLIDAY_AFTER, VISIT_HOUR), site.zone)
    _close(demo, site, NewClosure(span=day_span(day, site.zone), reason="Holiday"))


def _train_the_staff(demo: Demo, site: Clinic) -> None:
    """Close the clinic for the end of the first afternoon on which nobody is booked any more."""
    _close_when_free(demo, site, TRAINING_AFTER, TRAINING_HOUR, [None], "Staff training")


def _repair_a_chair(demo: Demo, site: Clinic) -> None:
    """Close the first chair that has a free afternoon, on the first day on which one has."""
    chair_ids = [chair.id for chair in site.chairs]
    _close_when_free(demo, site, REPAIR_AFTER, REPAIR_HOUR, chair_ids, "Monitor is serviced")


def _close_when_free(
    demo: Demo, site: Clinic, after: int, hour: time, chair_ids: Sequence[int | None], reason: str
) -> None:
    """Close the site (None) or one of its chairs for two hours, on the first working day that this hits nobody."""
    for days in range(after, 2 * REPAIR_AFTER):
        day = local_day(demo.now, ZONE) + timedelta(days=days)
        starts = first_instant(day, hour, ZONE)
        span = Span(starts_at=starts, ends_at=starts + timedelta(hours=2))
        for chair_id in chair_ids if day.weekday() in WEEKDAYS else ():
            if not hits.of_closure(demo.db, site.id, chair_id, span, demo.now):
                _close(demo, site, NewClosure(span=span, reason=reason, chair_id=chair_id))
                return


def _close(demo: Demo, site: Clinic, new: NewClosure) -> None:
    closures.add(demo.db, site, new, version=site.version, kept=None, now=demo.now, by=demo.owner)
