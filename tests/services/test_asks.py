"""A provider is asked before a dose or before leaving, and answers by name; what came later is never lifted."""

import threading
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Permission, Role
from clinic_sessions.domain.session.asks import AskReason
from clinic_sessions.domain.session.lifecycle import Action, Gate, StepReason
from clinic_sessions.domain.session.readiness import Reason
from clinic_sessions.domain.session.session_checks import CheckItem
from clinic_sessions.domain.session.start_gate import Answer, StartReason
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.models import (
    ActorKind,
    AuditAction,
    AuditEntry,
    Clinic,
    ProviderAnswer,
    ProviderAsk,
    SignInAttempt,
    TreatmentSession,
    User,
)
from clinic_sessions.models.engine import begin_write
from clinic_sessions.services.accounts import countersign, sign_ins
from clinic_sessions.services.accounts.countersign import NotSigned
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.before import ask_background, ask_part, asking, checking, go_aheads
from clinic_sessions.services.before.asking import Word
from clinic_sessions.services.refusals import ChangedMeanwhile, NotAllowed, Refusal
from clinic_sessions.services.schedule import schedule_push
from clinic_sessions.services.session import lifecycle, recording, timeline_asks
from clinic_sessions.services.session.lifecycle import GateClosed
from tests import factories
from tests.services.day import a_nurse, take

MINUTE = timedelta(minutes=1)
HIGH = Vitals(systolic=168, diastolic=102, heart_rate=88, spo2_percent=97)
GOOD = Vitals(systolic=124, diastolic=78, heart_rate=76, spo2_percent=98)


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> Actor:
    return a_nurse(db, clinic)


@pytest.fixture
def provider(db: Session, clinic: Clinic) -> Actor:
    return a_nurse(db, clinic, Role.PROVIDER)


@pytest.fixture
def visit(db: Session, clinic: Clinic, nurse: Actor, now: datetime) -> TreatmentSession:
    """A patient who has come, of whom everything is known and in order but the blood pressure: 168/102."""
    made = factories.a_session(db, factories.a_patient(db, clinic), now - 30 * MINUTE)
    take(db, made, Action.ARRIVE, now - 20 * MINUTE, nurse)
    factories.ready_to_start(db, made, now - 10 * MINUTE)
    recording.record_vitals(db, made, HIGH, now=now - 5 * MINUTE, by=nurse)
    db.commit()
    return made


def unmet(db: Session, visit: TreatmentSession, at: datetime, gate: Gate = Gate.MAY_START) -> list[str]:
    return [reason.value for reason in lifecycle.unmet(db, visit, gate, at)]


def go_ahead(*reasons: StartReason | Reason, seen: str | None = None) -> Word:
    return Word(answer=Answer.GO_AHEAD, reasons=reasons, words="Anxious, as every time.", seen=seen)


def test_a_go_ahead_lifts_the_reasons_that_it_names_and_stands_in_the_audit_as_an_override(
    db: Session, visit: TreatmentSession, nurse: Actor, provider: Actor, now: datetime
) -> None:
    assert unmet(db, visit, now) == ["out_of_range"]
    question = asking.ask(db, visit, Gate.MAY_START, [StartReason.OUT_OF_RANGE], "Shall we?", now=now, by=nurse)
    asking.answer(db, visit, question, go_ahead(StartReason.OUT_OF_RANGE), now=now + MINUTE, by=provider)
    assert unmet(db, visit, now + 2 * MINUTE) == []
    row = db.scalars(sa.select(AuditEntry).where(AuditEntry.action == AuditAction.OVERRIDE)).one()
    assert (row.user_id, row.entity_id, row.reason) == (provider.user_id, visit.id, "Anxious, as every time.")
    assert row.changes == {"may_start": ["out_of_range", "lifted"]}


def test_a_reading_after_the_go_ahead_stands_against_the_dose_again_also_when_it_was_true_before_it(
    db: Session, visit: TreatmentSession, nurse: Actor, provider: Actor, now: datetime
) -> None:
    asking.decide(db, visit, Gate.MAY_START, go_ahead(StartReason.OUT_OF_RANGE), now=now, by=provider)
    assert unmet(db, visit, now) == []
    recording.record_vitals(db, visit, HIGH, now=now + 2 * MINUTE, by=nurse, at=now - MINUTE)
    assert unmet(db, visit, now + 2 * MINUTE) == ["out_of_range"]


