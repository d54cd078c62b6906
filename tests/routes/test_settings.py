"""Several sites: where a person works now, and the owner's settings of each."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertKind, AlertTier
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.models import AuditEntry, Clinic, Closure, LinkPurpose, Shift, User, UserRole
from clinic_sessions.services import alerts
from clinic_sessions.services.actor import SYSTEM
from clinic_sessions.services.today import today
from clinic_sessions.services.today.today import Work
from tests import by_link, factories
from tests.conftest import SignIn, Visitor

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
THURSDAY = datetime(2026, 11, 26, 18, 0, tzinfo=UTC)
"""Ten o'clock in Los Angeles."""


@pytest.fixture
def second(db: Session, clinic: Clinic) -> Clinic:
    """Another site, an hour ahead of Los Angeles in winter."""
    return factories.a_clinic(db, "America/Phoenix", name="Desert Ridge")


@pytest.fixture
def owner(db: Session, clinic: Clinic, second: Clinic, signed_in: SignIn) -> Visitor:
    """The owner of both sites."""
    user = factories.a_user(db, clinic, Role.OWNER)
    user.clinics.append(second)
    return signed_in(user=user)


def week(version: int, **given: str) -> dict[str, Any]:
    """Hours as typed: weekdays from 8 to 6, but for the days given."""
    hours = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "8:00 am - 6:00 pm")
    return {"version": version, **hours, **given}


def test_every_page_of_the_settings_opens(owner: Visitor, second: Clinic, db: Session) -> None:
    chair = second.chairs[0].id
    paths = ("", "/hours", "/chairs", f"/chairs/{chair}", "/closures")
    for path in (
        "/settings",
        "/settings/people",
        "/settings/sites/new",
        *(f"/settings/sites/{second.id}{p}" for p in paths),
    ):
        answer = owner.get(path)
        assert (answer.status_code, path) == (200, path)
        assert "<h1>" in answer.text


def changes_of(db: Session, entity: str) -> list[dict[str, Any]]:
    """What the audit says was changed, oldest first."""
    db.rollback()
    query = sa.select(AuditEntry.changes).where(AuditEntry.entity == entity).order_by(AuditEntry.id)
    return [dict(one) for one in db.scalars(query)]


def closed_over(db: Session, site: Clinic) -> list[str]:
    """Who is booked while the site, or their chair, is closed."""
    db.rollback()
    return [line.name for line in today.lines(db, site, Work.CLOSED, NOW)]


def test_a_person_of_two_sites_works_at_the_one_they_choose(
    db: Session, clinic: Clinic, second: Clinic, owner: Visitor, signed_in: SignIn
) -> None:
    factories.a_session(db, factories.a_patient(db, second, "Bo Lee"), THURSDAY)
    db.commit()
    path = f"/schedule?date={THURSDAY.date()}"
    assert "Lee" not in owner.get(path).text
    answer = owner.post("/site", data={"clinic": second.id, "next": path})
    assert (answer.status_code, answer.location) == (303, path)
    assert "Lee" in owner.get(path).text
    assert owner.post("/site", data={"clinic": 999}).status_code == 404
    db.rollback()
    assert signed_in(Role.NURSE).post("/site", data={"clinic": second.id}).status_code == 404
    assert 'action="/site"' not in signed_in(Role.NURSE).get("/").text


def test_nobody_is_registered_at_a_site_that_was_left_in_another_tab(
    db: Session, clinic: Clinic, second: Clinic, signed_in: SignIn
) -> None:
    desk = factories.a_user(db, clinic, Role.FRONT_DESK)
    desk.clinics.append(second)
    visitor = signed_in(user=desk)
    typed = {
        "name": "Bo Lee", "birth_date": "4/12/1985", "phone": "(310) 555-0123", "language": "en",
        "site": str(clinic.id), "form_key": "a-form-key-of-this-test",
    }  # fmt: skip
    visitor.post("/site", data={"clinic": second.id})
    left = visitor.post("/patients/new", data=typed)
    assert (left.status_code, "You work at Desert Ridge now" in left.text) == (409, True)
    assert visitor.post("/patients/new", data={**typed, "site": str(second.id)}).status_code == 303


