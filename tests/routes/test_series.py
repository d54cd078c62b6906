"""Plans and series over HTTP: the form of a pattern, the preview of every date, and saving all or none."""

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.models import Clinic, Patient, Plan, TreatmentSession, User
from clinic_sessions.services import form_keys
from tests import factories
from tests.conftest import SignIn, Visitor

WISH = "weekdays=1&weekdays=3&wall=10:00+am&start=12/1/2026&count=6"


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    return factories.a_patient(db, clinic)


@pytest.fixture
def lead(db: Session, clinic: Clinic) -> User:
    return factories.a_user(db, clinic, Role.PROVIDER, name="Dr. Lind")


def sent(page: str) -> dict[str, Any]:
    """Everything that the form of a page would post: hidden fields and what is checked."""
    form = page[page.rindex('<form method="post"', 0, page.rindex('class="button button-primary')) :]
    fields: dict[str, Any] = {}
    for tag in re.findall(r"<input [^>]+>", form[: form.index("</form>")]):
        told = dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))
        if told["type"] == "hidden" or tag.rstrip(">").endswith("checked"):
            fields.setdefault(told["name"], []).append(unescape(told.get("value", "")))
    return fields


def start(visitor: Visitor, patient: Patient, lead: User, **given: str) -> Any:
    rows = {
        "phases-0-sessions": "6", "phases-0-every": "3", "phases-0-unit": "weeks", "phases-0-count": "6",
        "phases-1-sessions": "1", "phases-1-every": "4", "phases-1-unit": "weeks",
    }  # fmt: skip
    page = visitor.get(f"/patients/{patient.id}/plans/new").text
    data = {**sent(page), **rows, "condition": "ptsd", "provider": str(lead.id), **given}
    return visitor.post(f"/patients/{patient.id}/plans/new", data=data)


@pytest.fixture
def plan(db: Session, patient: Patient, lead: User, signed_in: SignIn) -> Plan:
    answer = start(signed_in(user=lead), patient, lead)
    assert answer.status_code == 303, answer.text
    db.rollback()
    return db.scalars(sa.select(Plan)).one()


def sessions(db: Session) -> list[TreatmentSession]:
    db.rollback()
    return list(db.scalars(sa.select(TreatmentSession).order_by(TreatmentSession.starts_at)))


def test_a_plan_is_one_form_filled_from_the_protocol_or_from_words(
    db: Session, patient: Patient, lead: User, signed_in: SignIn
) -> None:
    provider = signed_in(user=lead)
    asked = {"pattern": "3 times weekly for 2 weeks, then every 10 days"}
    page = provider.get(f"/patients/{patient.id}/plans/new", query_string=asked).text
    assert re.findall(r'name="phases-[01]-every" [^>]*value="(\d+)"', page) == ["1", "10"]
    assert "Could not read: often" in provider.get(f"/patients/{patient.id}/plans/new?pattern=often").text
    answer = start(provider, patient, lead)
    shown = provider.get(answer.location).text
    assert "6 over 3 weeks, then every 4 weeks" in shown
    assert re.findall(r"Day (\d+) of the series", shown) == ["1", "4", "8", "11", "15", "18"]
    assert "<title>Plan ·" in shown
    page = provider.get(f"{answer.location}/pattern").text
    again = provider.post(
        f"{answer.location}/pattern", data={**sent(page), "phases-0-sessions": "4", "phases-0-every": "",
        "phases-0-count": "4", "provider": str(lead.id)},
    )  # fmt: skip
    assert (again.status_code, "Say how many sessions" in again.text) == (422, True)
    more = {"phases-0-sessions": "4", "phases-0-every": "2", "phases-0-unit": "weeks", "phases-0-count": "4"}
    wanted = {**sent(page), **more, "words": "Fewer.", "provider": str(lead.id)}
    saved = provider.post(f"{answer.location}/pattern", data=wanted)
    assert saved.status_code == 303
    assert "4 over 2 weeks" in provider.get(answer.location).text


def test_only_providers_start_and_change_plans(patient: Patient, lead: User, plan: Plan, signed_in: SignIn) -> None:
    desk = signed_in(Role.FRONT_DESK)
    assert desk.get(f"/patients/{patient.id}/plans/new").status_code == 403
    assert desk.get(f"/plans/{plan.id}/pattern").status_code == 403
    page = desk.get(f"/plans/{plan.id}").text
    assert "Book the series" in page
    assert "Post-traumatic" not in page


def test_the_preview_of_every_date_is_saved_as_it_stands_and_once(db: Session, plan: Plan, signed_in: SignIn) -> None:
    desk = signed_in(Role.FRONT_DESK)
    page = desk.get(f"/plans/{plan.id}/series?{WISH}").text
    assert page.count("As wished") == 6
    form = sent(page)
    answers = [desk.post(f"/plans/{plan.id}/series?{WISH}", data=form) for _ in range(2)]
    assert {(answer.status_code, answer.location) for answer in answers} == {(303, f"/plans/{plan.id}")}
    assert [one.place_in_plan for one in sessions(db)] == [1, 2, 3, 4, 5, 6]
    shown = desk.get(f"/plans/{plan.id}").text
    assert shown.count("Tue Dec") == 3
    assert shown.count("Thu Dec") == 3


