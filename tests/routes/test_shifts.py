"""The pages on which the owner says who works when."""

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.extensions import db as extension
from clinic_sessions.models import BookingOverride, Clinic, Shift, ShiftException, User
from tests import factories
from tests.conftest import SignIn

TUESDAY_TEN = datetime(2026, 11, 24, 18, tzinfo=UTC)


@pytest.fixture
def clinic(db: Session) -> Clinic:
    """A clinic with nobody on shift."""
    made = factories.a_clinic(db, nurses=0, providers=0)
    db.commit()
    return made


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> User:
    """Its one nurse."""
    return factories.a_user(db, clinic, Role.NURSE, name="Dana Lee")


def _add(nurse: User, **given: Any) -> dict[str, Any]:
    typed = {"person": nurse.id, "role": "nurse", "weekdays": ["0", "1"], "starts": "8 am", "ends": "4:30 pm",
             "break_from": "12 pm", "break_to": "12:30 pm", "first_day": "11/23/2026"}  # fmt: skip
    return {**typed, **given}


def test_an_owner_adds_a_shift_and_everyone_sees_who_is_here(
    db: Session, clinic: Clinic, nurse: User, signed_in: SignIn
) -> None:
    owner = signed_in(Role.OWNER)
    pages = f"/settings/sites/{clinic.id}/shifts"
    assert b"Monday" in owner.get(f"{pages}/new?person={nurse.id}").data
    answer = owner.post(f"{pages}/new", data=_add(nurse))
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{pages}?week=2026-11-23")
    assert owner.post(f"{pages}/new", data=_add(nurse)).status_code == 409
    week = owner.get(f"{pages}?week=2026-11-25").get_data(as_text=True)
    assert week.count("8:00 am \u2013 4:30 pm") == week.count("12:00 \u2013 12:30 pm") == 2
    db.rollback()
    desk = signed_in(Role.FRONT_DESK)
    assert "12:30 \u2013 4:30 pm<" in desk.get("/shifts").get_data(as_text=True)
    assert "Nobody is on shift" in desk.get("/shifts?date=2026-11-25").get_data(as_text=True)


def test_what_cannot_be_read_is_said_and_what_was_typed_stays(
    db: Session, clinic: Clinic, nurse: User, signed_in: SignIn
) -> None:
    answer = signed_in(Role.OWNER).post(f"/settings/sites/{clinic.id}/shifts/new", data=_add(nurse, ends="7 am"))
    said = answer.get_data(as_text=True)
    assert (answer.status_code, "Enter an end that comes after the start." in said) == (422, True)
    assert 'value="8 am"' in said
    assert db.scalar(sa.select(sa.func.count(Shift.id))) == 0


def test_a_change_that_leaves_sessions_short_lists_them_and_a_reason_lets_them_stand(
    db: Session, clinic: Clinic, nurse: User, signed_in: SignIn
) -> None:
    factories.on_shift(db, nurse, clinic, SiteRole.NURSE)
    treatment = factories.a_session(db, factories.a_patient(db, clinic), TUESDAY_TEN)
    owner = signed_in(Role.OWNER)
    tuesday = db.scalars(sa.select(Shift.id).where(Shift.weekday == 1)).one()
    page = f"/settings/sites/{clinic.id}/shifts/{tuesday}"
    assert "All day" in owner.get(f"{page}?day=2026-11-24").get_data(as_text=True)
    typed = {"shifts": str(tuesday), "first_day": "11/24/2026", "starts": "8 am", "ends": "10:30 am", "act": "change"}
    refused = owner.post(page, data=typed)
    said = refused.get_data(as_text=True)
    assert refused.status_code == 409
    assert "Short of 0.5 of a nurse from 10:30 am" in said
    assert f'href="/sessions/{treatment.id}/move"' in said
    assert f'name="kept" type="hidden" value="{treatment.id}"' in said
    assert 'value="10:30 am"' in said
    kept = owner.post(page, data={**typed, "kept": str(treatment.id), "keeping": "Dr. Chen steps in"})
    assert kept.status_code == 303
    db.rollback()
    assert db.scalars(sa.select(BookingOverride.words)).one() == "Dr. Chen steps in"
    assert owner.post(page, data={**typed, "ends": "7 am"}).status_code == 422
    gone = {**typed, "act": "end", "starts": "", "ends": ""}
    assert owner.post(page, data={**gone, "first_day": "11/25/2026"}).status_code == 409, "the change has ended it"
    wednesday = db.scalars(sa.select(Shift.id).where(Shift.weekday == 2)).one()
    ending = {**gone, "shifts": str(wednesday), "first_day": "11/25/2026"}
    db.rollback()
    assert owner.post(f"/settings/sites/{clinic.id}/shifts/{wednesday}", data=ending).status_code == 303


