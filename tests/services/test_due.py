"""What a visit asks for next: counted from true times, open for what is missing, held once."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertKind
from clinic_sessions.domain.session.lifecycle import Action
from clinic_sessions.domain.session.record import DoseEventKind
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.models import Alert, AuditEntry, Clinic, DueHold, Note, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import ChangedMeanwhile
from clinic_sessions.services.session import board, due_now, facts, recording, session_due
from clinic_sessions.services.session.due import Due, DueKind
from clinic_sessions.services.session.recording import DoseAct
from tests import factories
from tests.services.day import a_nurse, take

WHOLE = Vitals(systolic=120, diastolic=80, heart_rate=70, spo2_percent=98, moaa_s=5)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> Actor:
    return a_nurse(db, clinic)


@pytest.fixture
def infusion(db: Session, clinic: Clinic, now: datetime, nurse: Actor) -> TreatmentSession:
    """An infusion that began now."""
    return begun(db, clinic, now, nurse, "iv-mood")


def begun(
    db: Session, clinic: Clinic, now: datetime, nurse: Actor, key: str, *, chair: int = 0, devices: int | None = None
) -> TreatmentSession:
    """A session whose dose begins now, after half an hour in the clinic."""
    version, patient = factories.a_protocol(db, key), factories.a_patient(db, clinic, name=f"Ana {key}")
    came = now - 30 * MINUTE
    one = factories.a_session(db, patient, came, protocol=version, chair=clinic.chairs[chair])
    if devices:
        factories.an_order(db, patient, version, devices=devices)
    take(db, one, Action.ARRIVE, came, nurse)
    take(db, one, Action.START, now, nurse)
    return one


def first(db: Session, one: TreatmentSession, now: datetime) -> Due | None:
    found = session_due.of(db, one, now)
    return found.next if found else None


def minutes(found: Due | None, since: datetime) -> float | None:
    return None if found is None else (found.at - since) / MINUTE


def test_what_is_due_follows_the_true_time_of_the_start(
    db: Session, infusion: TreatmentSession, now: datetime, nurse: Actor
) -> None:
    assert minutes(first(db, infusion, now), now) == 10
    began = facts.dose_events(db, infusion)[0]
    act = DoseAct(kind=DoseEventKind.STARTED, micrograms=began.micrograms)
    recording.record_dose(db, infusion, act, now=now, by=nurse, at=now - 8 * MINUTE, corrects=began)

    assert minutes(first(db, infusion, now), now) == 2


def test_a_check_lacking_a_measure_stays_open_for_it(
    db: Session, infusion: TreatmentSession, now: datetime, nurse: Actor
) -> None:
    later = now + 10 * MINUTE
    recording.record_vitals(db, infusion, Vitals(systolic=120, diastolic=80, heart_rate=70), now=later, by=nurse)
    found = session_due.of(db, infusion, later)
    assert found is not None
    assert found.next is not None
    assert (minutes(found.next, now), found.next.text) == (10, "Still missing: oxygen and MOAA/S")
    assert found.missing_words == "oxygen and MOAA/S"

    recording.record_vitals(db, infusion, Vitals(spo2_percent=97, moaa_s=5), now=later + MINUTE, by=nurse)
    assert minutes(first(db, infusion, later + MINUTE), now) == 20


def test_an_extra_reading_is_always_possible_and_moves_nothing(
    db: Session, infusion: TreatmentSession, now: datetime, nurse: Actor
) -> None:
    recording.record_vitals(db, infusion, WHOLE, now=now + 2 * MINUTE, by=nurse)

    assert minutes(first(db, infusion, now + 2 * MINUTE), now) == 10


def test_a_reading_written_down_late_counts_from_its_true_time(
    db: Session, infusion: TreatmentSession, now: datetime, nurse: Actor
) -> None:
    recording.record_vitals(db, infusion, WHOLE, now=now + 40 * MINUTE, at=now + 11 * MINUTE, by=nurse)

    assert minutes(first(db, infusion, now + 40 * MINUTE), now) == 20


def test_a_held_check_waits_once_and_a_second_tap_finds_the_first(
    db: Session, infusion: TreatmentSession, now: datetime, nurse: Actor
) -> None:
    at, late = now + 10 * MINUTE, now + 16 * MINUTE
    assert [one.tone(late) for one in [first(db, infusion, late)] if one] == ["overdue"]
    held = session_due.hold(db, infusion, at, now=late, by=nurse)
    again = session_due.hold(db, infusion, at, now=late + MINUTE, by=nurse)

    assert (again.id, held.until) == (held.id, late + 3 * MINUTE)
    tones = [one.tone(late + n * MINUTE) for n in (1, 4) if (one := first(db, infusion, late + n * MINUTE))]
    assert tones == ["held", "overdue"]
    shown = session_due.of(db, infusion, late + 4 * MINUTE)
    assert shown is not None
    assert not shown.may_hold
    assert db.scalar(sa.select(sa.func.count()).select_from(AuditEntry).where(AuditEntry.entity == "due_holds")) == 1


@pytest.mark.parametrize("minute", [7, 30])
def test_only_what_is_due_now_can_be_held(
    db: Session, infusion: TreatmentSession, now: datetime, nurse: Actor, minute: int
) -> None:
    wanted = now + (10 if minute == 7 else 20) * MINUTE
    with pytest.raises(ChangedMeanwhile):
        session_due.hold(db, infusion, wanted, now=now + minute * MINUTE, by=nurse)
    assert db.scalars(sa.select(DueHold)).all() == []


@pytest.mark.parametrize(("devices", "due"), [(2, [("Vitals", 47), ("Vitals", 127)]), (3, [("Device 3", 12)])])
def test_the_next_device_is_due_after_the_last_until_the_ordered_ones_are_used(
    db: Session, clinic: Clinic, now: datetime, nurse: Actor, devices: int, due: list[tuple[str, int]]
) -> None:
    one = begun(db, clinic, now, nurse, "in-esketamine", devices=devices)
    second = first(db, one, now)
    assert second is not None
    assert (second.kind, minutes(second, now)) == (DueKind.DEVICE, 5)

    recording.record_dose(db, one, DoseAct(kind=DoseEventKind.DEVICE), now=now + 7 * MINUTE, by=nurse)

    found = session_due.of(db, one, now + 7 * MINUTE)
    assert found is not None
    assert found.next is not None
    shown = [(each.text, minutes(each, now)) for each in (found.next, *found.later)]
    assert shown[: len(due)] == due


def test_what_presses_names_chairs_and_is_asked_in_one_query_while_nobody_is_treated(
    db: Session, clinic: Clinic, now: datetime, nurse: Actor
) -> None:
    db.commit()
    assert queries(db, clinic, now) == 1
    ones = [begun(db, clinic, now, nurse, "iv-mood")]
    db.commit()
    few = queries(db, clinic, now)
    ones += [begun(db, clinic, now, nurse, key, chair=n) for n, key in ((1, "iv-pain"), (2, "im"))]
    db.commit()
    assert queries(db, clinic, now) == few

    late = now + 16 * MINUTE
    found = due_now.pressing(db, clinic, late)
    assert [(one.chair, one.tone) for one in found] == [(f"Chair {n}", "overdue") for n in (3, 1, 2)]
    assert [one.chair for one in due_now.pressing(db, clinic, late, but=ones[0].id)] == ["Chair 3", "Chair 2"]
    assert due_now.pressing(db, clinic, now) == []


def test_what_has_been_due_longest_presses_first_whatever_its_chair(
    db: Session, clinic: Clinic, now: datetime, nurse: Actor
) -> None:
    begun(db, clinic, now, nurse, "iv-mood")
    begun(db, clinic, now - 5 * MINUTE, nurse, "iv-mood", chair=1)
    found = due_now.pressing(db, clinic, now + 16 * MINUTE)
    assert [(one.chair, one.tone) for one in found] == [("Chair 2", "overdue"), ("Chair 1", "overdue")]


def queries(db: Session, clinic: Clinic, now: datetime) -> int:
    """How many queries the list takes of a fresh session."""
    asked: list[str] = []
    bind = db.get_bind()
    with Session(bind) as fresh:
        here = fresh.get_one(Clinic, clinic.id)
        db.rollback()
        sa.event.listen(bind, "before_cursor_execute", listen := lambda *args: asked.append(args[2]))
        due_now.pressing(fresh, here, now)
        sa.event.remove(bind, "before_cursor_execute", listen)
    return len(asked)


HIGH = replace(WHOLE, systolic=192, diastolic=118)


def test_an_urgent_reading_is_due_again_in_five_minutes_on_every_page(
    db: Session, infusion: TreatmentSession, clinic: Clinic, now: datetime, nurse: Actor
) -> None:
    recording.record_vitals(db, infusion, HIGH, now=now + 10 * MINUTE, by=nurse)
    found = first(db, infusion, now + 10 * MINUTE)
    assert found is not None
    assert (found.kind, found.text, minutes(found, now)) == (DueKind.REPEAT, "Repeat blood pressure", 15)
    assert [found.tone(now + n * MINUTE) for n in (12, 13, 20)] == ["", "due", "due"]
    assert found.tone(now + timedelta(minutes=20, seconds=1)) == "overdue"
    late = now + 21 * MINUTE
    card = next(one for one in board.build(db, clinic, late).cards if one.treatment is infusion)
    assert (card.due, card.tone) == (found, "overdue")
    assert [(one.due, one.tone) for one in due_now.pressing(db, clinic, late)] == [(found, "overdue")]

    recording.record_vitals(db, infusion, WHOLE, now=late, at=now + 14 * MINUTE, by=nurse)
    assert minutes(first(db, infusion, late), now) == 20


def test_a_warning_is_due_again_and_red_only_after_the_last_of_the_minutes_of_repeats(
    db: Session, infusion: TreatmentSession, now: datetime, nurse: Actor
) -> None:
    recording.record_vitals(db, infusion, replace(WHOLE, spo2_percent=92), now=now + 10 * MINUTE, by=nurse)
    found = first(db, infusion, now + 10 * MINUTE)
    assert found is not None
    assert (found.text, minutes(found, now)) == ("Repeat oxygen", 15)
    assert found.signal.red_at == now + 25 * MINUTE


def test_a_slip_that_is_corrected_is_not_taken_again(
    db: Session, infusion: TreatmentSession, now: datetime, nurse: Actor
) -> None:
    wrong = recording.record_vitals(db, infusion, HIGH, now=now + 10 * MINUTE, by=nurse)
    recording.record_vitals(db, infusion, WHOLE, now=now + 11 * MINUTE, at=wrong.at, by=nurse, corrects=wrong)

    assert minutes(first(db, infusion, now + 11 * MINUTE), now) == 20


def test_a_reading_told_later_is_due_again_from_its_true_time(
    db: Session, infusion: TreatmentSession, now: datetime, nurse: Actor
) -> None:
    recording.record_vitals(db, infusion, HIGH, now=now + 18 * MINUTE, at=now + 11 * MINUTE, by=nurse)

    assert minutes(first(db, infusion, now + 18 * MINUTE), now) == 16


def test_a_check_taken_in_part_names_what_is_to_be_repeated_besides(
    db: Session, infusion: TreatmentSession, now: datetime, nurse: Actor
) -> None:
    pressure = Vitals(systolic=192, diastolic=118)
    recording.record_vitals(db, infusion, pressure, now=now + 10 * MINUTE, by=nurse)
    found = first(db, infusion, now + 10 * MINUTE)
    assert found is not None
    assert found.text == "Still missing: heart rate, oxygen and MOAA/S; repeat blood pressure"


def test_a_repeat_is_held_as_any_due_time(db: Session, infusion: TreatmentSession, now: datetime, nurse: Actor) -> None:
    recording.record_vitals(db, infusion, HIGH, now=now + 10 * MINUTE, by=nurse)
    late = now + 21 * MINUTE
    session_due.hold(db, infusion, now + 15 * MINUTE, now=late, by=nurse)

    assert [one.tone(late + MINUTE) for one in [first(db, infusion, late + MINUTE)] if one] == ["held"]


PROBE = "The probe slips off cold hands."


def test_what_could_not_be_taken_rings_no_more_once_somebody_said_why_until_the_next_check_asks_anew(
    db: Session, infusion: TreatmentSession, clinic: Clinic, now: datetime, nurse: Actor
) -> None:
    half = Vitals(systolic=120, diastolic=80, heart_rate=70, moaa_s=5)
    recording.record_vitals(db, infusion, half, now=now + 10 * MINUTE, by=nurse)
    late = now + 16 * MINUTE
    assert [one.tone for one in due_now.pressing(db, clinic, late)] == ["overdue"]
    note = session_due.excuse(db, infusion, now + 10 * MINUTE, PROBE, now=late, by=nurse)
    assert (note.body, note.outside_rules) == (f"Could not be taken, oxygen: {PROBE}", ["oxygen_not_taken"])
    assert due_now.pressing(db, clinic, late) == []
    shown = session_due.of(db, infusion, late)
    assert shown is not None
    assert (minutes(shown.next, now), shown.excused_words) == (20, "oxygen")
    alert = db.scalars(sa.select(Alert).where(Alert.session_id == infusion.id)).one()
    assert (alert.kind, alert.words) == (AlertKind.OUTSIDE_RULES, "Oxygen could not be taken.")

    next_one = now + 20 * MINUTE
    recording.record_vitals(db, infusion, half, now=next_one, by=nurse)
    asked = first(db, infusion, next_one)
    assert asked is not None
    assert (minutes(asked, now), asked.text) == (20, "Still missing: oxygen")
    recording.record_vitals(db, infusion, Vitals(spo2_percent=97), now=next_one + MINUTE, by=nurse)
    assert minutes(first(db, infusion, next_one + MINUTE), now) == 30


def test_words_why_put_an_urgent_repeat_off_by_its_minutes_and_no_more(
    db: Session, infusion: TreatmentSession, now: datetime, nurse: Actor
) -> None:
    recording.record_vitals(db, infusion, HIGH, now=now + 10 * MINUTE, by=nurse)
    session_due.excuse(db, infusion, now + 15 * MINUTE, "The cuff has burst.", now=now + 15 * MINUTE, by=nurse)
    found = session_due.of(db, infusion, now + 15 * MINUTE)
    assert found is not None
    assert [(one.text, minutes(one, now)) for one in (found.next, *found.later) if one][:2] == [
        ("Repeat blood pressure", 20), ("Vitals", 20),
    ]  # fmt: skip


def test_a_check_of_which_nothing_was_taken_cannot_be_explained_away(
    db: Session, infusion: TreatmentSession, now: datetime, nurse: Actor
) -> None:
    with pytest.raises(ChangedMeanwhile):
        session_due.excuse(db, infusion, now + 10 * MINUTE, "Asleep", now=now + 16 * MINUTE, by=nurse)
    assert db.scalars(sa.select(Note)).all() == []


def test_a_value_past_an_urgent_limit_presses_until_it_is_read_again(
    db: Session, infusion: TreatmentSession, clinic: Clinic, now: datetime, nurse: Actor
) -> None:
    recording.record_vitals(db, infusion, Vitals(spo2_percent=88), now=now + MINUTE, by=nurse)
    found = due_now.pressing(db, clinic, now + MINUTE)
    assert [mark.short for one in found for mark in one.urgent] == ["oxygen 88"]
    assert [mark.advice for one in found for mark in one.urgent if mark.advice and "Pause the infusion" in mark.advice]
    before = due_now.revision(found)

    recording.record_vitals(db, infusion, Vitals(heart_rate=80), now=now + 2 * MINUTE, by=nurse)
    assert due_now.revision(due_now.pressing(db, clinic, now + 2 * MINUTE)) == before
    recording.record_vitals(db, infusion, Vitals(spo2_percent=96), now=now + 3 * MINUTE, by=nurse)
    assert due_now.pressing(db, clinic, now + 3 * MINUTE) == []