def test_a_picture_of_one_site_is_never_renewed_with_another(owner: Visitor, clinic: Clinic, second: Clinic) -> None:
    there = {"X-Poll": "1", "X-Site": str(clinic.id)}
    assert owner.get("/schedule", headers=there).status_code == 200
    owner.post("/site", data={"clinic": second.id})
    assert owner.get("/schedule", headers=there).status_code == 409


def test_a_session_elsewhere_shows_its_own_clock_and_says_where(db: Session, second: Clinic, owner: Visitor) -> None:
    treatment = factories.a_session(db, factories.a_patient(db, second), THURSDAY)
    db.commit()
    page = owner.get(f"/sessions/{treatment.id}").text
    assert "11:00 am" in page
    assert "This is at Desert Ridge." in page
    assert "11:00 am" in owner.get(f"/patients/{treatment.patient_id}").text


def test_what_is_of_another_site_is_not_there(db: Session, clinic: Clinic, second: Clinic, signed_in: SignIn) -> None:
    treatment = factories.a_session(db, factories.a_patient(db, second), THURSDAY)
    nurse, owner_here = signed_in(Role.NURSE), signed_in(Role.OWNER)
    patient = f"/patients/{treatment.patient_id}"
    for path in (patient, f"{patient}/contact", f"/sessions/{treatment.id}"):
        assert nurse.get(path).status_code == 404
    assert nurse.post(f"{patient}/clinics", data={"clinic": clinic.id}).status_code == 404
    for path in ("", "/hours", "/chairs", f"/chairs/{second.chairs[0].id}", "/closures"):
        assert owner_here.get(f"/settings/sites/{second.id}{path}").status_code == 404
    assert owner_here.get(f"/settings/sites/{clinic.id}/chairs/{second.chairs[0].id}").status_code == 404


def test_a_patient_treated_at_two_sites_is_found_from_both(
    db: Session, clinic: Clinic, second: Clinic, signed_in: SignIn
) -> None:
    patient = factories.a_patient(db, clinic, "Ana Ruiz")
    both = factories.a_user(db, clinic, Role.FRONT_DESK)
    both.clinics.append(second)
    desk, there = signed_in(user=both), signed_in(Role.FRONT_DESK, at=second)
    assert "Ana Ruiz" not in there.get("/patients?q=ruiz").text
    answer = desk.post(f"/patients/{patient.id}/clinics", data={"clinic": second.id})
    assert answer.status_code == 303
    db.rollback()
    for visitor in (desk, there, signed_in(Role.FRONT_DESK)):
        assert "Ana Ruiz" in visitor.get("/patients?q=ruiz").text
        assert visitor.get(f"/patients/{patient.id}").status_code == 200
    db.rollback()
    booked = factories.a_session(db, patient, THURSDAY)
    booked.clinic_id, booked.chair_id = second.id, second.chairs[0].id
    db.commit()
    page = signed_in(Role.FRONT_DESK).get(f"/patients/{patient.id}").text
    assert "11:00 am" in page
    assert f"/sessions/{booked.id}" not in page
    refused = desk.post(f"/patients/{patient.id}/clinics/remove", data={"clinic": second.id})
    assert (refused.status_code, "Sessions are booked there" in refused.text) == (409, True)
    db.rollback()
    booked.status = Status.CANCELLED
    db.commit()
    assert desk.post(f"/patients/{patient.id}/clinics/remove", data={"clinic": second.id}).status_code == 303
    assert there.get(f"/patients/{patient.id}").status_code == 404


def test_a_patients_link_names_the_site_of_the_visit(app: Flask, db: Session, clinic: Clinic, now: datetime) -> None:
    there = factories.a_clinic(db, "America/Phoenix", name_in_messages="Desert Ridge", phone="+16025550142")
    patient = factories.a_patient(db, clinic)
    patient.other_clinics.append(there)
    visit = factories.a_session(db, patient, THURSDAY)
    visit.clinic_id, visit.chair_id = there.id, there.chairs[0].id
    phone = by_link.opened(
        app, LinkPurpose.APPOINTMENT, by_link.a_token(db, LinkPurpose.APPOINTMENT, visit.id, patient, now)
    )
    page = phone.get("/a").text
    assert "Desert Ridge" in page
    assert "(602) 555-0142" in page
    assert "11:00" in page
    assert clinic.name_in_messages not in page