def test_leave_and_extra_hours_are_noted_and_taken_back(
    db: Session, clinic: Clinic, nurse: User, signed_in: SignIn
) -> None:
    owner = signed_in(Role.OWNER)
    pages = f"/settings/sites/{clinic.id}/shifts"
    for path in ("new", "leave", "extra"):
        assert owner.get(f"{pages}/{path}?person=x&day=x").status_code == 200
        assert b"Dana Lee" in owner.get(f"{pages}/{path}?person={nurse.id}&day=2026-11-24").data
    leave = {"person": nurse.id, "first_day": "11/24/2026", "last_day": "11/25/2026", "words": "Course"}
    assert owner.post(f"{pages}/leave", data={**leave, "starts": "9 am"}).status_code == 422
    assert owner.post(f"{pages}/leave", data=leave).status_code == 303
    assert owner.post(f"{pages}/leave", data=leave).status_code == 409
    extra = {"person": nurse.id, "role": "nurse", "day": "11/24/2026", "starts": "9 am", "ends": "12 am"}
    assert owner.post(f"{pages}/extra", data={**extra, "ends": "9 am"}).status_code == 422
    assert owner.post(f"{pages}/extra", data={**extra, "role": "provider"}).status_code == 409
    assert owner.post(f"{pages}/extra", data=extra).status_code == 303
    week = owner.get(pages).get_data(as_text=True)
    assert ("Course" in week, "9:00 am \u2013 midnight" in week) == (True, True)
    for row_id in db.scalars(sa.select(ShiftException.id)).all():
        db.rollback()
        assert b"Take back" in owner.get(f"{pages}/days/{row_id}/remove").data
        assert owner.post(f"{pages}/days/{row_id}/remove", data={"keeping": "x" * 301}).status_code == 422
        assert owner.post(f"{pages}/days/{row_id}/remove").status_code == 303
    assert db.scalars(sa.select(ShiftException).where(ShiftException.removed_at.is_(None))).all() == []


def test_leave_shows_what_it_hits_is_saved_with_one_more_click_and_leads_to_the_list_to_call_from(
    db: Session, clinic: Clinic, nurse: User, signed_in: SignIn
) -> None:
    provider = factories.a_user(db, clinic, Role.PROVIDER, name="Iris Chen")
    for user, role in ((nurse, SiteRole.NURSE), (provider, SiteRole.PROVIDER)):
        factories.on_shift(db, user, clinic, role)
    patient = factories.a_patient(db, clinic, "Bo Ruiz", language=Language.ES)
    treatment = factories.a_session(db, patient, TUESDAY_TEN, protocol=factories.a_protocol(db, "in-esketamine"))
    owner, page = signed_in(Role.OWNER), f"/settings/sites/{clinic.id}/shifts/leave"
    typed = {"person": provider.id, "first_day": "11/24/2026"}
    asked = owner.post(page, data=typed)
    said = asked.get_data(as_text=True)
    assert (asked.status_code, "They are away: save, and list this session" in said) == (409, True)
    assert f'name="kept" type="hidden" value="{treatment.id}"' in said
    assert "No provider on site from" in said
    assert "Why these sessions" not in said, "no word lifts a role"
    saved = owner.post(page, data={**typed, "kept": str(treatment.id)})
    assert (saved.status_code, saved.headers["Location"]) == (303, f"{page}#open-title")
    for path in (page, "/waiting/uncovered"):
        shown = owner.get(path).get_data(as_text=True)
        parts = (
            "Bo Ruiz",
            "Spanish",
            "No provider on site from",
            f"{treatment.id}/move",
            "role=provider",
            patient.phone,
        )
        assert [part for part in parts if part not in shown] == []
    extra = owner.get(f"/settings/sites/{clinic.id}/shifts/extra?day=2026-11-24&role=provider&starts=600&ends=780").text
    assert ('value="10:00 am"' in extra, 'value="1:00 pm"' in extra) == (True, True)
    db.rollback()
    shown = signed_in(Role.FRONT_DESK).get("/waiting/uncovered").text
    assert ("Bo Ruiz" in shown, "role=provider" in shown) == (True, False)


def test_nobody_else_sees_or_changes_the_shifts_of_a_site(
    db: Session, clinic: Clinic, nurse: User, signed_in: SignIn
) -> None:
    pages = f"/settings/sites/{clinic.id}/shifts"
    assert signed_in(Role.NURSE).get(pages).status_code == 403
    db.rollback()
    other = factories.a_clinic(db)
    assert signed_in(Role.OWNER, at=other).get(pages).status_code == 404
    db.rollback()
    assert signed_in(Role.OWNER).post(f"{pages}/999", data={}).status_code == 404


@pytest.mark.parametrize(("count", "page"), [(2, "week"), (12, "week"), (12, "day")])
def test_the_pages_ask_at_most_sixteen_queries_however_many_people_there_are(
    app: Flask, db: Session, clinic: Clinic, signed_in: SignIn, count: int, page: str
) -> None:
    for n in range(count):
        person = factories.a_user(db, clinic, Role.NURSE, name=f"Nurse {n:02d}")
        factories.on_shift(db, person, clinic, SiteRole.NURSE)
    factories.a_session(db, factories.a_patient(db, clinic), TUESDAY_TEN)
    owner, path = signed_in(Role.OWNER), f"/settings/sites/{clinic.id}/shifts" if page == "week" else "/shifts"
    said: list[str] = []
    with app.app_context():
        engine = extension.engine
    sa.event.listen(engine, "before_cursor_execute", listen := lambda *args: said.append(str(args[2])))
    shown = owner.get(path).get_data(as_text=True)
    sa.event.remove(engine, "before_cursor_execute", listen)
    assert shown.count("Nurse 0") >= min(count, 10)
    assert len(said) <= 16, "\n".join(said)