def test_an_answer_of_the_patient_that_is_written_down_after_the_go_ahead_is_not_lifted_by_it(
    db: Session, visit: TreatmentSession, nurse: Actor, provider: Actor, now: datetime
) -> None:
    word = go_ahead(StartReason.OUT_OF_RANGE, StartReason.MEDICINES_CHANGED)
    asking.decide(db, visit, Gate.MAY_START, word, now=now, by=provider)
    changed = checking.Said(item=CheckItem.MEDICINES, clear=False, words="Started tramadol")
    checking.record(db, visit, changed, now=now + MINUTE, by=nurse, at=now - MINUTE)
    assert unmet(db, visit, now + MINUTE) == ["medicines_changed"]


def test_an_answer_to_facts_that_have_changed_meanwhile_is_refused(
    db: Session, visit: TreatmentSession, nurse: Actor, provider: Actor, now: datetime
) -> None:
    seen = asking.mark(db, visit)
    recording.record_vitals(db, visit, Vitals(systolic=196, diastolic=118), now=now, by=nurse)
    with pytest.raises(ChangedMeanwhile) as refused:
        asking.decide(db, visit, Gate.MAY_START, go_ahead(StartReason.OUT_OF_RANGE, seen=seen), now=now, by=provider)
    assert refused.value.reasons == (AskReason.NOT_SEEN,)
    assert not db.scalars(sa.select(ProviderAnswer)).all()
    asking.decide(
        db, visit, Gate.MAY_START, go_ahead(StartReason.OUT_OF_RANGE, seen=asking.mark(db, visit)), now=now, by=provider
    )


def test_of_two_providers_who_answer_at_once_the_second_sees_the_first(
    db: Session, visit: TreatmentSession, clinic: Clinic, provider: Actor, now: datetime
) -> None:
    other, seen = a_nurse(db, clinic, Role.PROVIDER), asking.mark(db, visit)
    wait = Word(answer=Answer.WAIT, reasons=(), words="Again.", until=now + 15 * MINUTE, seen=seen)
    asking.decide(db, visit, Gate.MAY_START, wait, now=now, by=provider)
    with pytest.raises(ChangedMeanwhile):
        asking.decide(db, visit, Gate.MAY_START, go_ahead(StartReason.OUT_OF_RANGE, seen=seen), now=now, by=other)


def test_of_two_answers_in_flight_the_second_waits_and_is_refused(
    engine: sa.Engine, db: Session, clinic: Clinic, visit: TreatmentSession, now: datetime
) -> None:
    ids = [factories.a_user(db, clinic, Role.PROVIDER).id for _ in range(2)]
    db.commit()
    visit_id, seen, refused = visit.id, asking.mark(db, visit), list[AskReason]()

    def answer(other: Session, user_id: int) -> None:
        begin_write(other)
        by = Actor(kind=ActorKind.USER, user=other.get_one(User, user_id), role=Role.PROVIDER)
        word = go_ahead(StartReason.OUT_OF_RANGE, seen=seen)
        asking.decide(other, other.get_one(TreatmentSession, visit_id), Gate.MAY_START, word, now=now, by=by)

    def come_second() -> None:
        with Session(engine) as other:
            try:
                answer(other, ids[1])
            except ChangedMeanwhile as refusal:
                refused.extend(AskReason(one) for one in refusal.reasons)

    answer(db, ids[0])
    second = threading.Thread(target=come_second, daemon=True)
    second.start()
    second.join(0.3)
    assert second.is_alive(), "it waits for the one who came first"
    db.commit()
    second.join(20)
    assert refused == [AskReason.NOT_SEEN]
    assert db.scalars(sa.select(ProviderAnswer.by_id)).all() == [ids[0]]


def test_a_wait_stands_until_its_time_and_not_today_for_the_whole_visit(
    db: Session, visit: TreatmentSession, nurse: Actor, provider: Actor, now: datetime
) -> None:
    until = now + 15 * MINUTE
    wait = Word(answer=Answer.WAIT, reasons=[StartReason.OUT_OF_RANGE], words="Let them rest.", until=until)
    asking.decide(db, visit, Gate.MAY_START, wait, now=now, by=provider)
    recording.record_vitals(db, visit, GOOD, now=now + MINUTE, by=nurse)
    assert unmet(db, visit, until - MINUTE) == ["provider_said_wait"]
    assert unmet(db, visit, until) == []
    no = Word(answer=Answer.NOT_TODAY, reasons=(), words="Not with this.")
    asking.decide(db, visit, Gate.MAY_START, no, now=until, by=provider)
    assert unmet(db, visit, until + 60 * MINUTE) == ["provider_said_not_today"]
    with pytest.raises(GateClosed):
        take(db, visit, Action.START, until + MINUTE, nurse, ready=False)