def test_an_alert_about_a_shared_patient_is_seen_at_both_sites(
    db: Session, clinic: Clinic, second: Clinic, signed_in: SignIn, now: datetime
) -> None:
    patient = factories.a_patient(db, clinic)
    patient.other_clinics.append(second)
    alert = alerts.raise_alert(
        db, patient, AlertKind.HELP_WANTED, AlertTier.NOW, "help", dedup_key="one", now=now, by=SYSTEM
    )
    there, elsewhere = signed_in(Role.NURSE, at=second), signed_in(Role.NURSE, at=factories.a_clinic(db))
    assert "1 safety alert waits" in there.get("/").text
    assert there.get(f"/alerts/{alert.id}").status_code == 200
    assert "safety alert waits" not in elsewhere.get("/").text
    assert elsewhere.get(f"/alerts/{alert.id}").status_code == 404


def test_shorter_hours_show_whom_they_hit_and_keep_only_those_shown(
    db: Session, clinic: Clinic, owner: Visitor
) -> None:
    path = f"/settings/sites/{clinic.id}/hours"
    treatment = factories.a_session(db, factories.a_patient(db, clinic, "Bo Lee"), THURSDAY)
    db.commit()
    asked = owner.post(path, data=week(clinic.version, thu=""))
    assert (asked.status_code, "Bo Lee" in asked.text) == (409, True)
    for act in ("move", "cancel"):
        assert f"/sessions/{treatment.id}/{act}" in asked.text
    assert changes_of(db, "clinic") == []
    key = re.search(r'name="kept" value="(\w+)"', asked.text)
    assert key is not None
    factories.a_session(db, factories.a_patient(db, clinic, "Late Comer"), THURSDAY, chair=clinic.chairs[1])
    db.commit()
    more = owner.post(path, data=week(clinic.version, thu="", kept=key[1]))
    assert (more.status_code, "Late Comer" in more.text) == (409, True)
    key = re.search(r'name="kept" value="(\w+)"', more.text)
    assert key is not None
    assert owner.post(path, data=week(clinic.version, thu="", kept=key[1])).status_code == 303
    [pair] = [one["opening_hours"] for one in changes_of(db, "clinic")]
    assert ("thu 8:00 am" in pair[0], "thu" in pair[1]) == (True, False)
    assert closed_over(db, clinic) == ["Bo Lee", "Late Comer"]
    assert "booked while closed" in owner.get("/").text
    waiting = owner.get("/waiting/closed").text
    assert f"/sessions/{treatment.id}/move" in waiting


def test_a_closure_of_a_chair_hits_that_chair_and_can_be_taken_back(
    db: Session, clinic: Clinic, owner: Visitor
) -> None:
    path = f"/settings/sites/{clinic.id}/closures"
    hit = factories.a_session(db, factories.a_patient(db, clinic, "Bo Lee"), THURSDAY)
    factories.a_session(db, factories.a_patient(db, clinic, "Cy Fox"), THURSDAY, chair=clinic.chairs[1])
    db.commit()
    typed = {"version": clinic.version, "reason": "Pump", "first_day": "11/26/2026", "place": str(hit.chair_id)}
    beside = owner.post(path, data={**typed, "starts": "2:00 pm", "ends": "5:00 pm"})
    assert beside.status_code == 303
    db.rollback()
    asked = owner.post(path, data={**typed, "version": clinic.version})
    assert (asked.status_code, "Bo Lee" in asked.text, "Cy Fox" in asked.text) == (409, True, False)
    key = re.search(r'name="kept" value="(\w+)"', asked.text)
    assert key is not None
    assert owner.post(path, data={**typed, "version": clinic.version, "kept": key[1]}).status_code == 303
    assert closed_over(db, clinic) == ["Bo Lee"]
    closure = db.scalars(sa.select(Closure).order_by(Closure.id.desc())).first()
    assert closure is not None
    assert closure.ends_at - closure.starts_at == timedelta(hours=24)
    db.rollback()
    assert owner.post(f"{path}/{closure.id}/remove", data={"version": clinic.version}).status_code == 303
    assert closed_over(db, clinic) == []
    assert "Removed" in owner.get(path).text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"first_day": "3/14/2027", "starts": "2:30 am", "ends": "5:00 am"}, "The clocks go forward over this time"),
        ({"first_day": "11/7/2027", "starts": "12:30 am", "ends": "1:30 am"}, "this time comes twice"),
        ({"first_day": "11/26/2026", "starts": "5:00 pm", "ends": "4:00 pm"}, "This is not after the beginning"),
        ({"first_day": "11/20/2026"}, "This is over already"),
        ({"first_day": "11/20/9999"}, "within the next three years"),
        ({"first_day": "soon"}, "Enter a date that exists"),
    ],
)
def test_a_closure_at_no_time_says_so_beside_the_field(
    db: Session, clinic: Clinic, owner: Visitor, typed: dict[str, str], said: str
) -> None:
    answer = owner.post(f"/settings/sites/{clinic.id}/closures", data={"version": 1, "reason": "Repair", **typed})
    assert (answer.status_code, said in answer.text) == (422, True)
    assert db.scalar(sa.select(sa.func.count()).select_from(Closure)) == 0


