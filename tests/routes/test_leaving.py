"""The leaving part of the session page: reasons that fill in, taps, the way home, instructions, the wait for a ride."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import EscortKind
from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.domain.session.record import DoseEventKind
from clinic_sessions.domain.session.session_checks import CheckItem
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.models import Clinic, Note, SessionCheck, TreatmentSession
from clinic_sessions.services import form_keys
from clinic_sessions.services.before import checking
from clinic_sessions.services.before.checking import Said
from clinic_sessions.services.session import recording
from tests import factories
from tests.conftest import SignIn, Visitor
from tests.services.day import a_nurse, take

CALM = Vitals(systolic=122, diastolic=78, heart_rate=70, spo2_percent=98)


@pytest.fixture
def observed(db: Session, clinic: Clinic, now: datetime) -> TreatmentSession:
    """A visit whose dose by vein ended an hour and forty minutes ago; nobody has looked at the patient since."""
    made = factories.a_session(db, factories.a_patient(db, clinic), now - timedelta(minutes=170))
    by, began = a_nurse(db, clinic), now - timedelta(minutes=140)
    take(db, made, Action.ARRIVE, made.starts_at, by)
    take(db, made, Action.START, began, by)
    take(db, made, Action.FINISH_DOSE, began + timedelta(minutes=40), by)
    recording.record_vitals(db, made, CALM, now=now - timedelta(minutes=5), by=by)
    db.commit()
    return made


def post(nurse: Visitor, treatment: TreatmentSession, to: str = "leaving", **typed: str) -> str:
    data = {"patient": str(treatment.patient_id), "form_key": form_keys.new(), **typed}
    return str(nurse.post(f"/sessions/{treatment.id}/{to}", data=data, follow_redirects=True).text)


def answers(db: Session, treatment: TreatmentSession) -> list[SessionCheck]:
    db.rollback()
    late = [CheckItem.SEDATION, CheckItem.DISSOCIATION, CheckItem.BREATHING, CheckItem.WAY_HOME,
            CheckItem.INSTRUCTIONS, CheckItem.BELONGINGS]  # fmt: skip
    query = sa.select(SessionCheck).where(SessionCheck.session_id == treatment.id, SessionCheck.item.in_(late))
    return list(db.scalars(query.order_by(SessionCheck.id)))


ALL_WELL = {
    "sedation": "clear", "dissociation": "clear", "breathing": "clear", "way_home": "named_adult",
    "way_home_person": "Jo Ruiz", "way_home_phone": "310 555 0142", "instructions": "clear", "belongings": "clear",
}  # fmt: skip


def test_every_part_is_listed_with_what_stands_against_it(observed: TreatmentSession, signed_in: SignIn) -> None:
    page = signed_in(Role.NURSE).get(f"/sessions/{observed.id}").text
    for text in ("Minimum time reached. Assess now.", "Sedation", "Dissociation", "Breathing", "Way home",
                 "Instructions for the way home", "Belongings", "122/78", "at or below the limit"):  # fmt: skip
        assert text in page


def test_taps_for_every_question_make_the_patient_ready_to_leave(
    db: Session, observed: TreatmentSession, signed_in: SignIn
) -> None:
    nurse = signed_in(Role.NURSE)
    page = post(nurse, observed, **ALL_WELL)
    assert "Answers saved." in page
    assert "Well enough to wait for the way home." in page
    kept = {row.item: row for row in answers(db, observed)}
    assert len(kept) == 6
    assert all(row.clear for row in kept.values())
    way = kept[CheckItem.WAY_HOME]
    assert (way.escort, way.person, way.phone) == (EscortKind.NAMED_ADULT, "Jo Ruiz", "+13105550142")
    for action in ("call_ready", "leave"):
        db.rollback()
        post(nurse, observed, "step", action=action, version=str(observed.version))
    db.rollback()
    assert observed.status is Status.LEFT


def test_a_named_adult_has_a_name_and_what_was_typed_stays(
    db: Session, observed: TreatmentSession, signed_in: SignIn
) -> None:
    nurse = signed_in(Role.NURSE)
    data = {**ALL_WELL, "way_home_person": "", "form_key": form_keys.new()}
    answer = nurse.post(f"/sessions/{observed.id}/leaving", data=data)
    assert answer.status_code == 422
    assert "Enter the name of the person who takes them home." in answer.text
    assert "Enter the phone number" not in answer.text
    assert "(310) 555-0142" in answer.text or "310 555 0142" in answer.text
    assert not answers(db, observed)


def test_the_ride_that_was_arranged_is_one_tap_and_never_filled_in_by_itself(
    db: Session, clinic: Clinic, observed: TreatmentSession, signed_in: SignIn, now: datetime
) -> None:
    by = a_nurse(db, clinic)
    ride = SessionCheck(
        session_id=observed.id, at=now - timedelta(hours=1), recorded_at=now, late=False, by_id=by.user_id,
        item=CheckItem.RIDE, clear=True, escort=EscortKind.NAMED_ADULT, person="Maria Ruiz", phone="+13105550177",
    )  # fmt: skip
    db.add(ride)
    db.commit()
    nurse = signed_in(Role.NURSE)
    page = nurse.get(f"/sessions/{observed.id}").text
    assert "Here, as arranged: Named adult, Maria Ruiz" in page
    assert 'value="Maria Ruiz"' not in page
    post(nurse, observed, way_home="known")
    [way] = answers(db, observed)
    assert (way.person, way.phone, way.clear) == ("Maria Ruiz", "+13105550177", True)


def test_an_adult_whose_phone_is_not_known_stays_missing_and_is_called_once_it_is(
    db: Session, clinic: Clinic, observed: TreatmentSession, signed_in: SignIn, time_at: time_machine.Traveller,
    now: datetime,
) -> None:  # fmt: skip
    by, nurse = a_nurse(db, clinic), signed_in(Role.NURSE)
    adult = Said(item=CheckItem.WAY_HOME, clear=True, escort=EscortKind.NAMED_ADULT, person="Jo Ruiz")
    checking.record(db, observed, adult, now=now, by=by)
    db.commit()
    post(nurse, observed, **{key: value for key, value in ALL_WELL.items() if not key.startswith("way_home")})
    db.rollback()
    page = post(nurse, observed, "step", action="call_ready", version=str(observed.version))
    assert "Name or phone is missing." in page
    assert "1 thing missing" in page
    data = {"patient": str(observed.patient_id), "form_key": form_keys.new(), "way_home": "named_adult"}
    refused = nurse.post(f"/sessions/{observed.id}/leaving", data={**data, "way_home_person": "Jo Ruiz"})
    assert (refused.status_code, "Enter the phone number" in refused.text) == (422, True)
    db.rollback()
    left = nurse.post(
        f"/sessions/{observed.id}/step",
        data={"patient": observed.patient_id, "action": "leave", "version": observed.version},
    )
    assert (left.status_code, "Way home: name or phone is missing." in left.text) == (409, True)
    post(nurse, observed, way_home="named_adult", way_home_person="Jo Ruiz", way_home_phone="310 555 0142")
    for minutes in (10, 20, 31):
        time_at.move_to(now + timedelta(minutes=minutes))
        page = nurse.get(f"/sessions/{observed.id}").text
    assert "Name or phone is missing." not in page
    assert "tel:+13105550142" in page


def test_the_head_counts_every_part_that_the_list_leaves_open(observed: TreatmentSession, signed_in: SignIn) -> None:
    nurse = signed_in(Role.NURSE)
    said: list[dict[str, str]] = [{}, {"sedation": "clear"}, {"belongings": "clear"}]
    for answers in said:
        if answers:
            post(nurse, observed, **answers)
        page = nurse.get(f"/sessions/{observed.id}").text
        rows = page.split('aria-label="What leaving asks for"')[1].split("</ul>")[0].count("is-unmet")
        assert f"{rows} things missing" in page
    post(nurse, observed, dissociation="clear", breathing="clear")
    page = nurse.get(f"/sessions/{observed.id}").text
    assert "things missing" not in page, "what waits for the way home keeps nobody from being called ready"


def test_nobody_is_named_twice_on_the_call_list(
    db: Session, clinic: Clinic, observed: TreatmentSession, signed_in: SignIn, time_at: time_machine.Traveller,
    now: datetime,
) -> None:  # fmt: skip
    clinic.transport_phone = "+13105550188"
    observed.patient.emergency_phone, observed.patient.emergency_may_be_called = "+13105550155", True
    db.commit()
    nurse = signed_in(Role.NURSE)
    ready(db, clinic, observed, nurse)
    for minutes in (10, 20, 31):
        time_at.move_to(now + timedelta(minutes=minutes))
        page = nurse.get(f"/sessions/{observed.id}").text
    listed = page.split('aria-label="Whom to call"')[1].split("</ul>")[0].lower()
    assert [listed.count(words) for words in ("jo ruiz", "emergency contact", "medical transport")] == [1, 1, 1]
    page = post(nurse, observed, "leaving/call", contact="transport", answer="on_the_way")
    assert "Called about the way home: medical transport. On the way." in page


def test_still_sedated_stands_until_somebody_looks_again(
    db: Session, observed: TreatmentSession, signed_in: SignIn
) -> None:
    nurse = signed_in(Role.NURSE)
    page = post(nurse, observed, sedation="still", sedation_words="Falls asleep when not spoken to")
    assert "Falls asleep when not spoken to" in page
    refused = nurse.post(
        f"/sessions/{observed.id}/step",
        data={"patient": observed.patient_id, "action": "call_ready", "version": observed.version},
    )
    assert refused.status_code == 409
    assert "Still sedated." in refused.text
    post(nurse, observed, sedation="clear")
    again = nurse.get(f"/sessions/{observed.id}/leaving?again=sedation")
    assert again.status_code == 200
    assert "Fully awake" in again.text
    assert [row.clear for row in answers(db, observed)] == [False, True]


def test_a_form_saves_once_however_often_it_is_sent(db: Session, observed: TreatmentSession, signed_in: SignIn) -> None:
    nurse = signed_in(Role.NURSE)
    data = {"form_key": form_keys.new(), "belongings": "clear"}
    for _ in range(2):
        assert nurse.post(f"/sessions/{observed.id}/leaving", data=data).status_code == 303
    assert len(answers(db, observed)) == 1


def test_the_instructions_speak_the_patients_language_and_name_no_drug(
    db: Session, observed: TreatmentSession, signed_in: SignIn
) -> None:
    nurse = signed_in(Role.NURSE)
    page = nurse.get(f"/sessions/{observed.id}/instructions").text
    assert "24 hours" in page
    assert "10:00 am on Tuesday, November 24, 2026" in page
    db.rollback()
    observed.patient.language = Language.ES
    db.commit()
    page = nurse.get(f"/sessions/{observed.id}/instructions").text
    assert "De regreso a casa" in page
    assert "no antes de las 10:00 a. m. del martes" in page
    sheet = page.split("<article")[1].split("</article>")[0]
    assert "ketamin" not in sheet.lower()


def ready(db: Session, clinic: Clinic, observed: TreatmentSession, nurse: Visitor) -> None:
    post(nurse, observed, **ALL_WELL)
    db.rollback()
    post(nurse, observed, "step", action="call_ready", version=str(observed.version))
    db.rollback()


def test_the_call_list_stands_once_the_wait_is_long_and_a_call_is_noted(
    db: Session, clinic: Clinic, observed: TreatmentSession, signed_in: SignIn, time_at: time_machine.Traveller,
    now: datetime,
) -> None:  # fmt: skip
    patient = observed.patient
    patient.emergency_name, patient.emergency_phone = "Luz Ruiz", "+13105550155"
    db.commit()
    nurse = signed_in(Role.NURSE)
    ready(db, clinic, observed, nurse)
    assert "Whom to call" not in nurse.get(f"/sessions/{observed.id}").text
    for minutes in (10, 20, 30):
        time_at.move_to(now + timedelta(minutes=minutes))
        page = nurse.get(f"/sessions/{observed.id}").text
    assert "Whom to call" in page
    assert "tel:+13105550142" in page
    assert "tel:+13105550155" not in page
    assert "the patient has not agreed to a call" in page
    page = post(nurse, observed, "leaving/call", contact="escort", answer="cannot_come", words="Car broke down")
    assert "Call noted." in page
    assert "No way home yet" in page
    db.rollback()
    [note] = db.scalars(sa.select(Note).where(Note.session_id == observed.id))
    assert note.body.startswith("Called about the way home: Jo Ruiz")
    assert note.body.endswith("Car broke down")
    refused = nurse.post(
        f"/sessions/{observed.id}/step",
        data={"patient": observed.patient_id, "action": "leave", "version": observed.version},
    )
    assert "There is no safe way home yet." in refused.text


def test_esketamine_shows_both_clocks_and_says_which_counts(
    db: Session, clinic: Clinic, now: datetime, signed_in: SignIn
) -> None:
    version = factories.a_protocol(db, "in-esketamine")
    began = now - timedelta(minutes=126)
    made = factories.a_session(
        db, factories.a_patient(db, clinic), began - timedelta(minutes=20), protocol=version, chair=clinic.chairs[2]
    )
    by = a_nurse(db, clinic)
    take(db, made, Action.ARRIVE, made.starts_at, by)
    take(db, made, Action.START, began, by, micrograms=28_000)
    second = recording.DoseAct(kind=DoseEventKind.DEVICE)
    recording.record_dose(db, made, second, now=began + timedelta(minutes=6), by=by)
    take(db, made, Action.FINISH_DOSE, began + timedelta(minutes=7), by)
    db.commit()
    page = signed_in(Role.NURSE).get(f"/sessions/{made.id}").text
    assert "126 min since the first device" in page
    assert "120 min since the last device" in page
    assert page.count("this one counts") == 1
    assert "Minimum time reached. Assess now." in page
    assert "Transport service" in page


def test_the_front_desk_reads_no_assessment_and_answers_none(observed: TreatmentSession, signed_in: SignIn) -> None:
    desk = signed_in(Role.FRONT_DESK)
    assert "Sedation" not in desk.get(f"/sessions/{observed.id}").text
    assert desk.get(f"/sessions/{observed.id}/leaving").status_code == 403
    assert desk.post(f"/sessions/{observed.id}/leaving", data={"sedation": "clear"}).status_code == 403


def test_clinicians_see_before_closing_and_after_it_who_is_still_here(
    db: Session, clinic: Clinic, observed: TreatmentSession, signed_in: SignIn, time_at: time_machine.Traveller,
    now: datetime,
) -> None:  # fmt: skip
    def closes(minute: int) -> None:
        db.rollback()
        clinic.opening_hours[0].closes_minute = minute
        db.commit()

    other = factories.a_session(db, factories.a_patient(db, clinic, "Bo Lind"), now, chair=clinic.chairs[1])
    take(db, other, Action.ARRIVE, now, a_nurse(db, clinic))
    ready(db, clinic, observed, signed_in(Role.NURSE))
    closes(11 * 60)
    told = f"{clinic.name} closes at 11:00 am; 2 patients are still here."
    for page, role in (("/patients", Role.PROVIDER), ("/", Role.PROVIDER), ("/board", Role.NURSE), ("/", Role.NURSE)):
        assert told in signed_in(role).get(page).text
    assert "still here" not in signed_in(Role.FRONT_DESK).get("/").text
    page = signed_in(Role.NURSE).get(f"/sessions/{observed.id}").text
    assert "The clinic closes at 11:00 am." in page
    assert "Whom to call" in page
    closes(11 * 60 + 1)
    assert "still here" not in signed_in(Role.PROVIDER).get("/patients").text
    closes(10 * 60)
    assert f"{clinic.name} has closed; 2 patients are still here." in signed_in(Role.NURSE).get("/board").text


def test_an_undo_says_that_the_chair_is_taken_and_the_patient_stays_ready(
    db: Session, clinic: Clinic, observed: TreatmentSession, signed_in: SignIn, now: datetime
) -> None:
    nurse = signed_in(Role.NURSE)
    observed.ends_at = now + timedelta(minutes=40)
    db.commit()
    ready(db, clinic, observed, nurse)
    assert observed.ends_at < now + timedelta(minutes=15)
    factories.a_session(db, factories.a_patient(db, clinic, "Bo Lind"), observed.ends_at)
    db.commit()
    data = {"patient": observed.patient_id, "action": "undo", "version": observed.version}
    refused = nurse.post(f"/sessions/{observed.id}/step", data=data)
    assert refused.status_code == 409
    db.rollback()
    assert observed.status is Status.READY
    assert "Ready, waiting for a ride" in refused.text


def test_an_answer_again_lists_the_question_and_an_unknown_one_lists_none(
    observed: TreatmentSession, signed_in: SignIn
) -> None:
    nurse = signed_in(Role.NURSE)
    post(nurse, observed, **ALL_WELL)
    assert 'name="breathing"' in nurse.get(f"/sessions/{observed.id}/leaving?again=breathing").text
    assert 'name="breathing"' not in nurse.get(f"/sessions/{observed.id}/leaving?again=food").text


def test_an_open_page_renews_itself_when_the_clock_alone_changes_what_it_says(
    db: Session, clinic: Clinic, observed: TreatmentSession, signed_in: SignIn, time_at: time_machine.Traveller,
    now: datetime,
) -> None:  # fmt: skip
    nurse = signed_in(Role.NURSE)
    ready(db, clinic, observed, nurse)
    for minutes, status in ((0, 304), (10, 304), (20, 304), (29, 304), (30, 200)):
        time_at.move_to(now + timedelta(minutes=minutes))
        if minutes == 0:
            page = nurse.get(f"/sessions/{observed.id}").text.split('id="session"')[1]
            seen = page.split('data-revision="')[1].split('"')[0]
        assert nurse.get("/patients").status_code == 200, "a poll keeps nobody signed in"
        again = nurse.get(f"/sessions/{observed.id}?revision={seen}", headers={"X-Poll": "1"})
        assert again.status_code == status, minutes


def test_an_answer_that_the_record_speaks_against_is_asked_about_once(
    db: Session, observed: TreatmentSession, signed_in: SignIn, now: datetime
) -> None:
    nurse = signed_in(Role.NURSE)
    by = a_nurse(db, db.get_one(Clinic, observed.clinic_id))
    recording.record_vitals(db, observed, Vitals(moaa_s=3), now=now - timedelta(minutes=2), by=by)
    db.commit()
    asked = post(nurse, observed, **ALL_WELL)
    assert "The record says otherwise: MOAA/S 3 at" in asked
    assert not answers(db, observed)
    assert "Answers saved." in post(nurse, observed, **ALL_WELL, sure="y")
    page = nurse.get(f"/sessions/{observed.id}").text
    assert "MOAA/S 3, limit 3 or less, at" in page
    assert "Well enough to wait" not in page, "the reading stands all the same"
    assert "Answers saved." in post(nurse, observed, sedation="still"), "nothing speaks against still sedated"


def test_the_waiting_strip_tells_an_urgent_reading_a_call_and_that_no_way_home_is_known(
    db: Session, observed: TreatmentSession, signed_in: SignIn, now: datetime
) -> None:
    by = a_nurse(db, db.get_one(Clinic, observed.clinic_id))
    take(db, observed, Action.CALL_READY, now - timedelta(minutes=4), by)
    checking.record(db, observed, Said(item=CheckItem.WAY_HOME, clear=False), now=now - timedelta(minutes=3), by=by)
    recording.record_vitals(db, observed, Vitals(spo2_percent=88), now=now - timedelta(minutes=2), by=by)
    db.commit()
    for path in ("/board", "/"):
        assert "No way home yet" in signed_in(Role.NURSE).get(path).text
    board = signed_in(Role.NURSE).get("/board").text
    strip = board[board.index("waiting-title") : board.index("arrivals-title")]
    assert "oxygen 88" in strip
    assert "Before leaving" in strip
    assert 'value="leave"' not in strip
