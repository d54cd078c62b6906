"""The board's page, what presses on every other page, and the due times of a visit: only for clinicians."""

import re
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertKind
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.models import Alert, Clinic, DueHold, TreatmentSession, VitalsReading
from clinic_sessions.services.session import recording
from tests import factories
from tests.conftest import SignIn, Visitor
from tests.services.day import a_nurse, take

MINUTE = timedelta(minutes=1)


def revision_of(page: str, part: str) -> str:
    """What a part of a page that is polled has been shown as."""
    return page.split(f'id="{part}"')[1].split('data-revision="')[1].split('"')[0]


def test_a_poll_that_has_seen_the_revision_is_told_that_nothing_is_new(
    db: Session, clinic: Clinic, signed_in: SignIn, now: datetime
) -> None:
    one = factories.a_session(db, factories.a_patient(db, clinic, name="Ana Ruiz"), now)
    patient, version = one.patient_id, one.version
    nurse = signed_in(Role.NURSE)
    page = nurse.get("/board").text
    assert "Ana Ruiz" in page
    revision = revision_of(page, "board")
    again = nurse.get("/board", query_string={"revision": revision}, headers={"X-Poll": "1"})
    assert (again.status_code, again.data) == (304, b"")
    step = {"action": Action.ARRIVE.value, "version": str(version), "patient": str(patient), "back": "board"}
    assert nurse.post("/sessions/1/step", data=step).location == "/board"
    fresh = nurse.get("/board", query_string={"revision": revision}, headers={"X-Poll": "1"})
    assert fresh.status_code == 200
    db.rollback()
    assert one.status is Status.ARRIVED


def test_the_front_desk_has_no_board(signed_in: SignIn) -> None:
    assert signed_in(Role.FRONT_DESK).get("/board").status_code == 403


def test_an_empty_board_says_so(db: Session, clinic: Clinic, signed_in: SignIn, now: datetime) -> None:
    factories.a_session(db, factories.a_patient(db, clinic), now + timedelta(days=1))
    page = signed_in(Role.PROVIDER).get("/board").text
    assert page.count("No one else today.") == 3


@pytest.fixture
def infusion(db: Session, clinic: Clinic, now: datetime) -> TreatmentSession:
    """An infusion of Ana Ruiz in chair 1 that began sixteen minutes ago: its first check is red."""
    one = factories.a_session(db, factories.a_patient(db, clinic, name="Ana Ruiz"), now - 30 * MINUTE)
    by = a_nurse(db, clinic)
    take(db, one, Action.ARRIVE, now - 30 * MINUTE, by)
    take(db, one, Action.START, now - 16 * MINUTE, by)
    db.commit()
    return one


def test_what_presses_names_the_chair_and_never_the_patient(infusion: TreatmentSession, signed_in: SignIn) -> None:
    nurse = signed_in(Role.NURSE)
    page = nurse.get("/due").text
    assert "Chair 1" in page
    assert "is-overdue" in page
    assert "Ana" not in page
    assert "Ruiz" not in page
    seen = nurse.get("/due", query_string={"revision": revision_of(page, "due-strip")}, headers={"X-Poll": "1"})
    assert (seen.status_code, seen.data) == (304, b"")


def test_the_page_of_a_visit_leaves_its_own_chair_out(infusion: TreatmentSession, signed_in: SignIn) -> None:
    nurse = signed_in(Role.NURSE)
    assert "Chair 1" not in nurse.get("/due", query_string={"but": infusion.id}).text
    assert f"/due?but={infusion.id}" in nurse.get(f"/sessions/{infusion.id}").text
    assert nurse.get("/due", query_string={"but": "x' or 1"}).status_code == 200


@pytest.mark.parametrize(
    ("role", "shown"),
    [(Role.NURSE, True), (Role.PROVIDER, True), (Role.FRONT_DESK, False), (Role.OWNER, False), (Role.AUDITOR, False)],
)
def test_every_page_of_a_clinician_asks_what_presses_and_no_other(
    clinic: Clinic, signed_in: SignIn, role: Role, shown: bool
) -> None:
    someone = signed_in(role)
    assert ('id="due-strip"' in someone.get("/").text) is shown
    assert someone.get("/due").status_code == (200 if shown else 403)


