"""The soonest safe time: over every chair and site, in the order of time, with what is missing and who can act now."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from clinic_sessions.domain.papers.papers import PaperReason
from clinic_sessions.domain.permissions import Permission, Role
from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.session.lifecycle import SessionKind
from clinic_sessions.models import ActorKind, Clinic, Patient
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import booking, urgent, visits
from clinic_sessions.services.booking.booking import BookingRequest
from clinic_sessions.services.booking.urgent import Urgent, UrgentSlot
from clinic_sessions.services.series import series
from clinic_sessions.services.series.series import Choice
from tests import factories

HOUR = timedelta(hours=1)
EARLY = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""Monday: seven in New York, four in Los Angeles."""


@pytest.fixture
def east(db: Session) -> Clinic:
    """A clinic three hours ahead, with people of its own."""
    return factories.a_clinic(db, "America/New_York")


@pytest.fixture
def desk(db: Session, clinic: Clinic, east: Clinic) -> Actor:
    """Somebody who works at both clinics."""
    user = factories.a_user(db, clinic, Role.FRONT_DESK)
    user.clinics = [clinic, east]
    db.flush()
    return Actor(kind=ActorKind.USER, user=user, role=Role.FRONT_DESK)


def a_patient(db: Session, clinic: Clinic, *others: Clinic, papers: bool = True, **given: Any) -> Patient:
    """A patient who may be treated at these clinics too."""
    patient = factories.a_patient(db, clinic, papers=papers, **given)
    patient.other_clinics = list(others)
    db.flush()
    return patient


def look(db: Session, patient: Patient, clinics: Sequence[Clinic], now: datetime, *keys: str) -> Urgent:
    """Search for the protocols of these keys."""
    choices = [one for one in series.choices(db, patient) if one.version.key in (keys or ("iv-mood",))]
    return urgent.search(db, patient, clinics, choices, now=now)


def starts(found: Urgent) -> list[tuple[int, datetime]]:
    """Where and when, in the order shown."""
    return [(slot.clinic.id, slot.time.span.starts_at) for slot in found.slots]


def as_request(patient: Patient, slot: UrgentSlot) -> BookingRequest:
    """What the booking screen would send."""
    return BookingRequest(
        patient_id=patient.id, protocol_version_id=slot.choice.version.id, chair_id=slot.time.chair_id,
        starts_at=slot.time.span.starts_at,
    )  # fmt: skip


def test_the_soonest_over_two_sites_in_two_zones_comes_first_and_is_booked_as_any_other(
    db: Session, clinic: Clinic, east: Clinic, desk: Actor
) -> None:
    patient = a_patient(db, clinic, east, notice_hours=48, days_wanted=[3])
    found = look(db, patient, [clinic, east], EARLY)
    day = timedelta(days=1)
    at_eight = {east.id: EARLY + HOUR, clinic.id: EARLY + 4 * HOUR}
    assert starts(found) == [
        (east.id, at_eight[east.id]), (clinic.id, at_eight[clinic.id]),
        (east.id, at_eight[east.id] + day), (clinic.id, at_eight[clinic.id] + day),
    ]  # fmt: skip
    assert all(slot.steps == [] and not slot.stands.against for slot in found.slots)
    treatment = booking.book(db, as_request(patient, found.slots[0]), now=EARLY, by=desk)
    assert treatment.clinic_id == east.id
    again = look(db, patient, [clinic, east], EARLY)
    assert starts(again)[0][1] >= treatment.starts_at + day
    booked = urgent.booked_next(db, patient.id, [clinic, east], EARLY)
    assert booked is not None
    assert booked.id == treatment.id


def test_a_site_where_the_patient_or_the_person_does_not_belong_is_not_searched(
    db: Session, clinic: Clinic, east: Clinic
) -> None:
    patient, shared = a_patient(db, clinic), a_patient(db, clinic, east)
    assert {place for place, _ in starts(look(db, patient, [clinic, east], EARLY))} == {clinic.id}
    assert {place for place, _ in starts(look(db, shared, [clinic], EARLY))} == {clinic.id}


def test_each_missing_paper_names_who_can_act_at_that_site_now_or_first(db: Session, desk: Actor) -> None:
    small = factories.a_clinic(db, nurses=0, providers=0)
    provider, nurse = (factories.a_user(db, small, role) for role in (Role.PROVIDER, Role.NURSE))
    factories.on_shift(db, provider, small, SiteRole.PROVIDER, starts=9 * 60, ends=17 * 60)
    factories.on_shift(db, nurse, small, SiteRole.NURSE)
    patient = a_patient(db, small, papers=False)
    now = EARLY + 4 * HOUR
    assert look(db, patient, [small], now).slots[0].stands.refused
    steps = look(db, patient, [small], now).slots[0].steps
    assert [step.reason for step in steps] == [
        PaperReason.NOT_CLEARED, PaperReason.CONSENT_MISSING, PaperReason.ORDER_MISSING
    ]  # fmt: skip
    clear, consent, order = steps
    assert [step.mends for step in steps] == [
        Permission.DECIDE_CLEARANCE, Permission.RECORD_CONSENT, Permission.WRITE_ORDERS
    ]  # fmt: skip
    assert (clear.hands.now, clear.hands.first, clear.hands.first_at) == ((), provider, now + HOUR)
    assert consent.hands.now == [nurse]
    assert order.hands.first == provider
    later = look(db, patient, [small], now + 2 * HOUR).slots[0].steps
    assert later[0].hands.now == [provider]
    assert later[1].hands.now == sorted([nurse, provider], key=lambda user: user.name)


def test_no_gate_is_skipped_what_cannot_be_booked_is_refused_and_an_evaluation_makes_it_provisional(
    db: Session, clinic: Clinic, east: Clinic, desk: Actor
) -> None:
    patient = a_patient(db, clinic, papers=False)
    found = look(db, patient, [clinic], EARLY)
    with pytest.raises(Exception) as refused:  # noqa: PT011 - the reasons are asked below
        booking.book(db, as_request(patient, found.slots[0]), now=EARLY, by=desk)
    assert PaperReason.NOT_CLEARED in refused.value.reasons  # type: ignore[attr-defined]
    first = found.visits[0]
    assert (first.clinic.id, first.starts_at) == (clinic.id, EARLY + 4 * HOUR)
    wish = visits.VisitRequest(
        clinic_id=clinic.id, patient_id=patient.id, kind=SessionKind.EVALUATION, host_id=first.host.id,
        minutes=first.minutes, starts_at=first.starts_at,
    )  # fmt: skip
    evaluation = visits.book(db, wish, now=EARLY, by=desk)
    after = look(db, patient, [clinic], EARLY).slots[0]
    assert not after.stands.refused
    assert after.time.span.starts_at >= evaluation.ends_at
    assert after.steps[0].reason is PaperReason.NOT_CLEARED
    booking.book(db, as_request(patient, after), now=EARLY, by=desk)


def test_what_may_be_booked_comes_before_what_may_not_which_is_named(db: Session, clinic: Clinic) -> None:
    patient = a_patient(db, clinic, papers=False)
    factories.the_papers(db, patient, key="im")
    found = look(db, patient, [clinic], EARLY, "im", "iv-mood")
    assert {slot.choice.version.key for slot in found.slots} == {"im"}
    assert [(choice.version.key, reason) for choice, reason in found.left_out] == [
        ("iv-mood", PaperReason.NOT_CLEARED)
    ]  # fmt: skip
    assert isinstance(found.left_out[0][0], Choice)
