"""Changes of what is booked: who is told when, what can be taken back, and when a clinician calls."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertAction, AlertKind, AlertStatus, AlertTier
from clinic_sessions.domain.messages.messages import GRACE, NOTICES, MessageKind, MessageStatus, SkipReason
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scheduling.reasons import CancelReason
from clinic_sessions.domain.scheduling.timetable import BookingReason
from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.models import ActorKind, Alert, Clinic, Message, MoveWish, Patient, TreatmentSession
from clinic_sessions.services import alerts
from clinic_sessions.services.actor import Actor, patient_by_link
from clinic_sessions.services.booking import appointments, booking, change_notes, changes
from clinic_sessions.services.booking.booking import BookingRequest, MoveRequest
from clinic_sessions.services.booking.room import TimeTaken
from clinic_sessions.services.messages import eligibility, message_list
from clinic_sessions.services.messages.message_list import ResendReason
from clinic_sessions.services.refusals import ChangedMeanwhile, Refusal
from clinic_sessions.services.sites import patient_clinics
from tests import factories

THURSDAY_TEN = datetime(2026, 12, 3, 18, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
REMINDERS = {MessageKind.REMINDER_7D, MessageKind.REMINDER_48H, MessageKind.REMINDER_EVENING}


@pytest.fixture
def desk(db: Session, clinic: Clinic) -> Actor:
    """Someone at the front desk."""
    return Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, Role.FRONT_DESK), role=Role.FRONT_DESK)


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    """A patient with an email address."""
    return factories.a_patient(db, clinic)


@pytest.fixture
def treatment(db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime) -> TreatmentSession:
    """A session ten days ahead, whose confirmation has gone out."""
    made = _book(db, clinic, patient, desk, now, THURSDAY_TEN)
    _goes_out(db, made)
    return made


def _book(
    db: Session, clinic: Clinic, patient: Patient, by: Actor, now: datetime, at: datetime, chair: int = 0
) -> TreatmentSession:
    request = BookingRequest(
        patient_id=patient.id,
        protocol_version_id=factories.a_protocol(db).id,
        chair_id=clinic.chairs[chair].id,
        starts_at=at,
    )
    return booking.book(db, request, now=now, by=by)


def _move(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime, to: datetime, chair: int | None = None
) -> None:
    chair_id = treatment.chair_id if chair is None else treatment.clinic.chairs[chair].id
    assert chair_id is not None
    booking.move(db, treatment, MoveRequest(chair_id=chair_id, starts_at=to, version=treatment.version), now=now, by=by)


def _rows(db: Session, treatment: TreatmentSession) -> list[Message]:
    db.flush()
    return list(db.scalars(sa.select(Message).where(Message.session_id == treatment.id).order_by(Message.id)))


def _notices(db: Session, treatment: TreatmentSession) -> list[tuple[MessageKind, datetime]]:
    """List the notices that wait, with when each leaves."""
    waiting = [row for row in _rows(db, treatment) if row.status is MessageStatus.PLANNED and row.kind in NOTICES]
    return [(row.kind, row.due_at) for row in waiting]


def _reminders(db: Session, treatment: TreatmentSession) -> dict[MessageKind, datetime]:
    waiting = [row for row in _rows(db, treatment) if row.status is MessageStatus.PLANNED and row.kind in REMINDERS]
    assert all(eligibility.skip_reason(row, row.due_at) is None for row in waiting)
    return {row.kind: row.due_at for row in waiting}


def _goes_out(db: Session, treatment: TreatmentSession) -> None:
    for row in _rows(db, treatment):
        if row.status is MessageStatus.PLANNED and row.kind in NOTICES:
            row.status = MessageStatus.SENT
    db.flush()


def test_a_second_change_within_the_grace_leaves_one_notice_of_the_latest_state(
    db: Session, treatment: TreatmentSession, desk: Actor, now: datetime
) -> None:
    _move(db, treatment, desk, now, THURSDAY_TEN + DAY)
    assert _notices(db, treatment) == [(MessageKind.MOVED, now + GRACE)]

    _move(db, treatment, desk, now + MINUTE, THURSDAY_TEN + 4 * DAY)
    assert _notices(db, treatment) == [(MessageKind.MOVED, now + MINUTE + GRACE)]

    reasons = [CancelReason.PATIENT_ASKED]
    changes.cancel(db, treatment, reasons, version=treatment.version, now=now + 2 * MINUTE, by=desk)
    assert _notices(db, treatment) == [(MessageKind.CANCELLED, now + 2 * MINUTE + GRACE)]


def test_a_move_to_another_chair_at_the_same_time_tells_the_patient_nothing(
    db: Session, treatment: TreatmentSession, desk: Actor, now: datetime
) -> None:
    before = _reminders(db, treatment)
    _move(db, treatment, desk, now, THURSDAY_TEN, chair=1)
    assert _notices(db, treatment) == []
    assert _reminders(db, treatment) == before


def test_a_move_undone_in_time_is_as_if_it_never_was_for_the_patient(
    db: Session, treatment: TreatmentSession, desk: Actor, now: datetime
) -> None:
    changes.confirm(db, treatment, version=treatment.version, now=now, by=desk)
    db.add(MoveWish(session_id=treatment.id, schedule_version=1, made_at=now))
    before = _reminders(db, treatment)
    due = before[MessageKind.REMINDER_48H]
    _move(db, treatment, desk, due - MINUTE, THURSDAY_TEN + DAY, chair=1)

    told = changes.undo_move(db, treatment, version=treatment.version, now=due + MINUTE, by=desk)

    assert not told
    assert (treatment.starts_at, treatment.chair_id) == (THURSDAY_TEN, treatment.clinic.chairs[0].id)
    assert (treatment.status, treatment.schedule_version) == (Status.CONFIRMED, 3)
    assert _notices(db, treatment) == []
    seven_days = {MessageKind.REMINDER_7D}
    assert {k: v for k, v in _reminders(db, treatment).items() if k not in seven_days} == {
        k: v for k, v in before.items() if k not in seven_days
    }
    assert len(appointments.open_move_wishes(db, treatment.clinic_id)) == 1


def test_a_move_undone_after_its_notice_left_is_told_again(
    db: Session, treatment: TreatmentSession, desk: Actor, now: datetime
) -> None:
    _move(db, treatment, desk, now, THURSDAY_TEN + DAY)
    _goes_out(db, treatment)

    assert changes.undo_move(db, treatment, version=None, now=now + HOUR, by=desk)

    assert treatment.starts_at == THURSDAY_TEN
    assert _notices(db, treatment) == [(MessageKind.MOVED, now + HOUR + GRACE)]


def test_a_patient_who_never_got_the_confirmation_gets_it_when_the_move_is_undone(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    treatment = _book(db, clinic, patient, desk, now, THURSDAY_TEN)
    _move(db, treatment, desk, now, THURSDAY_TEN + DAY)
    changes.undo_move(db, treatment, version=None, now=now + MINUTE, by=desk)
    assert _notices(db, treatment) == [(MessageKind.CONFIRMATION, now + MINUTE)]


def test_a_visit_that_has_begun_meanwhile_can_come_back_within_the_grace_only(
    db: Session, treatment: TreatmentSession, desk: Actor
) -> None:
    for later, comes_back in ((2 * MINUTE, True), (GRACE + MINUTE, False)):
        moved_at = THURSDAY_TEN - MINUTE
        _move(db, treatment, desk, moved_at, THURSDAY_TEN + DAY)
        if comes_back:
            changes.undo_move(db, treatment, version=treatment.version, now=moved_at + later, by=desk)
            assert treatment.starts_at == THURSDAY_TEN
        else:
            with pytest.raises(TimeTaken) as refused:
                changes.undo_move(db, treatment, version=treatment.version, now=moved_at + later, by=desk)
            assert list(refused.value.reasons) == [BookingReason.IN_THE_PAST]


def test_a_move_cannot_be_undone_once_its_place_is_taken(
    db: Session, clinic: Clinic, treatment: TreatmentSession, desk: Actor, now: datetime
) -> None:
    _move(db, treatment, desk, now, THURSDAY_TEN + DAY)
    _book(db, clinic, factories.a_patient(db, clinic, "Bo Chen"), desk, now, THURSDAY_TEN + HOUR)
    with pytest.raises(TimeTaken) as refused:
        changes.undo_move(db, treatment, version=treatment.version, now=now + MINUTE, by=desk)
    assert list(refused.value.reasons) == [BookingReason.CHAIR_TAKEN]
    assert len(refused.value.next_times) == 3
    assert treatment.starts_at == THURSDAY_TEN + DAY


def test_only_the_change_that_was_seen_is_undone(
    db: Session, clinic: Clinic, treatment: TreatmentSession, desk: Actor, now: datetime
) -> None:
    other = Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, Role.FRONT_DESK), role=Role.FRONT_DESK)
    with pytest.raises(Refusal):
        changes.undo_move(db, treatment, version=treatment.version, now=now, by=desk)
    _move(db, treatment, desk, now, THURSDAY_TEN + DAY)
    for version, by in ((treatment.version - 1, desk), (None, other)):
        with pytest.raises(ChangedMeanwhile):
            changes.undo_move(db, treatment, version=version, now=now, by=by)


def test_a_cancellation_undone_in_time_tells_nobody_and_a_taken_place_stays_taken(
    db: Session, clinic: Clinic, treatment: TreatmentSession, desk: Actor, now: datetime
) -> None:
    reasons = [CancelReason.PATIENT_ASKED]
    before = _reminders(db, treatment)
    changes.cancel(db, treatment, reasons, version=treatment.version, now=now, by=desk)
    assert change_notes.of(db, treatment, now).leaves_at == now + GRACE
    changes.undo_ending(db, treatment, version=treatment.version, now=now + MINUTE, by=desk)
    assert (_notices(db, treatment), _reminders(db, treatment)) == ([], before)

    changes.cancel(db, treatment, reasons, version=treatment.version, now=now, by=desk)
    _book(db, clinic, factories.a_patient(db, clinic, "Bo Chen"), desk, now, THURSDAY_TEN)
    with pytest.raises(Refusal):
        changes.undo_ending(db, treatment, version=treatment.version, now=now + MINUTE, by=desk)


@pytest.mark.parametrize(
    ("reason", "hours", "late"),
    [
        (CancelReason.PATIENT_UNWELL, 19, "19 h before"),
        (CancelReason.PATIENT_UNWELL, 25, None),
        (CancelReason.CLINIC_STAFF, 19, None),
        (CancelReason.BOOKED_BY_MISTAKE, 19, None),
    ],
)
def test_only_the_patients_side_cancels_late(
    db: Session, treatment: TreatmentSession, desk: Actor, reason: CancelReason, hours: int, late: str | None
) -> None:
    at = THURSDAY_TEN - hours * HOUR
    changes.cancel(db, treatment, [reason], version=treatment.version, now=at, by=desk)
    assert change_notes.late(treatment) == late
    assert db.scalars(sa.select(Alert)).all() == []


def test_a_patient_who_cancels_by_link_hears_at_once_and_early_in_a_series_a_clinician_calls(
    db: Session, treatment: TreatmentSession
) -> None:
    treatment.place_in_plan = 2
    at = THURSDAY_TEN - 4 * HOUR
    appointments.cancel(db, treatment, seen=1, now=at, by=patient_by_link("127.0.0.1"))
    assert change_notes.late(treatment) == "4 h before"
    assert _notices(db, treatment) == [(MessageKind.CANCELLED, at)]
    alert = db.scalars(sa.select(Alert)).one()
    assert (alert.kind, alert.tier) == (AlertKind.DID_NOT_COME, AlertTier.SAME_DAY)


def test_we_missed_you_waits_for_the_clinician_after_a_recent_alert(
    db: Session, patient: Patient, treatment: TreatmentSession, desk: Actor
) -> None:
    at = THURSDAY_TEN + 20 * MINUTE
    alerts.raise_alert(
        db, patient, AlertKind.SAFETY_ANSWER, AlertTier.SAME_DAY, "Item 9: 1",
        dedup_key="check_in:1", now=at - 13 * DAY, by=desk,
    )  # fmt: skip
    assert change_notes.of(db, treatment, at).proposed

    changes.note_absence(db, treatment, version=treatment.version, now=at, by=desk)

    alert = db.scalars(sa.select(Alert).where(Alert.kind == AlertKind.DID_NOT_COME)).one()
    assert (alert.tier, alert.session_id) == (AlertTier.SAME_DAY, treatment.id)
    [missed] = [row for row in _rows(db, treatment) if row.kind is MessageKind.DID_NOT_COME]
    assert missed.skip_reason is SkipReason.CLINICIAN_FIRST
    notes = change_notes.of(db, treatment, at)
    assert (notes.proposed, notes.clinician_calls, notes.leaves_at) == (False, True, None)

    assert message_list.why_not_again(missed, at) == [ResendReason.CLINICIAN_FIRST]
    for action in (AlertAction.ACKNOWLEDGE, AlertAction.CLOSE):
        alerts.answer(db, alert, action, "Reached, is well.", seen=alert.version, now=at, by=desk)
    assert message_list.why_not_again(missed, at) == []


def test_an_absence_that_is_undone_takes_back_its_call_unless_somebody_is_calling(
    db: Session, treatment: TreatmentSession, desk: Actor
) -> None:
    treatment.place_in_plan = 1
    db.flush()
    at = THURSDAY_TEN + 20 * MINUTE
    for taken_on, left in ((False, AlertStatus.CLOSED), (True, AlertStatus.ACKNOWLEDGED)):
        changes.note_absence(db, treatment, version=treatment.version, now=at, by=desk)
        alert = db.scalars(sa.select(Alert).order_by(Alert.id.desc())).first()
        assert alert is not None
        if taken_on:
            alerts.answer(db, alert, AlertAction.ACKNOWLEDGE, "Calling.", seen=alert.version, now=at, by=desk)
        changes.undo_ending(db, treatment, version=treatment.version, now=at, by=desk)
        assert alert.status is left


def test_a_patient_without_cause_for_worry_is_written_to_after_the_grace_unless_they_come_after_all(
    db: Session, treatment: TreatmentSession, desk: Actor
) -> None:
    at = THURSDAY_TEN + 20 * MINUTE
    changes.note_absence(db, treatment, version=treatment.version, now=at, by=desk)
    assert db.scalars(sa.select(Alert)).all() == []
    assert _notices(db, treatment) == [(MessageKind.DID_NOT_COME, at + GRACE)]

    changes.undo_ending(db, treatment, version=treatment.version, now=at + MINUTE, by=desk)
    assert (treatment.status, _notices(db, treatment)) == (Status.BOOKED, [])
    assert treatment.changes[-1].action is Action.UNDO


@pytest.mark.parametrize("lost", ["in_use", "allows_iv"])
def test_a_cancelled_session_does_not_come_back_to_a_chair_that_is_of_no_use_by_now(
    db: Session, treatment: TreatmentSession, desk: Actor, now: datetime, lost: str
) -> None:
    changes.cancel(db, treatment, [CancelReason.PATIENT_ASKED], version=treatment.version, now=now, by=desk)
    setattr(treatment.chair, lost, False)
    db.flush()
    with pytest.raises(Refusal) as refused:
        changes.undo_ending(db, treatment, version=treatment.version, now=now, by=desk)
    assert refused.value.reasons == (BookingReason.CHAIR_NOT_SUITABLE,)
    assert treatment.status is Status.CANCELLED


def test_a_cancelled_session_does_not_come_back_to_a_site_that_no_longer_treats_its_patient(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    further = factories.a_clinic(db)
    assert desk.user is not None
    desk.user.clinics = [clinic, further]
    patient_clinics.add(db, patient, further.id, now=now, by=desk)
    treatment = _book(db, further, patient, desk, now, THURSDAY_TEN)
    changes.cancel(db, treatment, [CancelReason.PATIENT_ASKED], version=treatment.version, now=now, by=desk)
    patient_clinics.remove(db, patient, further.id, now=now, by=desk)
    with pytest.raises(Refusal) as refused:
        changes.undo_ending(db, treatment, version=treatment.version, now=now, by=desk)
    assert refused.value.reasons == (BookingReason.NOT_TREATED_HERE,)