def test_the_numbers_of_a_due_time_are_in_the_page(
    infusion: TreatmentSession, signed_in: SignIn, now: datetime
) -> None:
    page = signed_in(Role.NURSE).get("/board").text
    for name, minutes in (("due", -6), ("amber", -8), ("red", -1)):
        moment = (now + minutes * MINUTE).isoformat().replace("+00:00", "Z")
        assert f'data-{name}="{moment}"' in page


def hold(nurse: Visitor, one: TreatmentSession, due_at: str, **given: str) -> int:
    data = {"patient": str(one.patient_id), "due_at": due_at, **given}
    status: int = nurse.post(f"/sessions/{one.id}/hold", data=data).status_code
    return status


def test_with_the_patient_holds_a_due_time_once(
    db: Session, infusion: TreatmentSession, signed_in: SignIn, now: datetime
) -> None:
    nurse = signed_in(Role.NURSE)
    at = (now - 6 * MINUTE).isoformat().replace("+00:00", "Z")
    page = nurse.get(f"/sessions/{infusion.id}").text
    assert "With the patient, 3 minutes" in page
    assert at in page
    assert [hold(nurse, infusion, at), hold(nurse, infusion, at)] == [303, 303]
    again = nurse.get(f"/sessions/{infusion.id}").text
    assert "With the patient until 10:03 am" in again
    assert "With the patient, 3 minutes" not in again
    db.rollback()
    assert len(db.scalars(sa.select(DueHold)).all()) == 1


@pytest.mark.parametrize(
    ("due_at", "status"), [("", 404), ("never", 404), ("2026-11-23T17:54:00", 404), ("9999-12-31T23:59:59Z", 303)]
)
def test_a_due_time_that_is_none_is_not_held(
    db: Session, infusion: TreatmentSession, signed_in: SignIn, due_at: str, status: int
) -> None:
    nurse = signed_in(Role.NURSE)
    assert hold(nurse, infusion, due_at) == status
    db.rollback()
    assert db.scalars(sa.select(DueHold)).all() == []


def test_somebody_elses_visit_is_not_held(db: Session, infusion: TreatmentSession, signed_in: SignIn) -> None:
    assert hold(signed_in(Role.NURSE), infusion, "2026-11-23T17:54:00Z", patient="999") == 404
    assert hold(signed_in(Role.FRONT_DESK), infusion, "2026-11-23T17:54:00Z") == 403


def save(nurse: Visitor, one: TreatmentSession, **typed: str) -> str:
    """Save a reading and give the page that follows."""
    data = {"patient": str(one.patient_id), **typed}
    answer = nurse.post(f"/sessions/{one.id}/vitals", data=data, follow_redirects=True)
    return unescape(answer.text)


def test_a_reading_says_what_is_out_of_range_with_the_protocols_advice_and_what_is_missing(
    infusion: TreatmentSession, signed_in: SignIn
) -> None:
    page = save(signed_in(Role.NURSE), infusion, systolic="186.112", heart_rate="118", spo2_percent="88")
    assert "Urgent: oxygen 88, limit below 90.</strong> Pause the infusion." in page
    both = "Urgent: systolic 186, limit 180 or more; diastolic 112, limit 110 or more.</strong> Pause the infusion."
    assert both in page
    assert "The check of 9:54 am stays open for MOAA/S." in page
    assert "Still missing: MOAA/S" in page


def test_two_diastolic_numbers_are_asked_about_and_none_is_dropped(
    db: Session, infusion: TreatmentSession, signed_in: SignIn
) -> None:
    before = len(db.scalars(sa.select(VitalsReading)).all())
    db.rollback()
    page = save(signed_in(Role.NURSE), infusion, systolic="118/76", diastolic="80")
    assert "This says 80, and 76 stands beside the systolic. Keep one." in page
    assert 'value="118/76"' in page
    assert len(db.scalars(sa.select(VitalsReading)).all()) == before


def test_what_a_check_holds_in_its_phase_is_asked_first(infusion: TreatmentSession, signed_in: SignIn) -> None:
    page = signed_in(Role.NURSE).get(f"/sessions/{infusion.id}/vitals").text
    first, _, rest = page.partition("More to measure")
    assert all(f'name="{name}"' in first for name in ("systolic", "heart_rate", "spo2_percent", "moaa_s"))
    assert all(f'name="{name}"' in rest for name in ("respiratory_rate", "temperature_tenths", "pain"))