def test_a_chair_out_of_use_or_stripped_names_its_sessions(db: Session, clinic: Clinic, owner: Visitor) -> None:
    chair = clinic.chairs[0]
    path = f"/settings/sites/{clinic.id}/chairs/{chair.id}"
    factories.a_session(db, factories.a_patient(db, clinic, "Bo Lee"), THURSDAY)
    db.commit()
    same = {"version": clinic.version, "name": "Chair 1", "in_use": "y"}
    stripped = owner.post(path, data={**same, "routes": ["in", "im"]})
    assert (stripped.status_code, "Bo Lee" in stripped.text) == (409, True)
    renamed = owner.post(path, data={**same, "name": "Window", "routes": ["iv"]})
    assert renamed.status_code == 303
    db.rollback()
    out = {"version": clinic.version, "name": "Window", "routes": ["iv"]}
    asked = owner.post(path, data=out)
    key = re.search(r'name="kept" value="(\w+)"', asked.text)
    assert key is not None
    assert owner.post(path, data={**out, "kept": key[1]}).status_code == 303
    db.rollback()
    assert (chair.name, chair.in_use) == ("Window", False)
    assert closed_over(db, clinic) == ["Bo Lee"]
    assert changes_of(db, "chair")[-1] == {"in_use": [True, False]}
    taken = owner.post(f"/settings/sites/{clinic.id}/chairs", data={"version": clinic.version, "name": "Window"})
    assert (taken.status_code, "There is a chair of this name" in taken.text) == (409, True)


def test_of_two_owners_at_once_the_second_is_told_and_keeps_what_they_typed(
    db: Session, clinic: Clinic, owner: Visitor
) -> None:
    seen = clinic.version
    path = f"/settings/sites/{clinic.id}/chairs"
    assert owner.post(path, data={"version": seen, "name": "Chair 4", "routes": ["iv"]}).status_code == 303
    for late in (f"{path}/{clinic.chairs[2].id}/up", f"/settings/sites/{clinic.id}/hours"):
        answer = owner.post(late, data=week(seen, sat="9:00 am - 1:00 pm"))
        assert (answer.status_code, "Someone else changed this site" in answer.text) == (409, True)
    assert "9:00 am - 1:00 pm" in answer.text
    db.rollback()
    assert f'name="version" type="hidden" value="{clinic.version}"' in answer.text
    up = owner.post(f"{path}/{clinic.chairs[3].id}/up", data={"version": clinic.version})
    assert up.status_code == 303
    db.rollback()
    assert [chair.name for chair in clinic.chairs] == ["Chair 1", "Chair 2", "Chair 4", "Chair 3"]


