"""Leaving on both databases: what frees the chair, the wait for a ride, other endings, check-ins from leaving."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertKind
from clinic_sessions.domain.messages.check_ins import CheckInKind, CheckInStatus
from clinic_sessions.domain.permissions import Permission, Role
from clinic_sessions.domain.protocols.protocols import PhaseKind, phase_minutes
from clinic_sessions.domain.scheduling.timetable import BookingReason
from clinic_sessions.domain.session.lifecycle import OTHER_ENDINGS, Action, Gate, Status
from clinic_sessions.domain.session.readiness import Reason
from clinic_sessions.domain.session.ride_calls import CallAnswer, Contact
from clinic_sessions.domain.session.session_checks import CheckItem
from clinic_sessions.domain.session.side_effects import Grade, Outcome, SideEffectEventKind, SideEffectKind
from clinic_sessions.domain.session.start_gate import Answer
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Alert, AuditEntry, CheckIn, Clinic, Message, TreatmentSession, VitalsReading
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.before import asking, checking
from clinic_sessions.services.before.checking import Said
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.effects import side_effects
from clinic_sessions.services.effects.side_effects import Followed, Noticed
from clinic_sessions.services.leaving import leave_gate, leaving, waiting_for_ride
from clinic_sessions.services.messages import check_ins
from clinic_sessions.services.refusals import Refusal
from clinic_sessions.services.session import due, facts, recording, steps
from clinic_sessions.services.session.lifecycle import GateClosed
from clinic_sessions.services.shifts import cover
from tests import factories
from tests.services.day import a_nurse, take

CALM = Vitals(systolic=122, diastolic=78, heart_rate=70, spo2_percent=98)


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> Actor:
    return a_nurse(db, clinic)


@pytest.fixture
def provider(db: Session, clinic: Clinic) -> Actor:
    return a_nurse(db, clinic, Role.PROVIDER)


def observing(db: Session, clinic: Clinic, began: datetime, by: Actor) -> TreatmentSession:
    """A visit by vein whose dose began at a moment and ran its 40 minutes, read once since."""
    made = factories.a_session(db, factories.a_patient(db, clinic), began - timedelta(minutes=10))
    take(db, made, Action.ARRIVE, made.starts_at, by)
    take(db, made, Action.START, began, by)
    take(db, made, Action.FINISH_DOSE, began + timedelta(minutes=40), by)
    recording.record_vitals(db, made, CALM, now=began + timedelta(minutes=95), by=by)
    return made


@pytest.fixture
def observed(db: Session, clinic: Clinic, now: datetime, nurse: Actor) -> TreatmentSession:
    """The same, well enough at `now`: a hundred minutes after its dose began."""
    return observing(db, clinic, now - timedelta(minutes=100), nurse)


def call_ready(db: Session, treatment: TreatmentSession, now: datetime, by: Actor) -> datetime:
    """Call them ready; gives the end that the block had."""
    ends_at = treatment.ends_at
    take(db, treatment, Action.CALL_READY, now, by)
    return ends_at


def undo(db: Session, treatment: TreatmentSession, now: datetime, by: Actor) -> None:
    steps.take(db, treatment, steps.Step(action=Action.UNDO, version=treatment.version), now=now, by=by)


def test_calling_ready_frees_the_chair_after_its_turnaround_and_says_so(
    db: Session, observed: TreatmentSession, now: datetime, nurse: Actor
) -> None:
    before = call_ready(db, observed, now, nurse)
    assert observed.status is Status.READY
    assert observed.ends_at == now + timedelta(minutes=observed_turnaround(observed)) < before
    step = observed.changes[-1]
    assert step.details["ends_at"] == [before.isoformat(), observed.ends_at.isoformat()]
    changes = [one.changes for one in db.scalars(sa.select(AuditEntry).where(AuditEntry.entity == "session"))]
    assert any(one and "ends_at" in one for one in changes)


def observed_turnaround(treatment: TreatmentSession) -> int:
    version = treatment.protocol_version
    assert version is not None
    return phase_minutes(protocol_of(version), PhaseKind.TURNAROUND)


def test_somebody_else_has_the_chair_that_was_freed(
    db: Session, clinic: Clinic, observed: TreatmentSession, now: datetime, nurse: Actor
) -> None:
    call_ready(db, observed, now, nurse)
    other = factories.a_session(db, factories.a_patient(db, clinic, "Bo Lind"), observed.ends_at)
    db.commit()
    assert other.chair_id == observed.chair_id
    with pytest.raises(Refusal) as refused:
        undo(db, observed, now + timedelta(minutes=1), nurse)
    assert BookingReason.CHAIR_TAKEN in refused.value.reasons
    db.rollback()
    assert observed.status is Status.READY


def test_an_undo_takes_the_chair_back_until_the_end_that_it_had(
    db: Session, observed: TreatmentSession, now: datetime, nurse: Actor
) -> None:
    before = call_ready(db, observed, now, nurse)
    undo(db, observed, now + timedelta(minutes=1), nurse)
    assert (observed.status, observed.ends_at) == (Status.OBSERVING, before)
    call_ready(db, observed, now + timedelta(minutes=2), nurse)
    assert observed.ends_at == now + timedelta(minutes=2 + observed_turnaround(observed))


def test_undoing_the_leaving_leaves_the_chair_to_others(
    db: Session, observed: TreatmentSession, now: datetime, nurse: Actor
) -> None:
    call_ready(db, observed, now, nurse)
    freed = observed.ends_at
    take(db, observed, Action.LEAVE, now + timedelta(minutes=3), nurse)
    undo(db, observed, now + timedelta(minutes=4), nurse)
    assert (observed.status, observed.ends_at) == (Status.READY, freed)


def test_a_patient_called_ready_after_the_block_keeps_its_end(
    db: Session, clinic: Clinic, now: datetime, nurse: Actor
) -> None:
    late = observing(db, clinic, now - timedelta(minutes=180), nurse)
    before = call_ready(db, late, now, nurse)
    assert late.ends_at == before
    assert "ends_at" not in late.changes[-1].details


def test_whoever_waits_takes_a_small_share_of_a_nurse(
    db: Session, clinic: Clinic, observed: TreatmentSession, now: datetime, nurse: Actor
) -> None:
    day = local_day(now, clinic.zone)
    minute = cover.day_cover(db, clinic, day).minute(now + timedelta(minutes=8))
    watched = cover.day_cover(db, clinic, day)
    before = watched.nurses[minute] - watched.spare[minute]
    call_ready(db, observed, now - timedelta(minutes=4), nurse)
    waiting = cover.day_cover(db, clinic, day)
    assert waiting.nurses[minute] - waiting.spare[minute] == 100 < before


def test_the_wait_is_long_on_the_minute_and_lists_whom_to_call(
    db: Session, clinic: Clinic, observed: TreatmentSession, now: datetime, nurse: Actor
) -> None:
    patient = observed.patient
    patient.emergency_name, patient.emergency_phone, patient.emergency_may_be_called = "Luz", "+13105550155", True
    clinic.transport_phone = "+13105550188"
    call_ready(db, observed, now, nurse)
    [early] = waiting_for_ride.of_clinic(db, clinic, now + timedelta(minutes=29))
    [late] = waiting_for_ride.of_clinic(db, clinic, now + timedelta(minutes=30))
    assert (early.long, late.long) == (False, True)
    said = Said(item=CheckItem.WAY_HOME, clear=True, escort=None, person="Jo", phone="+13105550142")
    checking.record(db, observed, said, now=now + timedelta(minutes=1), by=nurse)
    part = waiting_for_ride.of(db, observed, now + timedelta(minutes=30))
    assert part is not None
    assert [(one.contact, one.phone) for one in part.people] == [
        (Contact.ESCORT, "+13105550142"), (Contact.EMERGENCY, "+13105550155"),
        (Contact.TRANSPORT, "+13105550188"),
    ]  # fmt: skip


def test_an_escort_who_cannot_come_leaves_no_way_home(
    db: Session, observed: TreatmentSession, now: datetime, nurse: Actor
) -> None:
    call_ready(db, observed, now, nurse)
    said = Said(item=CheckItem.WAY_HOME, clear=True, escort=None, person="Jo", phone="+13105550142")
    checking.record(db, observed, said, now=now, by=nurse)
    later = now + timedelta(minutes=31)
    note = waiting_for_ride.note_call(
        db, observed, Contact.ESCORT, CallAnswer.CANNOT_COME, None, now=later, by=nurse
    )  # fmt: skip
    assert note.body == "Called about the way home: Jo (escort). Cannot come."
    part = waiting_for_ride.of(db, observed, later)
    assert part is not None
    assert (part.waiting.has_way, part.waiting.is_late(later)) == (False, True), "the next on the list is called"
    with pytest.raises(GateClosed) as refused:
        take(db, observed, Action.LEAVE, later, nurse)
    assert refused.value.reasons == (Reason.WAY_HOME_MISSING,)


def test_a_ride_that_is_on_the_way_has_half_a_wait_until_the_next_call(
    db: Session, clinic: Clinic, observed: TreatmentSession, now: datetime, nurse: Actor
) -> None:
    clinic.transport_phone = "+13105550188"
    call_ready(db, observed, now, nurse)
    at = now + timedelta(minutes=31)
    said = "Said: cannot come. Then: soon."
    waiting_for_ride.note_call(db, observed, Contact.TRANSPORT, CallAnswer.ON_THE_WAY, said, now=at, by=nurse)
    [soon] = waiting_for_ride.of_clinic(db, clinic, at + timedelta(minutes=14))
    assert soon.called is not None
    assert (soon.called.at, soon.called.answer, soon.is_late(at + timedelta(minutes=14))) == (at, "on_the_way", False)
    assert soon.is_late(at + timedelta(minutes=15))


def test_clinicians_are_told_an_hour_before_closing_of_everyone_who_is_still_here(
    db: Session, clinic: Clinic, now: datetime, nurse: Actor
) -> None:
    closes_at = now + timedelta(hours=8)
    treatment = observing(db, clinic, closes_at - timedelta(minutes=170), nurse)
    call_ready(db, treatment, closes_at - timedelta(minutes=65), nurse)
    assert not waiting_for_ride.near_closing(db, [clinic], closes_at - timedelta(minutes=61))
    assert waiting_for_ride.near_closing(db, [clinic], closes_at - timedelta(minutes=60)) == [(clinic, closes_at, 1)]
    other = factories.a_session(
        db, factories.a_patient(db, clinic, "Bo Lind"), closes_at - timedelta(minutes=90), chair=clinic.chairs[1]
    )
    take(db, other, Action.ARRIVE, other.starts_at, nurse)
    after = closes_at + timedelta(minutes=5)
    assert waiting_for_ride.near_closing(db, [clinic], after) == [(clinic, closes_at, 2)]


@pytest.mark.parametrize("action", [Action.TAKE_TO_HOSPITAL, Action.LEAVE_AGAINST_ADVICE, Action.LEAVE_WITHOUT_TELLING])
@pytest.mark.parametrize("status", [Status.ARRIVED, Status.IN_TREATMENT, Status.OBSERVING, Status.READY])
def test_another_ending_is_never_refused_and_is_followed_the_same_day(
    db: Session, clinic: Clinic, now: datetime, nurse: Actor, status: Status, action: Action
) -> None:
    made = factories.a_session(
        db, factories.a_patient(db, clinic), now - timedelta(minutes=60), status=Status.CONFIRMED
    )
    take(db, made, Action.ARRIVE, made.starts_at, nurse)
    for step in (Action.START, Action.FINISH_DOSE):
        if status is not Status.ARRIVED and made.status is not status:
            take(db, made, step, now - timedelta(minutes=40), nurse)
    if status is Status.READY:
        made.status = Status.READY
        db.flush()
    assert made.status is status
    take(db, made, action, now, nurse)
    assert made.status in OTHER_ENDINGS
    [alert] = db.scalars(sa.select(Alert).where(Alert.session_id == made.id))
    assert alert.kind in {
        AlertKind.TAKEN_TO_HOSPITAL, AlertKind.LEFT_AGAINST_ADVICE, AlertKind.LEFT_WITHOUT_TELLING_US
    }  # fmt: skip
    assert made.status not in due.HAS_DUE
    assert not db.scalars(sa.select(Message).where(Message.session_id == made.id)).all()
    assert not db.scalars(sa.select(CheckIn).where(CheckIn.session_id == made.id)).all()


def test_a_provider_lifts_what_stands_by_name_and_it_is_audited(
    db: Session, clinic: Clinic, now: datetime, nurse: Actor, provider: Actor
) -> None:
    treatment = observing(db, clinic, now - timedelta(minutes=96), nurse)
    early = now - timedelta(minutes=1)
    with pytest.raises(GateClosed) as refused:
        take(db, treatment, Action.CALL_READY, early, nurse, ready=False)
    reasons = list(refused.value.reasons)
    word = asking.Word(answer=Answer.GO_AHEAD, reasons=reasons, words="Lives next door, partner is a nurse")
    asking.decide(db, treatment, Gate.MAY_LEAVE, word, now=early, by=provider)
    take(db, treatment, Action.CALL_READY, early, nurse, ready=False)
    assert treatment.status is Status.READY
    part = leaving.of(db, treatment, early)
    assert part is not None
    assert {one for line in part.lines for one in line.lifted} >= set(reasons) - set(part.against)
    assert nurse.user is not None
    assert not nurse.user.may(Permission.GIVE_GO_AHEAD)


def test_a_lasting_mild_effect_is_asked_about_in_the_first_check_in(
    db: Session, observed: TreatmentSession, now: datetime, nurse: Actor
) -> None:
    noticed = Noticed(kind=SideEffectKind.HEADACHE, grade=Grade.MILD)
    effect = side_effects.note(db, observed, noticed, now=now - timedelta(minutes=30), by=nurse)
    advised = Followed(kind=SideEffectEventKind.OUTCOME, grade=None, outcome=Outcome.CONTINUING_ADVISED, words=None)
    side_effects.follow(db, observed, effect, advised, now=now - timedelta(minutes=1), by=nurse)
    part = leaving.of(db, observed, now)
    assert part is not None
    assert [one.effect.id for one in part.lasting] == [effect.id]
    assert not part.keeping
    call_ready(db, observed, now, nurse)
    take(db, observed, Action.LEAVE, now + timedelta(minutes=5), nurse)
    planned = db.scalars(sa.select(CheckIn).where(CheckIn.session_id == observed.id).order_by(CheckIn.due_at)).all()
    assert planned[0].kind is CheckInKind.AFTER_4H
    assert all(one.status is CheckInStatus.PLANNED for one in planned)
    assert planned[0].due_at == now + timedelta(hours=4, minutes=5)
    assert [one.effect.id for one in check_ins.lasting_effects(db, planned[0])] == [effect.id]
    assert [one.effect.id for one in check_ins.lasting_effects(db, planned[1])] == [effect.id]
    assert not check_ins.lasting_effects(db, planned[2])


def test_pressure_says_by_which_rule_it_has_settled(db: Session, clinic: Clinic, now: datetime, nurse: Actor) -> None:
    treatment = observing(db, clinic, now - timedelta(minutes=110), nurse)
    for minutes, systolic, diastolic in ((4, 176, 104), (2, 168, 101)):
        high = Vitals(systolic=systolic, diastolic=diastolic)
        recording.record_vitals(db, treatment, high, now=now - timedelta(minutes=minutes), by=nurse)
    found = leave_gate.pressure(
        db, treatment, facts.anchors(facts.dose_events(db, treatment)), facts.standing(vitals_of(db, treatment))
    )
    assert found is not None
    assert (found.last, found.highest, found.before) == ((168, 101), (176, 104), (118, 76))
    assert found.settled == "falling"


def vitals_of(db: Session, treatment: TreatmentSession) -> list[VitalsReading]:
    return facts.all_of(db, VitalsReading, treatment)