def test_what_is_out_of_range_stays_on_the_page_with_its_advice_until_it_is_read_again(
    infusion: TreatmentSession, signed_in: SignIn
) -> None:
    nurse = signed_in(Role.NURSE)
    save(nurse, infusion, spo2_percent="88", moaa_s="0")
    page = unescape(nurse.get(f"/sessions/{infusion.id}").text)
    assert page.index("Urgent: oxygen 88, limit below 90") < page.index('id="due-title"')
    assert "Pause the infusion. Open the airway, give oxygen as ordered" in page
    save(nurse, infusion, spo2_percent="97", moaa_s="5")
    assert "Pause the infusion" not in unescape(nurse.get(f"/sessions/{infusion.id}").text)


def test_the_urgent_advice_has_the_pause_beside_it_only_while_the_infusion_runs(
    infusion: TreatmentSession, signed_in: SignIn, time_at: Any, now: datetime
) -> None:
    nurse, provider = signed_in(Role.NURSE), signed_in(Role.PROVIDER)
    save(nurse, infusion, systolic="192/118")

    def banner(of: Visitor = nurse) -> str:
        page = unescape(of.get(f"/sessions/{infusion.id}").text)
        return page.partition('aria-label="Urgent"')[2].partition("</section>")[0]

    turn = f"/sessions/{infusion.id}/drug/"
    assert "Pause the infusion. Call the provider now." in banner()
    assert f'action="{turn}pause"' in banner()
    assert nurse.post(f"{turn}pause", data={"patient": str(infusion.patient_id)}).status_code == 303
    assert "The infusion is paused." in banner()
    assert "<form" not in banner()
    nurse.post(f"{turn}resume", data={"patient": str(infusion.patient_id)})
    assert f'action="{turn}pause"' in banner()
    time_at.move_to(now + MINUTE, tick=False)
    nurse.post(f"{turn}stop", data={"patient": str(infusion.patient_id)})
    assert "The infusion has ended." in banner()
    assert "<form" not in banner()
    assert "Pause the infusion. Call the provider now." in banner(provider), "the advice stays as it was given"


def test_the_clock_of_the_next_device_turns_red(db: Session, clinic: Clinic, now: datetime, signed_in: SignIn) -> None:
    version, patient = factories.a_protocol(db, "in-esketamine"), factories.a_patient(db, clinic)
    one = factories.a_session(db, patient, now - 30 * MINUTE, protocol=version)
    factories.an_order(db, patient, version, devices=2)
    by = a_nurse(db, clinic)
    take(db, one, Action.ARRIVE, now - 30 * MINUTE, by)
    take(db, one, Action.START, now - 11 * MINUTE, by)
    db.commit()
    page = signed_in(Role.NURSE).get(f"/sessions/{one.id}").text
    clock = page.partition('id="next-device"')[2].partition("</p>")[0]
    assert f'data-red="{(now - MINUTE).isoformat().replace("+00:00", "Z")}"' in clock
    assert "due-clock is-overdue" in clock


def test_before_a_dose_what_else_can_be_recorded_is_folded_and_nothing_that_was_not_read_is_shown(
    db: Session, clinic: Clinic, infusion: TreatmentSession, now: datetime, signed_in: SignIn
) -> None:
    one = factories.a_session(db, factories.a_patient(db, clinic), now, chair=clinic.chairs[1])
    take(db, one, Action.ARRIVE, now, a_nurse(db, clinic))
    db.commit()
    nurse = signed_in(Role.NURSE)
    page = nurse.get(f"/sessions/{one.id}").text
    assert "Record something now</summary>" in page
    assert "Last vitals" not in page
    assert "pressure-title" not in page
    assert "Record something now</summary>" not in nurse.get(f"/sessions/{infusion.id}").text


def test_a_repeat_stands_on_the_board_on_the_strip_and_on_the_page(
    infusion: TreatmentSession, signed_in: SignIn, time_at: Any, now: datetime
) -> None:
    nurse = signed_in(Role.NURSE)
    save(nurse, infusion, systolic="192/118", heart_rate="80", spo2_percent="97", moaa_s="5")
    for path in ("/board", f"/sessions/{infusion.id}"):
        page = nurse.get(path).text
        assert "Repeat blood pressure</a>" in page
        assert ">in 5 min</time>" in page
    time_at.move_to(now + 11 * MINUTE, tick=False)
    strip = nurse.get("/due").text
    assert "Repeat blood pressure" in strip
    assert "6 min overdue" in strip


