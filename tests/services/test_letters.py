"""What letters read from the tables at the moment of saying it: the visit as it stands, and the series to come."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.messages import MessageKind, SkipReason
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scheduling.calendar_entry import Standing
from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.models import ActorKind, Clinic, LinkPurpose, Message, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.messages import messages, outreach
from clinic_sessions.services.messages.letters import letter_of, visit_of, wanted_links
from clinic_sessions.services.session import lifecycle
from tests import factories
from tests.plans import a_plan


@pytest.fixture
def by(db: Session, clinic: Clinic) -> Actor:
    """The front desk."""
    return Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, Role.FRONT_DESK), role=Role.FRONT_DESK)


@pytest.fixture
def series(db: Session, clinic: Clinic, now: datetime, by: Actor) -> list[TreatmentSession]:
    """Three visits of one plan, from tomorrow on, a week apart."""
    patient = factories.a_patient(db, clinic)
    plan = a_plan(db, patient, now, count=3)
    first = now + timedelta(days=1)
    return [
        factories.a_session(
            db, patient, first + timedelta(weeks=n), by=by.user, plan_id=plan.id, place_in_plan=n + 1
        )
        for n in range(3)
    ]  # fmt: skip


def _told(db: Session, treatment: TreatmentSession, notice: MessageKind, now: datetime, by: Actor) -> Message:
    outreach.align(db, treatment, now=now, by=by, notice=notice)
    return db.query(Message).filter_by(session_id=treatment.id, kind=notice).one()


def _move(db: Session, treatment: TreatmentSession, later: timedelta, now: datetime, by: Actor) -> None:
    treatment.starts_at, treatment.ends_at = treatment.starts_at + later, treatment.ends_at + later
    treatment.schedule_version += 1
    lifecycle.do(db, treatment, Action.MOVE, now=now, by=by)


def test_a_cancellation_and_its_undoing_are_newer_words_for_the_calendar(
    db: Session, now: datetime, series: list[TreatmentSession], by: Actor
) -> None:
    first, said = series[0], []

    def say() -> None:
        visit = visit_of(first, first.patient.language)
        said.append((visit.sequence, visit.standing))

    say()
    _move(db, first, timedelta(hours=1), now, by)
    say()
    lifecycle.do(db, first, Action.CANCEL, now=now, by=by)
    say()
    lifecycle.undo(db, first, now=now, by=by)
    say()
    lifecycle.do(db, first, Action.CONFIRM, now=now, by=by)
    say()

    confirmed, cancelled = Standing.CONFIRMED, Standing.CANCELLED
    assert said == [(1, confirmed), (2, confirmed), (3, cancelled), (4, confirmed), (4, confirmed)]


def test_the_confirmation_of_a_series_lists_what_is_to_come_when_it_is_sent(
    db: Session, now: datetime, series: list[TreatmentSession], by: Actor
) -> None:
    message = _told(db, series[0], MessageKind.SERIES_CONFIRMATION, now, by)
    _move(db, series[1], timedelta(hours=2), now, by)
    lifecycle.do(db, series[2], Action.CANCEL, now=now, by=by)
    letter = letter_of(message, now, {})

    assert [visit.starts_at for visit in letter.visits] == [series[0].starts_at, series[1].starts_at]
    assert letter.visit == letter.visits[0]
    assert wanted_links(message, now)[LinkPurpose.APPOINTMENT][0] == series[0].id


def test_the_confirmation_of_a_series_is_still_sent_when_its_first_visit_falls_away(
    db: Session, now: datetime, series: list[TreatmentSession], by: Actor
) -> None:
    message = _told(db, series[0], MessageKind.SERIES_CONFIRMATION, now, by)
    lifecycle.do(db, series[0], Action.CANCEL, now=now, by=by)
    outreach.align(db, series[0], now=now, by=by)

    assert messages.no_longer_so(message) is None
    assert [visit.uid for visit in letter_of(message, now, {}).visits] == [series[1].uid, series[2].uid]
    assert wanted_links(message, now)[LinkPurpose.APPOINTMENT][0] == series[1].id

    for treatment in series[1:]:
        lifecycle.do(db, treatment, Action.CANCEL, now=now, by=by)
    assert messages.no_longer_so(message) is SkipReason.CANCELLED


def test_a_move_tells_whether_one_visit_or_several_were_moved_and_lists_them_all(
    db: Session, now: datetime, series: list[TreatmentSession], by: Actor
) -> None:
    _move(db, series[0], timedelta(hours=1), now, by)
    alone = letter_of(_told(db, series[0], MessageKind.MOVED, now, by), now, {})
    later = now + timedelta(minutes=30)
    for treatment in series[1:]:
        _move(db, treatment, timedelta(hours=1), later, by)
    several = letter_of(_told(db, series[1], MessageKind.MOVED, later, by), later, {})

    assert (alone.together, several.together) == (False, True)
    for letter in (alone, several):
        assert [visit.uid for visit in letter.visits] == [treatment.uid for treatment in series]
    assert [visit.starts_at for visit in several.visits] == [treatment.starts_at for treatment in series]
    assert [visit.sequence for visit in several.visits] == [2, 2, 2]


def test_the_last_visit_of_a_series_is_told_of_alone(
    db: Session, now: datetime, series: list[TreatmentSession], by: Actor
) -> None:
    for treatment in series[:2]:
        treatment.status = Status.LEFT
    _move(db, series[2], timedelta(hours=1), now, by)

    letter = letter_of(_told(db, series[2], MessageKind.MOVED, now, by), now, {})
    assert (letter.visits, letter.together) == ((), False)


def _cancel(db: Session, treatments: list[TreatmentSession], now: datetime, by: Actor) -> None:
    for treatment in treatments:
        lifecycle.do(db, treatment, Action.CANCEL, now=now, by=by)


def test_visits_cancelled_in_one_act_are_told_of_in_the_notice_of_the_first(
    db: Session, now: datetime, series: list[TreatmentSession], by: Actor
) -> None:
    _cancel(db, series[2:], now - timedelta(hours=1), by)
    _cancel(db, series[:2], now, by)
    message = _told(db, series[0], MessageKind.CANCELLED, now, by)
    letter = letter_of(message, now, {})

    assert [visit.uid for visit in letter.visits] == [series[0].uid, series[1].uid]
    assert {visit.standing for visit in letter.visits} == {Standing.CANCELLED}
    assert letter.together

    lifecycle.undo(db, series[0], now=now, by=by)
    assert messages.no_longer_so(message) is None
    alone = letter_of(message, now, {})
    assert (alone.visit and alone.visit.uid, alone.visits, alone.together) == (series[1].uid, (), False)
    lifecycle.undo(db, series[1], now=now, by=by)
    assert messages.no_longer_so(message) is SkipReason.UNDONE


def test_a_visit_with_a_notice_of_its_own_stands_in_no_other(
    db: Session, now: datetime, series: list[TreatmentSession], by: Actor
) -> None:
    _cancel(db, series, now, by)
    told = [_told(db, treatment, MessageKind.CANCELLED, now, by) for treatment in series]
    letters = [letter_of(message, now, {}) for message in told]
    assert [letter.visit.uid for letter in letters if letter.visit] == [treatment.uid for treatment in series]
    assert [letter.visits for letter in letters] == [(), (), ()]


def test_the_notice_of_a_move_is_still_sent_for_the_others_when_its_own_visit_is_cancelled(
    db: Session, now: datetime, series: list[TreatmentSession], by: Actor
) -> None:
    for treatment in series:
        _move(db, treatment, timedelta(hours=1), now, by)
    message = _told(db, series[0], MessageKind.MOVED, now, by)
    _cancel(db, series[:1], now, by)

    assert messages.no_longer_so(message) is None
    letter = letter_of(message, now, {})
    assert [visit.uid for visit in letter.visits] == [series[1].uid, series[2].uid]
    assert (letter.visit, letter.together) == (letter.visits[0], True)
    assert wanted_links(message, now)[LinkPurpose.APPOINTMENT][0] == series[1].id
