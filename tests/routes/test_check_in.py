"""The check-in by link: one question a screen, kept as answered, danger told at once, never a score."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertKind, AlertTier
from clinic_sessions.domain.messages.check_ins import CheckInKind, CheckInStatus, Question
from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey, ScaleMode
from clinic_sessions.domain.scales.scoring import Answers
from clinic_sessions.domain.session.side_effects import Grade, SideEffectKind
from clinic_sessions.models import (
    Alert,
    AuditEntry,
    CheckIn,
    CheckInAnswer,
    Clinic,
    LinkPurpose,
    ScaleResult,
    SideEffect,
)
from clinic_sessions.services.messages import check_ins
from clinic_sessions.services.outcomes import scale_results
from clinic_sessions.services.outcomes.scale_results import Entry
from tests import by_link
from tests.conftest import Visitor

SAFETY = "Since you left us, have you had thoughts of ending your life or hurting yourself?"


def answer(phone: Visitor, check_in: CheckIn, step: str, **given: Any) -> Any:
    """Answer one screen."""
    return phone.post(f"/c/at/{step}", data={"of": str(check_in.id), **given})


def send(phone: Visitor, check_in: CheckIn) -> Any:
    """Send the answers."""
    return phone.post("/c/send", data={"of": str(check_in.id)})


def answers(db: Session, check_in: CheckIn) -> dict[Question, dict[str, Any]]:
    """The submitted answers."""
    db.rollback()
    rows = db.scalars(sa.select(CheckInAnswer).where(CheckInAnswer.check_in_id == check_in.id))
    return {row.question: row.value for row in rows}


def all_alerts(db: Session) -> list[Alert]:
    """Every alert."""
    db.rollback()
    return list(db.scalars(sa.select(Alert).order_by(Alert.id)))


def test_a_check_in_is_answered_on_a_phone_from_the_first_question_to_the_end(
    app: Flask, db: Session, clinic: Clinic, now: datetime
) -> None:
    check_in = by_link.a_monday_check_in(db, clinic, now, CheckInKind.AFTER_24H)
    phone = by_link.a_phone(app, db, check_in, now)
    assert "How is your mood" in phone.get("/c").text
    assert answer(phone, check_in, "mood", answer="7").headers["Location"] == "/c/at/side_effects"
    assert answer(phone, check_in, "side_effects", answer=["nausea", "headache"]).status_code == 303
    assert answer(phone, check_in, "safety", answer="no").headers["Location"] == "/c/at/send"
    review = phone.get("/c/at/send").text
    assert "I felt sick to my stomach, I had a headache" in review
    assert send(phone, check_in).headers["Location"] == "/c"
    assert "(310) 555-0100" in phone.get("/c").text
    given = answers(db, check_in)
    assert given[Question.MOOD] == {"value": 7, "language": "en"}
    assert given[Question.SIDE_EFFECTS]["kinds"] == ["nausea", "headache"]
    assert given[Question.SAFETY] == {"value": False, "asked": SAFETY, "language": "en"}
    assert all_alerts(db) == []
    assert db.get_one(CheckIn, check_in.id).status is CheckInStatus.ANSWERED


def test_a_draft_survives_and_the_link_opens_at_the_first_open_question(
    app: Flask, db: Session, clinic: Clinic, now: datetime
) -> None:
    check_in = by_link.a_monday_check_in(db, clinic, now, CheckInKind.AFTER_72H)
    answer(by_link.a_phone(app, db, check_in, now), check_in, "mood", answer="3")
    other_phone = by_link.a_phone(app, db, check_in, now)
    assert 'action="/c/at/side_effects"' in other_phone.get("/c").text
    back = other_phone.get("/c/at/mood").text
    assert 'value="3" checked' in back
    answer(other_phone, check_in, "mood", answer="4")
    assert 'value="4" checked' in other_phone.get("/c/at/mood").text


def test_what_is_skipped_stays_unknown_and_is_not_zero(app: Flask, db: Session, clinic: Clinic, now: datetime) -> None:
    check_in = by_link.a_monday_check_in(db, clinic, now, CheckInKind.AFTER_7D)
    phone = by_link.a_phone(app, db, check_in, now)
    for step in ("mood", "side_effects", *(f"phq9-{item}" for item in range(1, 10))):
        assert answer(phone, check_in, step, skip="1").status_code == 303
    send(phone, check_in)
    given = answers(db, check_in)
    assert given[Question.MOOD]["value"] is None
    assert given[Question.SIDE_EFFECTS]["kinds"] is None
    assert given[Question.PHQ9]["items"] == {}
    assert given[Question.PHQ9]["total"] is None
    assert given[Question.PHQ9]["missing"] == list(range(1, 10))
    assert all_alerts(db) == []


def test_sending_twice_sends_once(app: Flask, db: Session, clinic: Clinic, now: datetime) -> None:
    check_in = by_link.a_monday_check_in(db, clinic, now, CheckInKind.AFTER_24H)
    phone = by_link.a_phone(app, db, check_in, now)
    answer(phone, check_in, "mood", answer="7")
    assert [send(phone, check_in).status_code for _ in range(3)] == [303, 303, 303]
    assert answer(phone, check_in, "mood", answer="1").headers["Location"] == "/c"
    assert answers(db, check_in)[Question.MOOD]["value"] == 7
    assert len(answers(db, check_in)) == 3


def test_yes_to_the_safety_question_raises_one_alert_at_once_however_often_it_is_posted(
    app: Flask, db: Session, clinic: Clinic, now: datetime
) -> None:
    check_in = by_link.a_monday_check_in(db, clinic, now, CheckInKind.AFTER_24H)
    phone = by_link.a_phone(app, db, check_in, now)
    for _ in range(3):
        assert answer(phone, check_in, "safety", answer="yes").status_code == 303
    answer(phone, check_in, "safety", answer="no")
    answer(phone, check_in, "safety", answer="yes")
    [alert] = all_alerts(db)
    assert (alert.kind, alert.tier) == (AlertKind.SAFETY_ANSWER, AlertTier.NOW)
    assert alert.words == f"{SAFETY} Yes"
    assert alert.answer_by == now + timedelta(minutes=15)
    following = by_link.visible(phone.get("/c/at/send").text)
    assert "Our team has been told and will try to call you by 10:15 am. Please don't wait for us." in following
    send(phone, check_in)
    assert "You don't have to face this alone." in by_link.visible(phone.get("/c").text)
    assert answers(db, check_in)[Question.SAFETY]["value"] is True


def test_outside_the_opening_hours_the_card_says_when_the_team_will_see_it(
    app: Flask, db: Session, clinic: Clinic, time_at: time_machine.Traveller
) -> None:
    night = datetime(2026, 11, 28, 6, 0, tzinfo=UTC)
    time_at.move_to(night)
    check_in = by_link.a_monday_check_in(db, clinic, night, CheckInKind.AFTER_24H, language=Language.ES)
    phone = by_link.a_phone(app, db, check_in, night)
    answer(phone, check_in, "safety", answer="yes")
    assert "El lunes a las 8:00 a. m. lo verá nuestro equipo." in by_link.visible(phone.get("/c").text)


@pytest.mark.parametrize(("value", "tier"), [("1", AlertTier.SAME_DAY), ("2", AlertTier.NOW), ("3", AlertTier.NOW)])
def test_item_nine_above_zero_raises_an_alert_of_its_tier(
    app: Flask, db: Session, clinic: Clinic, now: datetime, value: str, tier: AlertTier
) -> None:
    check_in = by_link.a_monday_check_in(db, clinic, now, CheckInKind.AFTER_7D)
    phone = by_link.a_phone(app, db, check_in, now)
    for _ in range(2):
        answer(phone, check_in, "phq9-9", answer=value)
    [alert] = all_alerts(db)
    assert alert.tier is tier
    assert alert.words.startswith("Thoughts that you would be better off dead")


def test_a_danger_that_grows_is_told_again(app: Flask, db: Session, clinic: Clinic, now: datetime) -> None:
    check_in = by_link.a_monday_check_in(db, clinic, now, CheckInKind.AFTER_7D)
    phone = by_link.a_phone(app, db, check_in, now)
    for value in ("1", "3", "3", "1", "2"):
        answer(phone, check_in, "phq9-9", answer=value)
    assert [alert.tier for alert in all_alerts(db)] == [AlertTier.SAME_DAY, AlertTier.NOW]


def test_seven_days_after_phq9_is_scored_for_staff_and_no_score_reaches_the_patient(
    app: Flask, db: Session, clinic: Clinic, now: datetime
) -> None:
    check_in = by_link.a_monday_check_in(db, clinic, now, CheckInKind.AFTER_7D)
    phone = by_link.a_phone(app, db, check_in, now)
    seen = [phone.get("/c").text]
    answer(phone, check_in, "mood", answer="5")
    answer(phone, check_in, "side_effects", answer=["none"])
    for item in range(1, 10):
        answer(phone, check_in, f"phq9-{item}", answer="0" if item == 9 else "2")
        seen.append(phone.get(f"/c/at/phq9-{item}").text)
    assert "how difficult have these problems" in phone.get("/c/at/phq9-10").text
    answer(phone, check_in, "phq9-10", answer="2")
    seen += [phone.get("/c/at/send").text, send(phone, check_in).text, phone.get("/c").text]
    given = answers(db, check_in)[Question.PHQ9]
    assert (given["total"], given["band"], given["algorithm"], given["impaired"]) == (
        16,
        "moderately_severe",
        "major",
        True,
    )
    assert given["version"] == "Kroenke, Spitzer and Williams 1999"
    [kept] = db.scalars(sa.select(ScaleResult))
    assert (kept.scale, kept.total_thousandths, kept.band) == (ScaleKey.PHQ_9, 16_000, "moderately_severe")
    assert (kept.mode, kept.check_in_id, kept.at, kept.by_id) == (ScaleMode.LINK, check_in.id, now, None)
    assert kept.flags == ["impaired", "algorithm_major"]
    for html in seen:
        text = by_link.visible(html).lower()
        assert not [
            word for word in ("score", "total", "severe", "moderate", "phq", " 16 ", "depression") if word in text
        ]
        assert "moderately" not in html
        assert "total" not in html


def test_phq9_is_not_asked_twice_in_a_week(app: Flask, db: Session, clinic: Clinic, now: datetime) -> None:
    first = by_link.a_monday_check_in(db, clinic, now, CheckInKind.AFTER_7D)
    phone = by_link.a_phone(app, db, first, now)
    answer(phone, first, "phq9-9", answer="0")
    send(phone, first)
    db.rollback()
    treatment = by_link.a_visit_left(db, first.patient, now - timedelta(days=3))
    again = by_link.a_check_in(db, treatment, CheckInKind.AFTER_7D, now - timedelta(hours=1))
    other = by_link.a_phone(app, db, again, now)
    assert "Question 1 of 3" in other.get("/c").text
    assert SAFETY in other.get("/c/at/safety").text
    assert other.get("/c/at/phq9-1").status_code == 404


def test_phq9_is_not_asked_within_a_week_of_one_on_paper(
    app: Flask, db: Session, clinic: Clinic, now: datetime
) -> None:
    check_in = by_link.a_monday_check_in(db, clinic, now, CheckInKind.AFTER_7D)
    entry = Entry(
        scale=ScaleKey.PHQ_9, answers=Answers(items={9: 1}), language=Language.EN, mode=ScaleMode.PAPER,
        at=now - timedelta(days=6),
    )  # fmt: skip
    scale_results.add(db, entry, check_in.patient_id, now=now, by_id=check_in.treatment.booked_by_id)
    assert Question.PHQ9 not in check_ins.asks(db, check_in, now)
    assert Question.PHQ9 in check_ins.asks(db, check_in, now + timedelta(days=1))
    assert scale_results.previous_item_9(db, check_in.patient_id, now) == 1


def test_the_first_check_in_asks_about_side_effects_that_were_there_at_leaving(
    app: Flask, db: Session, clinic: Clinic, now: datetime
) -> None:
    check_in = by_link.a_monday_check_in(db, clinic, now, CheckInKind.AFTER_24H)
    treatment = check_in.treatment
    effect = SideEffect(
        session_id=treatment.id, by_id=treatment.booked_by_id, at=now - timedelta(days=1, hours=1), late=False,
        recorded_at=now, kind=SideEffectKind.HEADACHE, grade=Grade.MILD,
    )  # fmt: skip
    db.add(effect)
    db.commit()
    phone = by_link.a_phone(app, db, check_in, now)
    assert "I had a headache" in phone.get("/c/at/lasting").text
    answer(phone, check_in, "lasting", answer=[str(effect.id)])
    send(phone, check_in)
    assert answers(db, check_in)[Question.SIDE_EFFECTS]["still"] == {str(effect.id): True}


@pytest.mark.parametrize(
    ("step", "given", "said"),
    [
        ("mood", {}, "Choose an answer"),
        ("mood", {"answer": "11"}, "Choose an answer"),
        ("mood", {"answer": "-1"}, "Choose an answer"),
        ("mood", {"answer": "٧"}, "Choose an answer"),
        ("safety", {"answer": "maybe"}, "Choose an answer"),
        ("side_effects", {"answer": ["none", "nausea"]}, "Choose either"),
        ("side_effects", {"answer": ["<zxq>"]}, "Choose an answer"),
    ],
)
def test_an_answer_that_cannot_be_kept_comes_back_with_words_beside_it(
    app: Flask, db: Session, clinic: Clinic, now: datetime, step: str, given: dict[str, Any], said: str
) -> None:
    check_in = by_link.a_monday_check_in(db, clinic, now, CheckInKind.AFTER_24H)
    refused = answer(by_link.a_phone(app, db, check_in, now), check_in, step, **given)
    assert refused.status_code == 422
    assert said in refused.text
    assert "<zxq>" not in refused.text
    db.rollback()
    assert db.get_one(CheckIn, check_in.id).draft == {}


def test_an_unknown_screen_is_not_there(app: Flask, db: Session, clinic: Clinic, now: datetime) -> None:
    check_in = by_link.a_monday_check_in(db, clinic, now, CheckInKind.AFTER_24H)
    phone = by_link.a_phone(app, db, check_in, now)
    assert phone.get("/c/at/phq9-1").status_code == 404
    assert phone.get("/c/at/nothing").status_code == 404
    assert answer(phone, check_in, "send", answer="1").status_code == 404


def test_an_answer_after_the_end_of_a_check_in_is_gone_with_help_on_the_page(
    app: Flask, db: Session, clinic: Clinic, now: datetime, time_at: time_machine.Traveller
) -> None:
    check_in = by_link.a_monday_check_in(db, clinic, now, CheckInKind.AFTER_24H)
    phone = by_link.a_phone(app, db, check_in, now)
    time_at.move_to(check_in.expires_at)
    for late in (phone.get("/c"), phone.get("/c/at/mood"), answer(phone, check_in, "safety", answer="yes")):
        assert late.status_code == 410
        assert "This link is no longer active" in late.text
        assert "I need help now" in late.text
        assert "tel:988" in late.text
    assert all_alerts(db) == []


def test_the_page_is_spanish_for_a_patient_who_reads_spanish_and_can_be_switched(
    app: Flask, db: Session, clinic: Clinic, now: datetime
) -> None:
    check_in = by_link.a_monday_check_in(db, clinic, now, CheckInKind.AFTER_24H, language=Language.ES)
    phone = by_link.a_phone(app, db, check_in, now)
    page = phone.get("/c")
    assert '<html lang="es">' in page.text
    assert "lunes a viernes, de 8:00 a. m. a 6:00 p. m." in page.text
    assert '<html lang="en">' in phone.get("/c?lang=en").text
    assert '<html lang="en">' in phone.get("/c/at/safety").text
    answer(phone, check_in, "safety", answer="no")
    send(phone, check_in)
    assert answers(db, check_in)[Question.SAFETY]["language"] == "en"


def test_the_crisis_card_is_in_the_page_before_any_answer_and_the_first_page_is_small(
    app: Flask, db: Session, clinic: Clinic, now: datetime
) -> None:
    check_in = by_link.a_monday_check_in(db, clinic, now, CheckInKind.AFTER_24H)
    phone = by_link.a_phone(app, db, check_in, now)
    first = phone.get("/c").text
    sheets = [loaded(phone, path) for path in stylesheets(first)]
    assert len(sheets) >= 4
    assert len(first.encode()) + sum(map(len, sheets)) <= 30_000
    safety = phone.get("/c/at/safety").text
    assert 'class="crisis crisis-on-answer"' in safety
    assert "Not sent yet. Please call." in safety
    assert safety.count("data-danger") == 1
    assert "<script" not in safety


def loaded(phone: Visitor, path: str) -> bytes:
    """What a path answers."""
    with phone.get(path) as answer:
        return bytes(answer.data)


def stylesheets(html: str) -> list[str]:
    """The stylesheets that a page loads."""
    return [line.split('href="')[1].split('"')[0] for line in html.splitlines() if 'rel="stylesheet"' in line]


def test_i_need_help_now_tells_the_clinic_once_while_nobody_has_answered(
    app: Flask, db: Session, clinic: Clinic, now: datetime
) -> None:
    check_in = by_link.a_monday_check_in(db, clinic, now, CheckInKind.AFTER_24H)
    phone = by_link.a_phone(app, db, check_in, now)
    for _ in range(2):
        told = phone.post("/c/help", data={"of": str(check_in.id)})
        assert told.status_code == 200
        assert "will try to call you by 10:15 am" in by_link.visible(told.text)
    [alert] = all_alerts(db)
    assert (alert.kind, alert.tier) == (AlertKind.HELP_WANTED, AlertTier.NOW)


def test_a_form_of_another_check_in_is_not_taken(app: Flask, db: Session, clinic: Clinic, now: datetime) -> None:
    mine = by_link.a_monday_check_in(db, clinic, now, CheckInKind.AFTER_24H)
    other = by_link.a_monday_check_in(db, clinic, now, CheckInKind.AFTER_24H)
    phone = by_link.a_phone(app, db, mine, now)
    refused = answer(phone, other, "safety", answer="yes")
    assert refused.status_code == 409
    assert "tel:988" in refused.text
    assert all_alerts(db) == []


def test_without_a_csrf_token_nothing_is_kept_and_the_page_offers_help(
    app: Flask, db: Session, clinic: Clinic, now: datetime
) -> None:
    check_in = by_link.a_monday_check_in(db, clinic, now, CheckInKind.AFTER_24H)
    phone = by_link.a_phone(app, db, check_in, now)
    refused = phone.post("/c/at/safety", data={"of": str(check_in.id), "answer": "yes"}, csrf=False)
    assert refused.status_code == 400
    assert "This was not sent" in refused.text
    assert "tel:988" in refused.text


def test_beginning_and_sending_are_audited_as_the_patients_acts(
    app: Flask, db: Session, clinic: Clinic, now: datetime
) -> None:
    check_in = by_link.a_monday_check_in(db, clinic, now, CheckInKind.AFTER_24H)
    phone = by_link.a_phone(app, db, check_in, now)
    answer(phone, check_in, "mood", answer="7")
    answer(phone, check_in, "mood", answer="6")
    send(phone, check_in)
    db.rollback()
    entries = db.scalars(sa.select(AuditEntry).where(AuditEntry.entity == "check_in").order_by(AuditEntry.id)).all()
    assert [entry.changes["status"] for entry in entries] == [["asked", "started"], ["started", "answered"]]
    assert {entry.actor.value for entry in entries} == {"patient"}


def test_purpose_of_a_link_is_kept(app: Flask, db: Session, clinic: Clinic, now: datetime) -> None:
    check_in = by_link.a_monday_check_in(db, clinic, now, CheckInKind.AFTER_24H)
    token = by_link.a_token(db, LinkPurpose.CHECK_IN, check_in.id, check_in.patient, now)
    visitor = app.test_client()
    assert visitor.get(f"/a/{token}").status_code == 404
    assert visitor.get(f"/w/{token}").status_code == 404