def test_a_site_is_changed_and_its_zone_only_while_nothing_is_booked_ahead(
    db: Session, clinic: Clinic, owner: Visitor
) -> None:
    path = f"/settings/sites/{clinic.id}"
    typed = {
        "name": "Harbor", "name_in_messages": "Harbor", "zone_name": "America/Denver", "phone": "(310) 555-0199",
        "address": "1 Pier", "quiet_from": "8:30 pm", "quiet_until": "7:00 am", "propose_absence_minutes": "30",
        "late_cancel_hours": "48", "version": clinic.version,
    }  # fmt: skip
    treatment = factories.a_session(db, factories.a_patient(db, clinic), THURSDAY)
    db.commit()
    refused = owner.post(path, data=typed)
    assert (refused.status_code, "with another zone they would all be at another hour" in refused.text) == (409, True)
    assert owner.post(path, data={**typed, "zone_name": "Mars/Base"}).status_code == 422
    assert owner.post(path, data={**typed, "quiet_until": "1:00 pm"}).status_code == 422
    treatment.status = Status.CANCELLED
    db.commit()
    assert owner.post(path, data=typed).status_code == 303
    [changes] = changes_of(db, "clinic")
    db.rollback()
    assert changes["zone_name"] == ["America/Los_Angeles", "America/Denver"]
    assert (clinic.quiet_from_minute, clinic.phone, clinic.late_cancel_hours) == (1230, "+13105550199", 48)


def test_a_new_site_belongs_to_whoever_adds_it(db: Session, owner: Visitor, second: Clinic) -> None:
    typed = {
        "name": "Third", "name_in_messages": "Third", "zone_name": "America/Chicago", "phone": "(310) 555-0199",
        "address": "1 Lake",
    }  # fmt: skip
    answer = owner.post("/settings/sites/new", data=typed)
    assert answer.status_code == 303
    assert owner.get(answer.location).status_code == 200
    again = owner.post("/settings/sites/new", data=typed)
    assert (again.status_code, "There is a clinic of this name already" in again.text) == (409, True)


def test_access_to_a_site_ends_at_the_next_request_and_never_the_last_one(
    db: Session, clinic: Clinic, second: Clinic, owner: Visitor, signed_in: SignIn
) -> None:
    nurse = factories.a_user(db, clinic, Role.NURSE)
    nurse.clinics.append(second)
    visitor = signed_in(user=nurse)
    patient = factories.a_patient(db, second)
    db.commit()
    visitor.post("/site", data={"clinic": second.id})
    assert visitor.get(f"/patients/{patient.id}").status_code == 200
    path, version = f"/settings/people/{nurse.id}", nurse.version
    none = owner.post(path, data={"version": version})
    assert (none.status_code, "one site at least" in none.text) == (409, True)
    assert owner.post(path, data={"version": version, "sites": [clinic.id]}).status_code == 303
    assert visitor.get(f"/patients/{patient.id}").status_code == 404
    assert visitor.get("/").status_code == 200
    assert changes_of(db, "user")[-1] == {"clinics": [f"{clinic.name}, Desert Ridge", clinic.name]}
    late = owner.post(path, data={"version": version, "sites": [clinic.id, second.id]})
    assert (late.status_code, "Someone else changed this person" in late.text) == (409, True)
    db.rollback()
    stranger = factories.a_user(db, factories.a_clinic(db), Role.NURSE)
    db.commit()
    assert owner.post(f"/settings/people/{stranger.id}", data={"version": 1}).status_code == 404


def test_nobody_is_taken_from_a_site_that_counts_on_them(
    db: Session, clinic: Clinic, second: Clinic, owner: Visitor
) -> None:
    nurse = factories.a_user(db, clinic, Role.NURSE)
    nurse.clinics.append(second)
    db.add(
        Shift(
            clinic_id=second.id, user_id=nurse.id, role=SiteRole.NURSE, weekday=0,
            starts_minute=480, ends_minute=960, first_day=NOW.date(),
        )
    )  # fmt: skip
    db.commit()
    answer = owner.post(f"/settings/people/{nurse.id}", data={"version": nurse.version, "sites": [clinic.id]})
    assert (answer.status_code, "They have shifts at that site" in answer.text) == (409, True)
    me = db.scalars(sa.select(User).join(UserRole).where(UserRole.role == Role.OWNER)).one()
    last = owner.post(f"/settings/people/{me.id}", data={"version": me.version, "sites": [clinic.id]})
    assert (last.status_code, "Give it another owner first" in last.text) == (409, True)
