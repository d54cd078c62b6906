"""The board: who is in which chair, what is due first, in a fixed number of queries."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.domain.session.side_effects import Grade, SideEffectEventKind, SideEffectKind
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.models import Chair, Clinic, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.effects import side_effects
from clinic_sessions.services.effects.side_effects import Followed, Noticed
from clinic_sessions.services.session import board, recording, session_due
from tests import factories
from tests.services.day import a_nurse, take

WHOLE = Vitals(systolic=120, diastolic=80, heart_rate=70, spo2_percent=98, moaa_s=5)
"""What a check holds while a dose acts."""


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> Actor:
    return a_nurse(db, clinic)


def fill(db: Session, clinic: Clinic, count: int, now: datetime, by: Actor) -> None:
    """Put a patient under treatment into each of so many chairs, with everything recorded."""
    for n in range(len(clinic.chairs), count):
        clinic.chairs.append(
            Chair(name=f"Chair {n + 1}", position=n + 1, allows_iv=True, allows_in=True, allows_im=True)
        )
    db.flush()
    for chair in clinic.chairs[:count]:
        patient = factories.a_patient(db, clinic, name=f"Patient {chair.name}")
        one = factories.a_session(db, patient, now - timedelta(minutes=30), chair=chair)
        take(db, one, Action.ARRIVE, now - timedelta(minutes=30), by)
        recording.record_vitals(db, one, Vitals(systolic=120, diastolic=80), now=now - timedelta(minutes=25), by=by)
        take(db, one, Action.START, now - timedelta(minutes=20), by)
        noticed = Noticed(kind=SideEffectKind.NAUSEA, grade=Grade.MILD)
        effect = side_effects.note(db, one, noticed, now=now, by=by)
        followed = Followed(kind=SideEffectEventKind.GRADED, grade=Grade.SEVERE)
        side_effects.follow(db, one, effect, followed, now=now, by=by)
    db.commit()


@pytest.mark.parametrize("count", [3, 12])
def test_the_board_takes_a_fixed_number_of_queries(
    db: Session, clinic: Clinic, now: datetime, nurse: Actor, count: int
) -> None:
    fill(db, clinic, count, now, nurse)
    asked: list[str] = []
    bind = db.get_bind()
    with Session(bind) as fresh:
        here = fresh.get_one(Clinic, clinic.id)
        db.rollback()
        sa.event.listen(bind, "before_cursor_execute", listen := lambda *args: asked.append(args[2]))
        board.revision(fresh, here, now)
        shown = board.build(fresh, here, now)
        names = [(card.treatment.patient.name, card.chair.name) for card in shown.cards if card.treatment]
        sa.event.remove(bind, "before_cursor_execute", listen)
    assert len(names) == count
    assert len(asked) <= 14


def test_the_overdue_chair_comes_first(db: Session, clinic: Clinic, now: datetime, nurse: Actor) -> None:
    fill(db, clinic, 3, now, nurse)
    sessions = [card.treatment for card in board.build(db, clinic, now).cards]
    for one in sessions[:2]:
        assert one is not None
        recording.record_vitals(db, one, replace(WHOLE, systolic=150, diastolic=90), now=now, by=nurse)
    cards = board.build(db, clinic, now + timedelta(minutes=9)).cards
    assert [card.tone for card in cards] == ["overdue", "due", "due"]
    assert (cards[1].pressure, cards[1].baseline) == ("150/90", "120/80")
    assert [(effect.text, effect.severe) for effect in cards[0].effects] == [("Nausea 3", True)]


def test_a_value_past_an_urgent_limit_comes_before_what_is_overdue(
    db: Session, clinic: Clinic, now: datetime, nurse: Actor
) -> None:
    fill(db, clinic, 3, now, nurse)
    last = board.build(db, clinic, now).cards[2].treatment
    assert last is not None
    recording.record_vitals(db, last, replace(WHOLE, spo2_percent=88), now=now, by=nurse)
    cards = board.build(db, clinic, now + timedelta(minutes=6)).cards
    assert cards[0].treatment is last
    assert [(mark.text, bool(mark.advice)) for mark in cards[0].urgent] == [("oxygen 88, limit below 90", True)]


def test_a_check_that_is_held_is_not_overdue_on_the_board(
    db: Session, clinic: Clinic, now: datetime, nurse: Actor
) -> None:
    fill(db, clinic, 1, now, nurse)
    one = db.scalars(sa.select(TreatmentSession)).one()
    due = session_due.of(db, one, now)
    assert due is not None
    assert due.next is not None
    before = board.revision(db, clinic, now)
    session_due.hold(db, one, due.next.at, now=now, by=nurse)
    assert board.revision(db, clinic, now) != before
    tones = [board.build(db, clinic, now + timedelta(minutes=n)).cards[0].tone for n in (1, 4)]
    assert tones == ["held", "overdue"]


def test_a_reading_out_of_range_before_the_dose_is_due_again_until_a_provider_has_answered(
    db: Session, clinic: Clinic, now: datetime, nurse: Actor
) -> None:
    one = factories.a_session(db, factories.a_patient(db, clinic), now)
    take(db, one, Action.ARRIVE, now, nurse)
    recording.record_vitals(db, one, replace(WHOLE, systolic=171), now=now, by=nurse)
    tones = [board.build(db, clinic, now + timedelta(minutes=n)).cards[0].tone for n in (4, 5, 15, 16)]
    assert tones == ["", "due", "due", "overdue"]
    card = board.build(db, clinic, now).cards[0]
    assert card.due is not None
    assert (card.due.text, card.due.at) == ("Take again", now + timedelta(minutes=5))

    recording.record_vitals(db, one, WHOLE, now=now + timedelta(minutes=6), by=nurse)
    assert board.build(db, clinic, now + timedelta(minutes=16)).cards[0].due is None


def test_a_patient_who_is_ready_leaves_the_chair_and_waits_in_sight(
    db: Session, clinic: Clinic, now: datetime, nurse: Actor
) -> None:
    chair = clinic.chairs[0]
    one = factories.a_session(db, factories.a_patient(db, clinic), now - timedelta(hours=2), chair=chair)
    take(db, one, Action.ARRIVE, now - timedelta(hours=2), nurse)
    take(db, one, Action.START, now - timedelta(minutes=100), nurse)
    take(db, one, Action.FINISH_DOSE, now - timedelta(minutes=60), nurse)
    recording.record_vitals(db, one, WHOLE, now=now - timedelta(minutes=5), by=nurse)
    take(db, one, Action.CALL_READY, now, nurse)
    shown = board.build(db, clinic, now + timedelta(minutes=10))
    assert [card.treatment for card in shown.cards if card.chair is chair] == [None]
    assert [(waiting.treatment, waiting.ready_at) for waiting in shown.waiting] == [(one, now)]
    assert one.patient_id in shown.patient_ids


def test_a_chair_shows_who_is_in_it_and_then_who_comes_next(
    db: Session, clinic: Clinic, now: datetime, nurse: Actor
) -> None:
    chair = clinic.chairs[0]
    first = factories.a_session(db, factories.a_patient(db, clinic, name="Ana Ruiz"), now, chair=chair)
    later = factories.a_session(
        db, factories.a_patient(db, clinic, name="Anna Ruiz"), now + timedelta(hours=4), chair=chair
    )
    take(db, first, Action.ARRIVE, now, nurse)
    shown = board.build(db, clinic, now)
    assert shown.cards[0].treatment is first
    assert shown.cards[0].step is Action.START
    assert shown.cards[0].alike
    assert [(one.treatment.id, one.on_card) for one in shown.arrivals] == [(later.id, False)]
    take(db, first, Action.LEAVE_WITHOUT_TELLING, now, nurse)
    assert board.build(db, clinic, now).cards[0].treatment is later


def test_who_is_here_while_the_chair_is_still_taken_stays_in_sight(
    db: Session, clinic: Clinic, now: datetime, nurse: Actor
) -> None:
    chair = clinic.chairs[0]
    first = factories.a_session(db, factories.a_patient(db, clinic, name="Ana Ruiz"), now, chair=chair)
    early = factories.a_session(db, factories.a_patient(db, clinic), now + timedelta(hours=4), chair=chair)
    take(db, first, Action.ARRIVE, now, nurse)
    take(db, early, Action.ARRIVE, now, nurse)
    shown = board.build(db, clinic, now)
    assert shown.cards[0].treatment is first
    assert [(one.treatment, one.waits_for_chair) for one in shown.arrivals] == [(early, True)]
    take(db, first, Action.LEAVE_WITHOUT_TELLING, now, nurse)
    shown = board.build(db, clinic, now)
    assert (shown.cards[0].treatment, shown.arrivals) == (early, [])


def test_the_revision_changes_with_everything_the_board_shows(
    db: Session, clinic: Clinic, now: datetime, nurse: Actor
) -> None:
    seen = [board.revision(db, clinic, now)]
    one = factories.a_session(db, factories.a_patient(db, clinic), now)
    seen.append(board.revision(db, clinic, now))
    take(db, one, Action.ARRIVE, now, nurse)
    seen.append(board.revision(db, clinic, now))
    recording.record_vitals(db, one, Vitals(heart_rate=70), now=now, by=nurse)
    seen.append(board.revision(db, clinic, now))
    effect = side_effects.note(db, one, Noticed(kind=SideEffectKind.NAUSEA, grade=Grade.MILD), now=now, by=nurse)
    seen.append(board.revision(db, clinic, now))
    side_effects.follow(db, one, effect, Followed(kind=SideEffectEventKind.RESOLVED), now=now, by=nurse)
    seen.append(board.revision(db, clinic, now))
    seen.append(board.revision(db, clinic, now + timedelta(days=1)))
    assert len(set(seen)) == len(seen)
    assert one.status is Status.ARRIVED