def test_only_a_provider_answers(db: Session, visit: TreatmentSession, nurse: Actor, now: datetime) -> None:
    with pytest.raises(NotAllowed) as refused:
        asking.decide(db, visit, Gate.MAY_START, go_ahead(StartReason.OUT_OF_RANGE), now=now, by=nurse)
    assert refused.value.reasons == (StepReason.NOT_ALLOWED,)


@pytest.mark.parametrize(
    "reason", [StartReason.FOOD_NOT_ASKED, StartReason.LABEL_EXPIRED, StartReason.SECOND_PERSON_DIFFERS]
)
def test_what_was_not_asked_read_or_counted_is_done_and_never_lifted(
    db: Session, visit: TreatmentSession, provider: Actor, now: datetime, reason: StartReason
) -> None:
    with pytest.raises(Refusal) as refused:
        asking.decide(db, visit, Gate.MAY_START, go_ahead(reason), now=now, by=provider)
    assert refused.value.reasons == (AskReason.NOT_LIFTABLE,)


def test_the_same_question_asked_again_is_the_one_that_stands(
    db: Session, visit: TreatmentSession, nurse: Actor, provider: Actor, now: datetime
) -> None:
    first = asking.ask(db, visit, Gate.MAY_START, [StartReason.OUT_OF_RANGE], None, now=now, by=nurse)
    assert asking.ask(db, visit, Gate.MAY_START, [StartReason.OUT_OF_RANGE], None, now=now, by=nurse) is first
    more = asking.ask(db, visit, Gate.MAY_START, [StartReason.OUT_OF_RANGE], "Headache too", now=now, by=nurse)
    assert [one.id for one in go_aheads.waiting(db, [visit.clinic_id], now)] == [more.id]
    asking.decide(db, visit, Gate.MAY_START, go_ahead(StartReason.OUT_OF_RANGE), now=now, by=provider)
    assert go_aheads.open_count(db, [visit.clinic_id], now) == 0
    assert asking.ask(db, visit, Gate.MAY_START, [], "And now?", now=now, by=nurse).id > more.id