def test_a_chair_whose_patient_is_to_come_says_when_and_how_late_they_are(
    db: Session, clinic: Clinic, infusion: TreatmentSession, signed_in: SignIn, now: datetime
) -> None:
    factories.a_session(db, factories.a_patient(db, clinic), now - 37 * MINUTE, chair=clinic.chairs[1])
    factories.a_session(db, factories.a_patient(db, clinic), now + 300 * MINUTE, chair=clinic.chairs[2])
    db.commit()
    page = re.sub(r"<[^>]*>", "", signed_in(Role.NURSE).get("/board").text)
    assert "Comes at 9:23 am 37 min late" in page
    assert "Comes at 3:00 pm" in page
    assert page.count(" late") == 1


def test_a_card_that_is_urgent_says_so_in_a_word_and_leads_to_pause_and_to_the_other_endings(
    infusion: TreatmentSession, signed_in: SignIn, time_at: Any, now: datetime
) -> None:
    nurse = signed_in(Role.NURSE)
    head = save(nurse, infusion, systolic="118/76", heart_rate="80", spo2_percent="88", moaa_s="5")
    path = f"/sessions/{infusion.id}"
    time_at.move_to(now + MINUTE, tick=False)
    page = nurse.get("/board").text
    assert "<span>Urgent: oxygen 88" in page
    assert f'href="{path}">Pause or stop</a>' in page
    assert f'href="{path}#ended-otherwise"' in page
    assert 'href="#ended-otherwise"' in head
    assert 'id="ended-otherwise"' in head
    assert "<span>Urgent:</span>" in nurse.get("/due").text


def test_a_reading_to_take_again_before_the_dose_counts_from_one_moment_on_its_page_and_on_the_strip(
    db: Session, clinic: Clinic, signed_in: SignIn, time_at: Any, now: datetime
) -> None:
    one, by = factories.a_session(db, factories.a_patient(db, clinic), now), a_nurse(db, clinic)
    take(db, one, Action.ARRIVE, now, by)
    recording.record_vitals(db, one, Vitals(systolic=188, diastolic=114), now=now, by=by)
    db.commit()
    nurse, path = signed_in(Role.NURSE), f"/sessions/{one.id}"
    time_at.move_to(now + 15 * MINUTE, tick=False)
    parts = (nurse.get(path).text.partition('id="repeat-card"')[2], nurse.get("/due").text.partition("Take again")[2])
    page, strip = (re.findall(r'data-due="([^"]*)"[^>]*>([^<]*)', part)[0] for part in parts)
    assert page == strip


def test_what_could_not_be_taken_is_said_in_words_of_which_none_is_lost(
    infusion: TreatmentSession, signed_in: SignIn, now: datetime
) -> None:
    nurse = signed_in(Role.NURSE)
    path = f"/sessions/{infusion.id}/not-taken"
    assert nurse.get(path).status_code == 303, "nothing of the check was taken yet"
    save(nurse, infusion, systolic="120/80", heart_rate="70", moaa_s="5")
    assert path in nurse.get(f"/sessions/{infusion.id}").text
    assert "Could not be taken: oxygen</h1>" in nurse.get(path).text
    data = {"patient": str(infusion.patient_id), "due_at": (now - 6 * MINUTE).isoformat().replace("+00:00", "Z")}
    bare = nurse.post(path, data=data)
    assert bare.status_code == 422
    assert "Say in a few words why." in bare.text
    tapped = [nurse.post(path, data={**data, "words": "Cold hands"}).status_code for _ in range(2)]
    assert tapped == [303, 303]
    page = nurse.get(f"/sessions/{infusion.id}").text
    assert "Could not be taken at 9:54 am: oxygen." in page
    assert page.count("Could not be taken, oxygen: Cold hands") == 1
    assert path not in page


def test_no_response_is_said_to_be_a_serious_side_effect(
    db: Session, infusion: TreatmentSession, signed_in: SignIn
) -> None:
    page = save(signed_in(Role.NURSE), infusion, moaa_s="0")
    assert "No response is loss of consciousness: record it as a serious side effect." in page
    db.rollback()
    alert = db.scalars(sa.select(Alert).where(Alert.kind == AlertKind.VITALS_URGENT)).one()
    assert "no response: to be reviewed as serious" in alert.words