def test_a_date_taken_meanwhile_saves_nothing_and_keeps_everything_that_was_chosen(
    db: Session, clinic: Clinic, plan: Plan, signed_in: SignIn
) -> None:
    desk = signed_in(Role.FRONT_DESK)
    form = sent(desk.get(f"/plans/{plan.id}/series?{WISH}").text)
    at = datetime(2026, 12, 3, 18, tzinfo=UTC)
    db.rollback()
    for chair in clinic.chairs[:2]:
        factories.a_session(db, factories.a_patient(db, clinic, f"Bo {chair.id}"), at, chair=chair)
    db.commit()
    form["drop-6"] = ["y"]
    answer = desk.post(f"/plans/{plan.id}/series?{WISH}", data=form)
    assert answer.status_code == 409
    assert "Nothing is saved yet" in answer.text
    assert "The chair is taken at that time." in answer.text
    again = sent(answer.text)
    assert again["drop-6"] == ["y"]
    assert {key: value for key, value in again.items() if key.startswith("slot-")} == {
        key: value for key, value in form.items() if key.startswith("slot-")
    }
    assert len(sessions(db)) == 2
    other = re.search(r'name="slot-2" id="[^"]+" value="([^"]+)">', answer.text)
    assert other
    saved = desk.post(f"/plans/{plan.id}/series?{WISH}", data={**again, "slot-2": other[1]})
    assert saved.status_code == 303
    places = [one.place_in_plan or 0 for one in sessions(db) if one.plan_id == plan.id]
    assert sorted(places) == [1, 2, 3, 4, 5]


def test_this_and_the_following_move_together_and_can_be_cancelled_together(
    db: Session, plan: Plan, signed_in: SignIn
) -> None:
    desk = signed_in(Role.FRONT_DESK)
    desk.post(f"/plans/{plan.id}/series?{WISH}", data=sent(desk.get(f"/plans/{plan.id}/series?{WISH}").text))
    third = sessions(db)[2].id
    change = "scope=following&weekdays=0&weekdays=2&wall=2:00+pm&shift=0&way=later"
    page = desk.get(f"/sessions/{third}/series?{change}").text
    assert page.count("As wished") == 4
    unsaid = desk.post(f"/sessions/{third}/series?{change}", data=sent(page))
    assert (unsaid.status_code, "Choose at least one reason." in unsaid.text) == (422, True)
    answer = desk.post(f"/sessions/{third}/series?{change}", data={**sent(page), "reasons": "patient_asked"})
    assert answer.status_code == 303, answer.text
    hours = [(one.place_in_plan, one.starts_at.astimezone(one.clinic.zone).hour) for one in sessions(db)]
    assert hours == [(1, 10), (2, 10), (3, 14), (4, 14), (5, 14), (6, 14)]
    asked = desk.get(f"/sessions/{third}/series/cancel?scope=following").text
    ids = re.findall(r'name="session" value="([^"]+)"', asked)
    assert len(ids) == 4
    key = form_keys.new()
    gone = desk.post(
        f"/sessions/{third}/series/cancel",
        data={"session": ids, "scope": "following", "reasons": "cost", "form_key": key, "tell": "y"},
    )
    assert gone.status_code == 303, gone.text
    assert [one.status for one in sessions(db)] == [Status.BOOKED] * 2 + [Status.CANCELLED] * 4


def test_a_plan_of_another_clinic_is_as_good_as_absent(db: Session, plan: Plan, signed_in: SignIn) -> None:
    elsewhere = factories.a_clinic(db)
    stranger = signed_in(Role.PROVIDER, at=elsewhere)
    for path in ("", "/pattern", "/series"):
        assert stranger.get(f"/plans/{plan.id}{path}").status_code == 404


WRONG: tuple[dict[str, Any], ...] = (
    {"form_key": ["\0" * 20]},
    {"form_key": [""]},
    {"place": ["1" * 5000]},
    {"slot-1": ["1@9999-12-31T23:59Z"]},
    {"slot-1": ["1@2100-12-31T23:59Z"]},
    {"slot-1": [""]},
)


def test_what_no_preview_sends_is_asked_for_again_and_a_place_that_the_plan_lacks_is_refused(
    db: Session, plan: Plan, signed_in: SignIn
) -> None:
    desk = signed_in(Role.FRONT_DESK)
    form = sent(desk.get(f"/plans/{plan.id}/series?{WISH}").text)
    for wrong in WRONG:
        assert desk.post(f"/plans/{plan.id}/series?{WISH}", data={**form, **wrong}).status_code == 422, wrong
    far = {"place": ["999999999"], "slot-999999999": form["slot-1"]}
    assert desk.post(f"/plans/{plan.id}/series?{WISH}", data={**form, **far}).status_code == 409
    assert sessions(db) == []


def test_a_wish_that_cannot_be_read_says_what_to_enter(plan: Plan, signed_in: SignIn) -> None:
    desk = signed_in(Role.FRONT_DESK)
    for asked in (
        "wall=&start=&count=",
        "wall=25:00&start=1/1/0001&count=0",
        "wall=10:00&start=12/1/9999&count=999&weekdays=9",
    ):
        page = desk.get(f"/plans/{plan.id}/series?{asked}")
        assert (page.status_code, "Please look at this again" in page.text) == (200, True)