def test_a_question_waits_only_at_its_clinic_and_while_its_gate_is_ahead(
    db: Session, visit: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    asking.ask(db, visit, Gate.MAY_START, [StartReason.OUT_OF_RANGE], None, now=now, by=nurse)
    elsewhere = factories.a_clinic(db)
    assert go_aheads.open_count(db, [visit.clinic_id], now) == 1
    assert go_aheads.open_count(db, [elsewhere.id], now) == 0
    take(db, visit, Action.CALL_OFF, now, nurse)
    assert go_aheads.open_count(db, [visit.clinic_id], now) == 0
    with pytest.raises(ChangedMeanwhile):
        asking.ask(db, visit, Gate.MAY_START, [StartReason.OUT_OF_RANGE], None, now=now, by=nurse)


def test_nothing_asked_is_no_question(db: Session, visit: TreatmentSession, nurse: Actor, now: datetime) -> None:
    with pytest.raises(Refusal) as refused:
        asking.ask(db, visit, Gate.MAY_START, [], None, now=now, by=nurse)
    assert refused.value.reasons == (AskReason.NOTHING_ASKED,)


def test_a_second_go_ahead_is_offered_everything_that_stands_whatever_was_lifted(
    db: Session, visit: TreatmentSession, nurse: Actor, provider: Actor, now: datetime
) -> None:
    asking.decide(db, visit, Gate.MAY_START, go_ahead(StartReason.OUT_OF_RANGE), now=now, by=provider)
    no_ride = checking.Said(item=CheckItem.RIDE, clear=False)
    checking.record(db, visit, no_ride, now=now + MINUTE, by=nurse)
    later = now + 2 * MINUTE
    assert asking.unlifted(db, visit, Gate.MAY_START, later) == [StartReason.NO_RIDE]
    both = asking.liftable(db, visit, Gate.MAY_START, later)
    assert both == [StartReason.NO_RIDE, StartReason.OUT_OF_RANGE]


@pytest.fixture
def observed(db: Session, visit: TreatmentSession, nurse: Actor, now: datetime) -> TreatmentSession:
    """The same patient at the end of the dose, at `now`."""
    recording.record_vitals(db, visit, GOOD, now=now - 4 * MINUTE, by=nurse)
    take(db, visit, Action.START, now - 3 * MINUTE, nurse, ready=False)
    take(db, visit, Action.FINISH_DOSE, now, nurse)
    return visit


def test_before_leaving_a_go_ahead_lifts_and_an_effect_that_came_after_it_keeps_them_again(
    db: Session, observed: TreatmentSession, nurse: Actor, provider: Actor, now: datetime
) -> None:
    later = now + 20 * MINUTE
    recording.record_vitals(db, observed, HIGH, now=later, by=nurse)
    factories.ready_to_leave(db, observed, later)
    stands = unmet(db, observed, later, Gate.MAY_BE_READY)
    assert {"minimum_not_reached", "pressure_not_settled"} <= set(stands)
    reasons = asking.liftable(db, observed, Gate.MAY_LEAVE, later)
    word = Word(answer=Answer.GO_AHEAD, reasons=reasons, words="At their doctor's next door.")
    asking.decide(db, observed, Gate.MAY_LEAVE, word, now=later, by=provider)
    assert unmet(db, observed, later, Gate.MAY_LEAVE) == []
    recording.record_vitals(db, observed, HIGH, now=later + MINUTE, by=nurse)
    assert unmet(db, observed, later + MINUTE, Gate.MAY_LEAVE) == ["pressure_not_settled"]


def test_before_leaving_a_provider_keeps_a_patient_here_until_a_time(
    db: Session, observed: TreatmentSession, nurse: Actor, provider: Actor, now: datetime
) -> None:
    much_later = now + timedelta(hours=3)
    recording.record_vitals(db, observed, GOOD, now=much_later, by=nurse)
    factories.ready_to_leave(db, observed, much_later)
    assert unmet(db, observed, much_later, Gate.MAY_BE_READY) == []
    keep = Word(answer=Answer.WAIT, reasons=(), words="Let me see them.", until=much_later + 30 * MINUTE)
    asking.decide(db, observed, Gate.MAY_LEAVE, keep, now=much_later, by=provider)
    assert unmet(db, observed, much_later + MINUTE, Gate.MAY_BE_READY) == ["provider_keeps_them"]
    assert unmet(db, observed, much_later + 30 * MINUTE, Gate.MAY_BE_READY) == []
    no = Word(answer=Answer.NOT_TODAY, reasons=(), words="No.")
    with pytest.raises(Refusal):
        asking.decide(db, observed, Gate.MAY_LEAVE, no, now=much_later, by=provider)


def test_the_dose_that_was_not_ended_is_recorded_and_never_lifted(
    db: Session, observed: TreatmentSession, provider: Actor, now: datetime
) -> None:
    with pytest.raises(Refusal):
        asking.decide(db, observed, Gate.MAY_LEAVE, go_ahead(Reason.DOSE_NOT_ENDED), now=now, by=provider)


def test_what_a_provider_reads_has_every_reading_the_usual_values_and_the_medicines(
    db: Session, clinic: Clinic, nurse: Actor, now: datetime
) -> None:
    patient, before = factories.a_patient(db, clinic), now - timedelta(days=7)
    past = factories.a_session(db, patient, before - 30 * MINUTE)
    take(db, past, Action.ARRIVE, before - 20 * MINUTE, nurse)
    take(db, past, Action.START, before, nurse)
    recording.record_vitals(db, past, Vitals(systolic=151, diastolic=93), now=before + 40 * MINUTE, by=nurse)
    take(db, past, Action.FINISH_DOSE, before + 41 * MINUTE, nurse)
    take(db, past, Action.TAKE_TO_HOSPITAL, before + 42 * MINUTE, nurse)
    today = factories.a_session(db, patient, now)
    take(db, today, Action.ARRIVE, now, nurse)
    wrong = recording.record_vitals(db, today, HIGH, now=now, by=nurse)
    recording.record_vitals(db, today, GOOD, now=now + MINUTE, by=nurse, corrects=wrong)
    known = ask_background.of(db, today, Gate.MAY_START, now + MINUTE)
    assert [(one.vitals.systolic_mmhg, one.corrected) for one in known.readings] == [(168, True), (124, False)]
    assert {mark.measure.value for mark in known.readings[0].marks} >= {"systolic", "diastolic"}
    assert [(one.before.systolic_mmhg if one.before else 0) for one in known.usual] == [118]
    assert [(one.last.peak.systolic_mmhg if one.last.peak else 0) for one in known.usual] == [151]


def test_the_part_of_the_page_says_what_stands_asked_and_when_a_wait_is_over(
    db: Session, visit: TreatmentSession, nurse: Actor, provider: Actor, now: datetime
) -> None:
    part = ask_part.of(db, visit, lifecycle.unmet(db, visit, Gate.MAY_START, now), now)
    assert part is not None
    assert (part.unlifted, part.asked, part.newest) == ([StartReason.OUT_OF_RANGE], None, None)
    asking.ask(db, visit, Gate.MAY_START, [StartReason.OUT_OF_RANGE], None, now=now, by=nurse)
    part = ask_part.of(db, visit, lifecycle.unmet(db, visit, Gate.MAY_START, now), now)
    assert part is not None
    assert part.asked is not None
    until = now + 30 * MINUTE
    wait = Word(answer=Answer.WAIT, reasons=(), words="Rest.", until=until)
    asking.decide(db, visit, Gate.MAY_START, wait, now=now, by=provider)
    db.expire_all()
    part = ask_part.of(db, visit, lifecycle.unmet(db, visit, Gate.MAY_START, now + MINUTE), now + MINUTE)
    assert part is not None
    assert part.newest is not None
    assert part.push is not None
    assert (part.asked, part.wait_over, part.newest.by_id) == (None, False, provider.user_id)
    part = ask_part.of(db, visit, lifecycle.unmet(db, visit, Gate.MAY_START, until), until)
    assert part is not None
    assert part.wait_over


def test_a_wait_pushes_the_later_visits_of_the_chair_each_by_the_one_before(
    db: Session, clinic: Clinic, visit: TreatmentSession, now: datetime
) -> None:
    second = factories.a_session(db, factories.a_patient(db, clinic, "Bo Lind"), visit.ends_at + 10 * MINUTE)
    third = factories.a_session(db, factories.a_patient(db, clinic, "Cy Moss"), second.ends_at + 5 * MINUTE)
    other_chair = clinic.chairs[1]
    factories.a_session(db, factories.a_patient(db, clinic, "Di Nash"), visit.ends_at, chair=other_chair)
    planned = visit.starts_at + 30 * MINUTE
    on_time, late = schedule_push.of(db, visit, [planned, planned + 25 * MINUTE])
    assert (on_time.hits, on_time.ends_at, on_time.late_minutes) == (False, visit.ends_at, 0)
    assert late.ends_at == visit.ends_at + 25 * MINUTE
    assert [(one.treatment.id, one.minutes) for one in late.later] == [(second.id, 15), (third.id, 10)]
    assert late.later[0].starts_at == late.ends_at


def test_a_wait_says_by_how_much_the_chair_is_done_after_closing(
    db: Session, clinic: Clinic, nurse: Actor, now: datetime
) -> None:
    closes = now + timedelta(hours=8)
    visit = factories.a_session(db, factories.a_patient(db, clinic), closes - 130 * MINUTE)
    push = schedule_push.of(db, visit, [visit.starts_at + 50 * MINUTE])[0]
    assert (push.closes_at, push.past_closing, push.later) == (closes, 20, [])


PASSWORD = "correct horse battery"


@pytest.fixture
def signer(db: Session, clinic: Clinic) -> Actor:
    """A provider whose password is known."""
    user = factories.a_user(
        db, clinic, Role.PROVIDER, email="signer@example.org", password_hash=factories.hashed(PASSWORD)
    )
    db.commit()
    return Actor(kind=a_nurse(db, clinic).kind, user=user, role=Role.PROVIDER)


def sign(db: Session, clinic_id: int, nurse: Actor, now: datetime, email: str, password: str) -> int:
    assert nurse.user is not None
    return countersign.person(
        db, email, password,
        needs=Permission.GIVE_GO_AHEAD, not_user=nurse.user, clinic_id=clinic_id, now=now, address="10.0.0.9",
    ).id  # fmt: skip


def test_a_second_person_signs_with_their_own_password_and_a_failed_try_counts_as_at_signing_in(
    db: Session, clinic: Clinic, nurse: Actor, signer: Actor, now: datetime
) -> None:
    db.commit()
    assert sign(db, clinic.id, nurse, now, " SIGNER@example.org", PASSWORD) == signer.user_id
    db.rollback()
    for _ in range(sign_ins.TRIES_PER_ACCOUNT):
        with pytest.raises(NotSigned):
            sign(db, clinic.id, nurse, now, "signer@example.org", "wrong")
        db.commit()
    assert db.scalar(sa.select(sa.func.count()).select_from(SignInAttempt)) == sign_ins.TRIES_PER_ACCOUNT
    with pytest.raises(NotSigned) as refused:
        sign(db, clinic.id, nurse, now, "signer@example.org", PASSWORD)
    assert refused.value.reasons[0].value == "too_many_tries"


@pytest.mark.parametrize("case", ["same person", "no provider", "another clinic", "disabled", "unknown"])
def test_nobody_else_signs(db: Session, clinic: Clinic, nurse: Actor, now: datetime, case: str) -> None:
    place = factories.a_clinic(db) if case == "another clinic" else clinic
    role = Role.NURSE if case == "no provider" else Role.PROVIDER
    user = factories.a_user(db, place, role, email="who@example.org", password_hash=factories.hashed(PASSWORD))
    user.disabled_at = now if case == "disabled" else None
    db.commit()
    on = Actor(kind=nurse.kind, user=user if case == "same person" else nurse.user, role=Role.NURSE)
    email = "nobody@example.org" if case == "unknown" else user.email
    with pytest.raises(NotSigned):
        sign(db, clinic.id, on, now, email, PASSWORD)


def test_whoever_may_sign_is_listed_without_the_person_at_the_tablet(
    db: Session, clinic: Clinic, provider: Actor, now: datetime
) -> None:
    assert provider.user is not None
    gone = factories.a_user(db, clinic, Role.PROVIDER, name="Gone Away", disabled_at=now)
    named = countersign.people(db, clinic.id, Permission.GIVE_GO_AHEAD, but=provider.user)
    assert named
    assert provider.user not in named
    assert gone not in named
    assert all(one.may(Permission.GIVE_GO_AHEAD) for one in named)


def test_a_signature_on_a_tablet_keeps_whose_sign_in_it_was(
    db: Session, visit: TreatmentSession, nurse: Actor, provider: Actor, now: datetime
) -> None:
    assert provider.user is not None
    signing = countersign.acting(provider.user, Permission.GIVE_GO_AHEAD, on=nurse)
    word = go_ahead(StartReason.OUT_OF_RANGE)
    row = asking.decide(db, visit, Gate.MAY_START, word, now=now, by=signing, asked_by=nurse)
    assert (row.by_id, row.on_tablet_of_id) == (provider.user_id, nurse.user_id)
    assert db.scalars(sa.select(ProviderAsk)).one().by_id == nurse.user_id


def test_the_timeline_has_the_question_and_every_answer_with_its_words(
    db: Session, visit: TreatmentSession, nurse: Actor, provider: Actor, now: datetime
) -> None:
    asking.ask(db, visit, Gate.MAY_START, [StartReason.OUT_OF_RANGE], "Shall we?", now=now, by=nurse)
    wait = Word(answer=Answer.WAIT, reasons=(), words="Rest.", until=now + 16 * MINUTE)
    asking.decide(db, visit, Gate.MAY_START, wait, now=now + MINUTE, by=provider)
    word = go_ahead(StartReason.OUT_OF_RANGE)
    asking.decide(db, visit, Gate.MAY_START, word, now=now + 20 * MINUTE, by=provider, asked_by=nurse)
    db.expire_all()
    told = timeline_asks.among(visit, go_aheads.asks(db, visit), [])
    assert [(line.title, line.detail) for line in told] == [
        (
            "Before the dose: go ahead",
            "Anxious, as every time.\nWeighed: A reading is out of range.\nSigned on a tablet of somebody else.",
        ),
        ("Before the dose: wait, 15 minutes", "Rest."),
        ("Before the dose: a provider was asked", "A reading is out of range.\nShall we?"),
    ]
