"""The drug on both databases: labels, draws, counts, the start of what was drawn, controls, waste and the balance."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertKind
from clinic_sessions.domain.drug.drawing import Container, LabelSource
from clinic_sessions.domain.drug.drug_reasons import DrugReason
from clinic_sessions.domain.protocols.protocols import Drug
from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.domain.session.readiness import Reason
from clinic_sessions.domain.session.record import DoseEventKind, RecordReason
from clinic_sessions.domain.session.start_gate import StartReason
from clinic_sessions.models import Alert, AuditEntry, Clinic, Draw, DrugLabel, SecondCount, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.before import start_gate
from clinic_sessions.services.drug import dose_controls, drug, drug_acts, drug_in_hand, drug_log, lot_recall
from clinic_sessions.services.drug.drug_acts import Counted, Drawing, LabelRead
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, Refusal
from clinic_sessions.services.session import facts, timeline
from clinic_sessions.services.session.lifecycle import GateClosed
from tests import factories
from tests.services.day import a_nurse, take

DRUG_REASONS = {
    StartReason.LABEL_MISSING, StartReason.LABEL_EXPIRED, StartReason.DRAW_MISSING, StartReason.DRAW_DIFFERS,
    StartReason.SECOND_PERSON_MISSING, StartReason.SECOND_PERSON_DIFFERS,
}  # fmt: skip


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> Actor:
    return a_nurse(db, clinic)


@pytest.fixture
def other(db: Session, clinic: Clinic) -> Actor:
    return a_nurse(db, clinic)


def here(db: Session, clinic: Clinic, nurse: Actor, now: datetime, key: str = "iv-mood") -> TreatmentSession:
    """A patient who has come to be treated under a protocol."""
    made = factories.a_session(db, factories.a_patient(db, clinic), now, protocol=factories.a_protocol(db, key))
    take(db, made, Action.ARRIVE, now, nurse)
    return made


@pytest.fixture
def treatment(db: Session, clinic: Clinic, nurse: Actor, now: datetime) -> TreatmentSession:
    return here(db, clinic, nurse, now)


@pytest.fixture
def nasal(db: Session, clinic: Clinic, nurse: Actor, now: datetime) -> TreatmentSession:
    return here(db, clinic, nurse, now, "in-esketamine")


def a_vial(**given: Any) -> LabelRead:
    fields: dict[str, Any] = {
        "drug": Drug.KETAMINE, "container": Container.VIAL, "source": LabelSource.TYPED, "micrograms_per_ml": 50_000,
        "total_micrograms": 500_000, "lot": "K4471", "expires_on": date(2027, 11, 30), **given,
    }  # fmt: skip
    return LabelRead(**fields)


def a_device(**given: Any) -> LabelRead:
    fields: dict[str, Any] = {
        "drug": Drug.ESKETAMINE, "container": Container.DEVICE, "micrograms_per_ml": None, "total_micrograms": 28_000,
        **given,
    }  # fmt: skip
    return a_vial(**fields)


DRAWN = Drawing(micrograms=40_000, microlitres=800, pump_microlitres=100_000)
RIGHT = Counted(microlitres=800, micrograms_per_ml=50_000)


def drawn(db: Session, treatment: TreatmentSession, nurse: Actor, now: datetime) -> Draw:
    label = drug_acts.read_label(db, treatment, a_vial(), now=now, by=nurse)
    return drug_acts.draw(db, treatment, label.id, DRAWN, now=now, by=nurse)


def against(db: Session, treatment: TreatmentSession, at: datetime) -> set[StartReason]:
    return set(start_gate.unmet(db, treatment, None, at)) & DRUG_REASONS


def begun(db: Session, treatment: TreatmentSession, nurse: Actor, now: datetime) -> None:
    """The dose runs: 40 mg."""
    take(db, treatment, Action.START, now, nurse)


def test_the_gate_follows_label_draw_and_count(
    db: Session, treatment: TreatmentSession, nurse: Actor, other: Actor, now: datetime
) -> None:
    assert against(db, treatment, now) == {StartReason.LABEL_MISSING}
    label = drug_acts.read_label(db, treatment, a_vial(), now=now, by=nurse)
    assert against(db, treatment, now) == {StartReason.DRAW_MISSING}
    draw = drug_acts.draw(db, treatment, label.id, DRAWN, now=now, by=nurse)
    assert against(db, treatment, now) == {StartReason.SECOND_PERSON_MISSING}
    wrong = Counted(microlitres=800, micrograms_per_ml=100_000)
    drug_acts.count(db, treatment, draw.id, wrong, now=now, by=other)
    assert against(db, treatment, now) == {StartReason.SECOND_PERSON_DIFFERS}
    drug_acts.count(db, treatment, draw.id, RIGHT, now=now, by=other)
    assert against(db, treatment, now) == set()
    assert len(db.scalars(sa.select(SecondCount)).all()) == 2, "the count that differed stays"
    audited = set(db.scalars(sa.select(AuditEntry.entity)))
    assert {"drug_labels", "draws", "second_counts"} <= audited


def test_whoever_drew_the_dose_does_not_count_it_and_nobody_counts_what_was_drawn_anew(
    db: Session, treatment: TreatmentSession, nurse: Actor, other: Actor, now: datetime
) -> None:
    first = drawn(db, treatment, nurse, now)
    with pytest.raises(Refusal) as refused:
        drug_acts.count(db, treatment, first.id, RIGHT, now=now, by=nurse)
    assert list(refused.value.reasons) == [DrugReason.COUNTED_BY_THE_SAME]
    drug_acts.draw(db, treatment, first.label_id, DRAWN, now=now, by=nurse, corrects=first)
    with pytest.raises(ChangedMeanwhile) as meanwhile:
        drug_acts.count(db, treatment, first.id, RIGHT, now=now, by=other)
    assert list(meanwhile.value.reasons) == [DrugReason.DRAW_REPLACED]
    with pytest.raises(ChangedMeanwhile) as twice:
        drug_acts.draw(db, treatment, first.label_id, DRAWN, now=now, by=nurse, corrects=first)
    assert list(twice.value.reasons) == [RecordReason.CORRECTED_MEANWHILE]


def test_a_corrected_label_asks_for_the_draw_anew(
    db: Session, treatment: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    first = drawn(db, treatment, nurse, now)
    old = start_gate.label_of(db, treatment)
    drug_acts.read_label(db, treatment, a_vial(micrograms_per_ml=100_000), now=now, by=nurse, corrects=old)
    assert against(db, treatment, now) == {StartReason.DRAW_MISSING}
    with pytest.raises(ChangedMeanwhile) as refused:
        drug_acts.draw(db, treatment, first.label_id, DRAWN, now=now, by=nurse)
    assert list(refused.value.reasons) == [DrugReason.LABEL_REPLACED]


@pytest.mark.parametrize(
    ("read", "reason", "mark"),
    [
        ({"expires_on": date(2026, 11, 22)}, StartReason.LABEL_EXPIRED, "label_expired"),
        ({"drug": Drug.ESKETAMINE}, DrugReason.OTHER_DRUG, "other_protocol"),
        ({"container": Container.DEVICE, "micrograms_per_ml": None}, DrugReason.OTHER_CONTAINER, "other_protocol"),
    ],
)
def test_a_wrong_label_is_refused_before_the_dose_and_marked_after_it(
    db: Session,
    treatment: TreatmentSession,
    nurse: Actor,
    now: datetime,
    read: dict[str, Any],
    reason: StartReason | DrugReason,
    mark: str,
) -> None:
    with pytest.raises(Refusal) as refused:
        drug_acts.read_label(db, treatment, a_vial(**read), now=now, by=nurse)
    assert list(refused.value.reasons) == [reason]
    begun(db, treatment, nurse, now)
    row = drug_acts.read_label(db, treatment, a_vial(**read), now=now, by=nurse)
    assert row.outside_rules == [mark]
    assert db.scalars(sa.select(Alert.kind)).all() == [AlertKind.OUTSIDE_RULES]


def test_a_vial_past_beyond_use_is_refused_and_one_that_passes_it_later_stands_against_the_start(
    db: Session, treatment: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    with pytest.raises(Refusal):
        drug_acts.read_label(db, treatment, a_vial(beyond_use_at=now), now=now, by=nurse)
    soon = now + timedelta(minutes=20)
    drug_acts.read_label(db, treatment, a_vial(beyond_use_at=soon), now=now, by=nurse)
    assert StartReason.LABEL_EXPIRED not in against(db, treatment, now)
    assert StartReason.LABEL_EXPIRED in against(db, treatment, soon)


@pytest.mark.parametrize(
    ("micrograms", "microlitres", "reason"),
    [
        (40_000, 40_000, StartReason.DRAW_DIFFERS),
        (40_000, 8_000, StartReason.DRAW_DIFFERS),
        (40_000, 80, StartReason.DRAW_DIFFERS),
        (400_000, 8_000, Reason.ABOVE_CAP),
    ],
)
def test_no_slip_of_the_hand_is_drawn(
    db: Session,
    treatment: TreatmentSession,
    nurse: Actor,
    now: datetime,
    micrograms: int,
    microlitres: int,
    reason: Any,
) -> None:
    label = drug_acts.read_label(db, treatment, a_vial(), now=now, by=nurse)
    slipped = Drawing(micrograms=micrograms, microlitres=microlitres)
    with pytest.raises(Refusal) as refused:
        drug_acts.draw(db, treatment, label.id, slipped, now=now, by=nurse)
    assert reason in refused.value.reasons


def test_more_than_the_vial_holds_is_not_drawn(
    db: Session, treatment: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    label = drug_acts.read_label(db, treatment, a_vial(total_micrograms=20_000), now=now, by=nurse)
    with pytest.raises(Refusal) as refused:
        drug_acts.draw(db, treatment, label.id, DRAWN, now=now, by=nurse)
    assert list(refused.value.reasons) == [DrugReason.MORE_THAN_VIAL]


def test_the_dose_that_is_started_is_the_drawn_one_with_its_label_and_rate(
    db: Session, treatment: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    factories.ready_to_start(db, treatment, now, micrograms=40_000)
    with pytest.raises(GateClosed) as refused:
        take(db, treatment, Action.START, now, nurse, ready=False, micrograms=44_000)
    assert list(refused.value.reasons) == [StartReason.OTHER_THAN_DRAWN]
    take(db, treatment, Action.START, now, nurse, ready=False, micrograms=None)
    event = facts.dose_events(db, treatment)[0]
    label = start_gate.label_of(db, treatment)
    assert label is not None
    assert (event.micrograms, event.label_id, event.rate_micrograms_per_hour) == (40_000, label.id, 60_000)
    assert event.outside_rules == []


def test_a_dose_that_was_given_without_a_draw_is_stored_with_what_was_missing(
    db: Session, treatment: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    change = take(db, treatment, Action.START, now, nurse, ready=False, happened=True, micrograms=40_000)
    assert StartReason.LABEL_MISSING.value in change.outside_rules
    event = facts.dose_events(db, treatment)[0]
    assert (event.micrograms, event.label_id) == (40_000, None)


def test_a_stop_is_stamped_at_once_and_explained_later_as_one_line(
    db: Session, treatment: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    begun(db, treatment, nurse, now)
    stopped = now + timedelta(minutes=22)
    dose_controls.stop(db, treatment, now=stopped, by=nurse)
    dose_controls.stop(db, treatment, now=stopped + timedelta(seconds=2), by=nurse)
    assert treatment.status is Status.OBSERVING
    found = drug.of(db, treatment, stopped)
    assert found is not None
    assert [event.kind for event in found.unanswered] == [DoseEventKind.STOPPED]
    assert found.balance is not None
    assert found.balance.left is None
    later = stopped + timedelta(minutes=3)
    dose_controls.explain(db, treatment, found.unanswered[0], "Side effect", 22_000, now=later, by=nurse)
    with pytest.raises(ChangedMeanwhile):
        dose_controls.explain(db, treatment, found.unanswered[0], "Asked", None, now=later, by=nurse)
    after = drug.of(db, treatment, later)
    assert after is not None
    assert not after.unanswered
    assert after.balance is not None
    assert (after.balance.given, after.balance.left) == (22_000, 18_000)
    assert treatment.dose_ended_at == stopped
    events = facts.all_of(db, type(found.unanswered[0]), treatment)
    lines = timeline.build(treatment, timeline.Entries(doses=events), facts.standing_doses(events))
    told = [(line.title, line.struck) for line in lines if line.title.startswith("Dose stopped")]
    assert told == [("Dose stopped early", ""), ("Dose stopped early, 22 mg", "")], "the step, and one line of the dose"


def test_pause_and_resume_are_stamped_once_each(
    db: Session, treatment: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    begun(db, treatment, nurse, now)
    for minute, kind in enumerate((DoseEventKind.PAUSED, DoseEventKind.PAUSED, DoseEventKind.RESUMED), 1):
        dose_controls.turn(db, treatment, kind, now=now + timedelta(minutes=minute), by=nurse)
    kinds = [event.kind for event in facts.dose_events(db, treatment)]
    assert kinds == [DoseEventKind.STARTED, DoseEventKind.PAUSED, DoseEventKind.RESUMED]
    found = drug.of(db, treatment, now + timedelta(minutes=4))
    assert found is not None
    assert (found.paused, len(found.unanswered)) == (False, 1), "why it was paused is still asked"


def test_what_was_wasted_carries_both_names_and_makes_the_balance_even(
    db: Session, treatment: TreatmentSession, nurse: Actor, other: Actor, now: datetime
) -> None:
    begun(db, treatment, nurse, now)
    dose_controls.stop(db, treatment, now=now + timedelta(minutes=22), by=nurse)
    stopped = facts.dose_events(db, treatment)[-1]
    dose_controls.explain(db, treatment, stopped, "Asked", 22_000, now=now + timedelta(minutes=23), by=nurse)
    later = now + timedelta(minutes=30)
    row = dose_controls.waste(db, treatment, 18_000, other, None, now=later, by=nurse)
    assert (row.by_id, row.second_id, row.label_id) == (nurse.user_id, other.user_id, stopped.label_id)
    found = drug.of(db, treatment, later)
    assert found is not None
    assert found.balance is not None
    assert found.balance.is_even


def test_each_device_has_its_own_label_and_its_minutes(
    db: Session, nasal: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    drug_acts.read_label(db, nasal, a_device(lot="A1"), now=now, by=nurse)
    take(db, nasal, Action.START, now, nurse, ready=False, happened=True, micrograms=None)
    soon = now + timedelta(minutes=3)
    dose_controls.use_device(db, nasal, a_device(lot="B2"), now=soon, by=nurse)
    found = drug.of(db, nasal, soon)
    assert found is not None
    assert [one.label.lot for one in found.devices if one.label] == ["A1", "B2"]
    assert found.devices[1].event.outside_rules == ["device_too_soon"]
    assert found.next_device_at == soon + timedelta(minutes=5)
    assert found.balance is not None
    assert found.balance.drawn == 56_000
    assert not found.may_use_device, "the order comes to two devices"


def test_a_device_past_its_date_that_was_used_is_marked_and_told(
    db: Session, nasal: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    drug_acts.read_label(db, nasal, a_device(), now=now, by=nurse)
    take(db, nasal, Action.START, now, nurse, ready=False, happened=True, micrograms=None)
    later = now + timedelta(minutes=6)
    event = dose_controls.use_device(db, nasal, a_device(expires_on=date(2026, 10, 31)), now=later, by=nurse)
    assert event.outside_rules == ["label_expired"]


def test_a_device_that_nobody_read_a_label_of_takes_no_other_devices_label(
    db: Session, nasal: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    label = drug_acts.read_label(db, nasal, a_device(), now=now, by=nurse)
    assert drug_in_hand.label_id(db, nasal, DoseEventKind.DEVICE, [], None) == label.id
    take(db, nasal, Action.START, now, nurse, ready=False, happened=True, micrograms=None)
    events = facts.dose_events(db, nasal)
    assert events[0].label_id == label.id
    assert drug_in_hand.label_id(db, nasal, DoseEventKind.DEVICE, events, None) is None


def test_another_sessions_label_and_draw_are_not_found(
    db: Session, clinic: Clinic, treatment: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    mine = drawn(db, treatment, nurse, now)
    foreign = here(db, clinic, nurse, now + timedelta(hours=4))
    with pytest.raises(Absent):
        drug_acts.entry(db, Draw, foreign, mine.id)
    with pytest.raises(Absent):
        drug_acts.read_label(db, foreign, a_vial(), now=now, by=nurse, corrects=db.get(DrugLabel, mine.label_id))


@pytest.mark.parametrize(
    "change", ["update drug_labels set lot = 'X'", "delete from draws", "delete from second_counts"]
)
def test_the_database_keeps_labels_draws_and_counts(
    db: Session, treatment: TreatmentSession, nurse: Actor, other: Actor, now: datetime, change: str
) -> None:
    draw = drawn(db, treatment, nurse, now)
    drug_acts.count(db, treatment, draw.id, RIGHT, now=now, by=other)
    db.commit()
    with pytest.raises(DatabaseError, match="append_only"):
        db.execute(sa.text(change))


def test_a_draw_that_was_wasted_before_the_start_is_drawn_again_and_both_are_counted(
    db: Session, treatment: TreatmentSession, nurse: Actor, other: Actor, now: datetime
) -> None:
    first = drawn(db, treatment, nurse, now)
    dose_controls.waste(db, treatment, 40_000, other, "Dropped", now=now, by=nurse)
    assert against(db, treatment, now) == {StartReason.DRAW_MISSING}
    again = drug_acts.draw(db, treatment, first.label_id, DRAWN, now=now + timedelta(minutes=2), by=nurse)
    drug_acts.count(db, treatment, again.id, RIGHT, now=now + timedelta(minutes=3), by=other)
    assert against(db, treatment, now) == {StartReason.DRAW_MISSING}, "it was not drawn again by then"
    assert against(db, treatment, now + timedelta(minutes=3)) == set()
    found = drug.of(db, treatment, now)
    assert found is not None
    assert found.balance is not None
    assert (found.balance.drawn, found.balance.wasted, found.balance.left) == (80_000, 40_000, 40_000)


def test_a_corrected_label_is_the_one_that_a_used_device_had(
    db: Session, nasal: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    wrong = drug_acts.read_label(db, nasal, a_device(lot="A1"), now=now, by=nurse)
    take(db, nasal, Action.START, now, nurse, ready=False, happened=True, micrograms=None)
    drug_acts.read_label(db, nasal, a_device(lot="A7"), now=now, by=nurse, corrects=wrong)
    found = drug.of(db, nasal, now)
    assert found is not None
    assert [one.label.lot for one in found.devices if one.label] == ["A7"]
    events = facts.dose_events(db, nasal)
    assert drug_in_hand.label_id(db, nasal, DoseEventKind.DEVICE, events, None) is None


def test_a_dose_of_two_vials_is_one_dose_with_a_label_a_count_and_a_line_for_each(
    db: Session, treatment: TreatmentSession, nurse: Actor, other: Actor, now: datetime
) -> None:
    factories.ready_to_start(db, treatment, now, drug=False)
    label = drug_acts.read_label(db, treatment, a_vial(total_micrograms=30_000), now=now, by=nurse)
    first = drug_acts.draw(
        db, treatment, label.id, Drawing(micrograms=30_000, microlitres=600), now=now, by=nurse
    )  # fmt: skip
    drug_acts.count(db, treatment, first.id, Counted(microlitres=600, micrograms_per_ml=50_000), now=now, by=other)
    strong = a_vial(micrograms_per_ml=100_000, lot="K9")
    rest = Drawing(micrograms=10_000, microlitres=100, pump_microlitres=100_000)
    second = drug_acts.draw_more(db, treatment, strong, rest, first.id, now=now, by=nurse)
    found = drug.of(db, treatment, now)
    assert found is not None
    assert found.draw is not None
    assert (found.draw.micrograms, found.draw.microlitres, found.draw.pump_microlitres) == (40_000, 700, 100_000)
    assert [row.id for row in found.uncounted] == [second.id], "each draw is counted by itself"
    assert against(db, treatment, now) == {StartReason.SECOND_PERSON_MISSING}
    wrong = Counted(microlitres=100, micrograms_per_ml=50_000)
    drug_acts.count(db, treatment, second.id, wrong, now=now, by=other)
    assert against(db, treatment, now) == {StartReason.SECOND_PERSON_DIFFERS}, "the strength of the other vial"
    right = Counted(microlitres=100, micrograms_per_ml=100_000)
    drug_acts.count(db, treatment, second.id, right, now=now, by=other)
    take(db, treatment, Action.START, now, nurse, ready=False, micrograms=None)
    event = facts.dose_events(db, treatment)[0]
    assert (event.micrograms, event.rate_micrograms_per_hour, event.outside_rules) == (40_000, 60_000, [])
    [dose] = drug_log.of(db, treatment.clinic, now.date(), now.date())
    assert [line.text for line in dose.drawn] == ["30 mg in 0.6 mL, lot K4471", "10 mg in 0.1 mL, lot K9"]
    for lot in ("K4471", "K9"):
        [visit] = lot_recall.of(db, lot, None, [treatment.clinic_id], now).visits
        assert visit.reached is lot_recall.Reached.GIVEN


def test_more_than_the_limit_is_not_drawn_from_two_vials_and_a_vial_is_drawn_from_once(
    db: Session, treatment: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    first = drawn(db, treatment, nurse, now)
    much = Drawing(micrograms=60_000, microlitres=1_200)
    with pytest.raises(Refusal) as refused:
        drug_acts.draw_more(db, treatment, a_vial(lot="K9"), much, first.id, now=now, by=nurse)
    assert list(refused.value.reasons) == [Reason.ABOVE_CAP]
    db.rollback()


def test_what_another_tablet_has_entered_meanwhile_is_not_entered_beside_it(
    db: Session, treatment: TreatmentSession, nurse: Actor, other: Actor, now: datetime
) -> None:
    first = drawn(db, treatment, nurse, now)
    with pytest.raises(ChangedMeanwhile):
        drug_acts.read_label(db, treatment, a_vial(lot="K9"), now=now, by=other)
    with pytest.raises(ChangedMeanwhile):
        drug_acts.draw(db, treatment, first.label_id, DRAWN, now=now, by=other)
    little = Drawing(micrograms=5_000, microlitres=100)
    second = drug_acts.draw_more(db, treatment, a_vial(lot="K9"), little, first.id, now=now, by=nurse)
    with pytest.raises(ChangedMeanwhile):
        drug_acts.draw_more(db, treatment, a_vial(lot="K9"), little, first.id, now=now, by=other)
    anew = drug_acts.draw(db, treatment, first.label_id, DRAWN, now=now, by=nurse, corrects=first)
    held = start_gate.in_hand(db, treatment)
    assert held is not None
    assert [row.id for row in held.draws] == [second.id, anew.id], "a draw is entered anew from its own vial"


def test_a_vial_that_fell_is_wasted_whole_and_another_is_taken(
    db: Session, treatment: TreatmentSession, nurse: Actor, other: Actor, now: datetime
) -> None:
    drawn(db, treatment, nurse, now)
    dose_controls.waste(db, treatment, 40_000, other, "Dropped", now=now, by=nurse)
    found = drug.of(db, treatment, now)
    assert found is not None
    assert (found.draw, found.spent) == (None, True)
    later = now + timedelta(minutes=2)
    label = drug_acts.read_label(db, treatment, a_vial(lot="K9"), now=later, by=nurse)
    drug_acts.draw(db, treatment, label.id, DRAWN, now=later, by=nurse)
    held = start_gate.in_hand(db, treatment)
    assert held is not None
    assert held.micrograms == 40_000
    take(db, treatment, Action.START, later, nurse, ready=False, happened=True, micrograms=40_000)
    [visit] = lot_recall.of(db, "K4471", None, [treatment.clinic_id], later).visits
    assert visit.reached is lot_recall.Reached.OTHER_LOT, "what fell did not reach the patient"


def test_what_is_drawn_anew_under_a_corrected_label_is_drawn_once(
    db: Session, treatment: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    first = drawn(db, treatment, nurse, now)
    label = drug_acts.read_label(db, treatment, a_vial(lot="K9"), now=now, by=nurse, corrects=first.label)
    drug_acts.draw(db, treatment, label.id, DRAWN, now=now, by=nurse)
    found = drug.of(db, treatment, now)
    assert found is not None
    assert found.balance is not None
    assert found.balance.drawn == 40_000
    [dose] = drug_log.of(db, treatment.clinic, now.date(), now.date())
    assert [line.struck for line in dose.drawn] == [True, False]
