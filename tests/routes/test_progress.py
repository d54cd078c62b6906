"""How far a series has come stands wherever its patient is named, and costs a page one query."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertKind, AlertTier
from clinic_sessions.domain.messages.messages import MessageKind
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.models import ActorKind, Alert, Chair, Clinic, Message, MoveWish, TreatmentSession
from clinic_sessions.services import alerts
from clinic_sessions.services.actor import SYSTEM, Actor
from clinic_sessions.services.booking import waitlist
from clinic_sessions.services.booking.waitlist import Wish
from clinic_sessions.services.messages import outreach
from tests import factories
from tests.conftest import SignIn
from tests.plans import a_plan
from tests.services.test_query_shapes import reads

WEEK = timedelta(weeks=1)
SO_FAR = "</svg>1 of 6</span>"
LISTS = ("/waitlist", "/waiting/absent", "/messages", "/move-wishes")


def _in_a_series(db: Session, clinic: Clinic, now: datetime, number: int) -> TreatmentSession:
    """Someone who has had one session of six, should be here since an hour, and whom every list names."""
    patient = factories.a_patient(db, clinic)
    plan = a_plan(db, patient, now - 2 * WEEK)
    chair = Chair(
        clinic_id=clinic.id, name=f"Bed {number}", position=9 + number, allows_iv=True, allows_in=True, allows_im=True
    )
    db.add(chair)
    db.flush()
    before = now - WEEK
    factories.a_session(
        db, patient, before, status=Status.LEFT, chair=chair, dose_started_at=before, plan_id=plan.id, place_in_plan=1
    )
    start = now - timedelta(hours=1)
    treatment = factories.a_session(db, patient, start, chair=chair, plan_id=plan.id, place_in_plan=2)
    outreach.align(db, treatment, now=start - WEEK, by=SYSTEM, notice=MessageKind.CONFIRMATION)
    wish = Wish(protocol_version_id=plan.protocol_version_id, plan_id=plan.id)
    lead = Actor(kind=ActorKind.USER, user=plan.provider, role=Role.PROVIDER)
    waitlist.add(db, patient, clinic.id, wish, now=now, by=lead)
    db.add(MoveWish(session_id=treatment.id, schedule_version=treatment.schedule_version, made_at=now))
    alerts.raise_alert(
        db, patient, AlertKind.HELP_WANTED, AlertTier.NOW, "Call me", dedup_key=f"help:{number}", now=now, by=SYSTEM
    )
    return treatment


def test_every_list_tells_how_far_a_series_is_with_one_query_for_all(
    db: Session, clinic: Clinic, now: datetime, signed_in: SignIn
) -> None:
    desk, nurse, counts = signed_in(Role.FRONT_DESK), signed_in(Role.NURSE), list[list[int]]()
    for first, last in ((0, 1), (1, 8)):
        for number in range(first, last):
            _in_a_series(db, clinic, now, number)
        db.commit()
        seen_a_page = []
        for visitor, path in [*((desk, path) for path in LISTS), (nurse, "/alerts")]:
            with reads(db) as seen:
                page = visitor.get(path).text
            assert page.count(SO_FAR) >= last, path
            assert sum("plans.session_count" in one for one in seen) == 1, path
            seen_a_page.append(len(seen))
        counts.append(seen_a_page)
    assert counts[0] == counts[1]


def test_every_page_about_one_visit_or_message_tells_how_far_the_series_is(
    db: Session, clinic: Clinic, now: datetime, signed_in: SignIn
) -> None:
    treatment = _in_a_series(db, clinic, now, 0)
    one, patient = f"/sessions/{treatment.id}", treatment.patient_id
    told = db.scalars(sa.select(Message.id).where(Message.kind == MessageKind.CONFIRMATION)).one()
    raised = db.scalars(sa.select(Alert.id)).one()
    desk = signed_in(Role.FRONT_DESK)
    pages = [f"{one}/move", f"{one}/cancel", f"{one}/did-not-come", f"{one}/confirm", f"/messages/{told}"]
    pages += [f"/visits/new?patient={patient}", f"/waitlist/new?patient={patient}", f"/patients/{patient}"]
    for path in pages:
        assert SO_FAR in desk.get(path).text, path
    assert SO_FAR in signed_in(Role.NURSE).get(f"/alerts/{raised}").text

    form = {"version": str(treatment.version), "patient": str(patient), "reasons": "no_ride", "tell": "y"}
    assert SO_FAR in desk.get(desk.post(f"{one}/cancel", data=form).location).text


def test_who_may_not_look_at_patients_sees_no_progress(
    db: Session, clinic: Clinic, now: datetime, signed_in: SignIn
) -> None:
    _in_a_series(db, clinic, now, 0)
    db.commit()
    page = signed_in(Role.AUDITOR).get("/messages").text
    assert "Ana Ruiz" in page
    assert "of 6" not in page


def test_what_a_message_says_never_carries_the_progress(
    db: Session, clinic: Clinic, now: datetime, signed_in: SignIn
) -> None:
    _in_a_series(db, clinic, now, 0)
    db.commit()
    told = db.scalars(sa.select(Message.id).where(Message.kind == MessageKind.CONFIRMATION)).one()
    said = signed_in(Role.FRONT_DESK).get(f"/messages/{told}").text.split("What it would say now", 1)[1]
    assert "Ana" in said or "Hello" in said
    assert "of 6" not in said
