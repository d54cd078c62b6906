"""The role is asked before anything of a step: whoever may not treat learns no dose, no limit and no time from it."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.models import ActorKind, Clinic, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.session import lifecycle
from tests import factories
from tests.conftest import SignIn, Visitor
from tests.services.day import take

NOT_CLINICAL = [(Role.FRONT_DESK, Role.AUDITOR), (Role.OWNER,)]
ANSWERS = (" mg", "order comes to", "before the step that came", "not come yet")
OF_THE_RECORD = (*ANSWERS, "limit", "Check the", "Dose", "Enter", "Say")
BAITS = [{"mg": "5"}, {"mg": "5100", "at": "00:01"}, {"mg": "x", "at": "23:59", "happened": "y"}]
FORMATS = ("application/json", "text/html")


def at_status(db: Session, clinic: Clinic, now: datetime, status: Status) -> TreatmentSession:
    """A visit of this morning: booked, here with the dose drawn, or with the dose begun 20 minutes ago."""
    by = Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, Role.NURSE), role=Role.NURSE)
    chair = clinic.chairs[status is Status.IN_TREATMENT]
    one = factories.a_session(db, factories.a_patient(db, clinic), now - timedelta(minutes=30), chair=chair)
    if status is not Status.BOOKED:
        lifecycle.do(db, one, Action.ARRIVE, now=now - timedelta(minutes=30), by=by)
        factories.ready_to_start(db, one, now - timedelta(minutes=25))
    if status is Status.IN_TREATMENT:
        take(db, one, Action.START, now - timedelta(minutes=20), by)
    db.commit()
    return one


def told(client: Visitor, one: TreatmentSession, action: str, accept: str, bait: dict[str, str]) -> tuple[int, str]:
    """Post a step, and give its code and what it says: JSON whole, of a page its messages."""
    data = {"action": action, "version": str(one.version), "patient": str(one.patient_id), "identity": "y", **bait}
    path = f"/sessions/{one.id}/step"
    answer = client.post(path, data=data, headers={"Accept": accept})
    text = answer.text
    if accept == "text/html" and answer.status_code in {409, 422}:
        text = text.split('id="session"')[1].split("</main>")[0]
        assert "It has already happened" not in text
    return answer.status_code, text


@pytest.mark.parametrize("roles", NOT_CLINICAL)
@pytest.mark.parametrize("status", [Status.BOOKED, Status.ARRIVED, Status.IN_TREATMENT])
def test_no_step_tells_of_a_dose_or_a_time_to_those_who_may_not_treat(
    db: Session, clinic: Clinic, now: datetime, signed_in: SignIn, status: Status, roles: tuple[Role, ...]
) -> None:
    one, client = at_status(db, clinic, now, status), signed_in(*roles)
    for action in (*(one.value for one in Action), "", "nonsense"):
        theirs = action in {Action.UNDO, Action.CONFIRM, Action.ARRIVE}
        for accept in FORMATS:
            for bait in BAITS if action == Action.START else BAITS[:1]:
                db.refresh(one)
                code, text = told(client, one, action, accept, bait)
                db.rollback()
                assert code in ({200, 303, 403, 409} if theirs else {403, 409, 422}), (action, text)
                whole = accept == "application/json" or code == 403
                said = [words for words in (OF_THE_RECORD if whole else ANSWERS) if words in text]
                assert not said, (action, bait, text)
                if code == 422:
                    assert "Choose a step." in text, (action, bait)


@pytest.mark.parametrize("role", [Role.NURSE, Role.PROVIDER])
def test_those_who_treat_are_asked_about_a_dose_that_is_not_the_ordered_one(
    db: Session, clinic: Clinic, now: datetime, signed_in: SignIn, role: Role
) -> None:
    one, client = at_status(db, clinic, now, Status.ARRIVED), signed_in(role)
    for accept in FORMATS:
        db.refresh(one)
        code, text = told(client, one, "start", accept, {"mg": "5"})
        assert (code, "Check the number" in text) == (422, True)


def test_the_desk_takes_back_an_arrival_and_not_a_dose(
    db: Session, clinic: Clinic, now: datetime, signed_in: SignIn
) -> None:
    desk = signed_in(Role.FRONT_DESK)
    for status, code in ((Status.ARRIVED, 303), (Status.IN_TREATMENT, 409)):
        one = at_status(db, clinic, now, status)
        answer, text = told(desk, one, "undo", "text/html", {})
        db.rollback()
        assert answer == code
    assert "Your role does not include this step" in text
    assert "A dose is recorded" not in text


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.OWNER])
def test_the_page_of_those_who_may_not_read_the_record_tells_of_coming_and_leaving_only(
    db: Session, clinic: Clinic, now: datetime, signed_in: SignIn, role: Role
) -> None:
    here, begun = (at_status(db, clinic, now, status) for status in (Status.ARRIVED, Status.IN_TREATMENT))
    client = signed_in(role)
    pages = []
    for one in (here, begun):
        db.refresh(one)
        pages.append(client.get(f"/sessions/{one.id}").text)
        db.rollback()
    assert "against the dose" not in pages[0]
    assert "Nothing stands against it" not in pages[0]
    assert "Patient is here" in pages[1]
    assert "Dose started" not in pages[1]
    stale = client.post(f"/sessions/{begun.id}/step", data={"action": "arrive", "version": "1"})
    assert stale.status_code == 409
    assert "Last step" not in stale.text


def test_the_address_of_a_step_opened_again_leads_to_the_session(
    db: Session, clinic: Clinic, now: datetime, signed_in: SignIn
) -> None:
    one = at_status(db, clinic, now, Status.ARRIVED)
    path = f"/sessions/{one.id}"
    answer = signed_in(Role.NURSE).get(f"{path}/step")
    assert (answer.status_code, answer.location) == (303, path)
