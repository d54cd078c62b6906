"""Side effects on both databases: told when severe or serious, ended by their outcome, treated under an order."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertStatus, AlertTier
from clinic_sessions.domain.papers.orders import OrderEventKind
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Action
from clinic_sessions.domain.session.side_effects import (
    Grade,
    InterventionKind,
    Outcome,
    Seriousness,
    SideEffectEventKind,
    SideEffectKind,
)
from clinic_sessions.models import Alert, AsNeeded, Clinic, FollowUp, Order, OrderEvent, SideEffect, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.drug import as_needed
from clinic_sessions.services.effects import effect_part, side_effect_trends, side_effects
from clinic_sessions.services.effects.side_effects import Followed, Noticed
from clinic_sessions.services.leaving import leave_gate
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile
from clinic_sessions.services.session import facts, interventions, session_revision, timeline
from clinic_sessions.services.session.interventions import InterventionAct
from tests import factories
from tests.services.day import a_nurse, take
from tests.services.test_query_shapes import reads

NAUSEA = Noticed(kind=SideEffectKind.NAUSEA, grade=Grade.MILD)
ONDANSETRON = {"drug": "Ondansetron", "dose_words": "4 mg IV", "limit_words": "8 mg a session", "reason": "nausea"}
OVER = Followed(kind=SideEffectEventKind.RESOLVED)


@pytest.fixture
def by(db: Session, clinic: Clinic) -> Actor:
    return a_nurse(db, clinic)


@pytest.fixture
def treatment(db: Session, clinic: Clinic, now: datetime, by: Actor) -> TreatmentSession:
    """A session under way, whose order allows ondansetron."""
    return begun(db, factories.a_session(db, factories.a_patient(db, clinic), now), now, by)


def begun(db: Session, treatment: TreatmentSession, at: datetime, by: Actor) -> TreatmentSession:
    take(db, treatment, Action.ARRIVE, at, by)
    take(db, treatment, Action.START, at, by)
    if not db.scalars(sa.select(AsNeeded).where(AsNeeded.order_id == treatment.order_id)).all():
        db.add(AsNeeded(order_id=treatment.order_id, **ONDANSETRON))
        db.flush()
    return treatment


def alerts_of(db: Session) -> list[tuple[AlertTier, str]]:
    return [(one.tier, one.words) for one in db.scalars(sa.select(Alert).order_by(Alert.id))]


def test_a_mild_side_effect_is_kept_and_tells_nobody(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime
) -> None:
    side_effects.note(db, treatment, NAUSEA, now=now, by=by)
    assert alerts_of(db) == []
    assert not db.scalars(sa.select(FollowUp)).all()


def test_a_severe_one_is_told_the_same_day_and_a_serious_one_at_once_with_a_call_owed(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime
) -> None:
    vomiting = Noticed(kind=SideEffectKind.VOMITING, grade=Grade.SEVERE)
    side_effects.note(db, treatment, vomiting, now=now, by=by)
    pain = Noticed(
        kind=SideEffectKind.CHEST_PAIN, grade=Grade.MODERATE, seriousness=Seriousness.IMPORTANT_MEDICAL_EVENT
    )  # fmt: skip
    effect = side_effects.note(db, treatment, pain, now=now, by=by)
    assert alerts_of(db) == [
        (AlertTier.SAME_DAY, "Vomiting, grade 3"),
        (AlertTier.NOW, "Chest pain, grade 2. Serious: important medical event"),
    ]
    (owed,) = db.scalars(sa.select(FollowUp)).all()
    assert (owed.side_effect_id, owed.due_at, owed.done_at) == (effect.id, now + timedelta(hours=24), None)


def test_calling_a_side_effect_serious_later_corrects_it_and_owes_one_call(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime
) -> None:
    old = side_effects.note(db, treatment, NAUSEA, now=now, by=by)
    later = now + timedelta(minutes=40)
    new = side_effects.call_serious(db, treatment, old, Seriousness.HOSPITALISATION, now=later, by=by)
    assert (new.corrects_id, new.at, new.grade) == (old.id, now, Grade.MILD)
    same = side_effects.call_serious(db, treatment, new, Seriousness.HOSPITALISATION, now=later, by=by)
    assert same is new
    back = side_effects.call_serious(db, treatment, new, None, now=later, by=by)
    side_effects.call_serious(db, treatment, back, Seriousness.LIFE_THREATENING, now=later, by=by)
    assert len(db.scalars(sa.select(FollowUp)).all()) == 1
    assert len(facts.side_effects(db, treatment)) == 1
    with pytest.raises(ChangedMeanwhile):
        side_effects.call_serious(db, treatment, old, Seriousness.DISABILITY, now=later, by=by)


def test_a_correction_of_its_words_tells_no_second_time(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime
) -> None:
    noticed = Noticed(kind=SideEffectKind.VOMITING, grade=Grade.SEVERE)
    old = side_effects.note(db, treatment, noticed, now=now, by=by)
    for alert in db.scalars(sa.select(Alert)):
        alert.status = AlertStatus.CLOSED
    said = Noticed(kind=SideEffectKind.VOMITING, grade=Grade.SEVERE, words="Twice")
    new = side_effects.note(db, treatment, said, now=now, by=by, onset=now, corrects=old)
    assert len(alerts_of(db)) == 1
    worse = Noticed(kind=SideEffectKind.VOMITING, grade=Grade.LIFE_THREATENING, words="Twice")
    side_effects.note(db, treatment, worse, now=now, by=by, onset=now, corrects=new)
    assert [tier for tier, _ in alerts_of(db)] == [AlertTier.SAME_DAY, AlertTier.NOW]


def test_each_worsening_to_a_severe_grade_is_told_and_each_easing_is_not(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime
) -> None:
    effect = side_effects.note(db, treatment, NAUSEA, now=now, by=by)
    grades = (Grade.SEVERE, Grade.LIFE_THREATENING, Grade.SEVERE, Grade.MILD, Grade.SEVERE)
    for minutes, grade in enumerate(grades, 1):
        graded = Followed(kind=SideEffectEventKind.GRADED, grade=grade)
        side_effects.follow(db, treatment, effect, graded, now=now + timedelta(minutes=minutes), by=by)
    assert [words for _, words in alerts_of(db)] == ["Nausea, grade 3", "Nausea, grade 4", "Nausea, grade 3"]


@pytest.mark.parametrize("outcome", [Outcome.RESOLVED, Outcome.RESOLVED_WITH_SEQUELAE])
def test_an_outcome_that_ends_a_side_effect_ends_it(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime, outcome: Outcome
) -> None:
    sleepy = Noticed(kind=SideEffectKind.SEDATION, grade=Grade.MODERATE)
    effect = side_effects.note(db, treatment, sleepy, now=now, by=by)
    assert leave_gate.departure(db, treatment, now).unresolved_side_effects == 1
    said = Followed(kind=SideEffectEventKind.OUTCOME, outcome=outcome)
    side_effects.follow(db, treatment, effect, said, now=now + timedelta(minutes=9), by=by)
    (one,) = facts.side_effects(db, treatment)
    assert (one.resolved_at, one.outcome) == (now + timedelta(minutes=9), outcome)
    assert leave_gate.departure(db, treatment, now).unresolved_side_effects == 1, "it was not over yet"
    assert leave_gate.departure(db, treatment, now + timedelta(minutes=9)).unresolved_side_effects == 0


def test_one_that_comes_back_is_open_again_and_no_longer_called_resolved(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime
) -> None:
    effect = side_effects.note(db, treatment, NAUSEA, now=now, by=by)
    side_effects.follow(db, treatment, effect, OVER, now=now + timedelta(minutes=5), by=by)
    back = Followed(kind=SideEffectEventKind.GRADED, grade=Grade.MODERATE)
    side_effects.follow(db, treatment, effect, back, now=now + timedelta(minutes=9), by=by)
    (one,) = facts.side_effects(db, treatment)
    assert (one.open, one.outcome, one.blocks_leaving) == (True, None, True)
    advised = Followed(kind=SideEffectEventKind.OUTCOME, outcome=Outcome.CONTINUING_ADVISED)
    side_effects.follow(db, treatment, effect, advised, now=now + timedelta(minutes=10), by=by)
    lower = Followed(kind=SideEffectEventKind.GRADED, grade=Grade.MILD)
    side_effects.follow(db, treatment, effect, lower, now=now + timedelta(minutes=11), by=by)
    (one,) = facts.side_effects(db, treatment)
    assert (one.grade, one.outcome, one.blocks_leaving) == (Grade.MILD, Outcome.CONTINUING_ADVISED, False)


def test_a_fatal_outcome_is_grade_five_and_told_at_once(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime
) -> None:
    effect = side_effects.note(db, treatment, NAUSEA, now=now, by=by)
    fatal = Followed(kind=SideEffectEventKind.OUTCOME, outcome=Outcome.FATAL)
    side_effects.follow(db, treatment, effect, fatal, now=now, by=by)
    (one,) = facts.side_effects(db, treatment)
    assert one.grade is Grade.DEATH
    assert alerts_of(db) == [(AlertTier.NOW, "Nausea, grade 5")]


def test_what_is_written_after_the_fact_is_marked_late(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime
) -> None:
    then = now + timedelta(hours=1)
    effect = side_effects.note(db, treatment, NAUSEA, now=then, by=by, onset=now)
    event = side_effects.follow(db, treatment, effect, OVER, now=then, by=by, at=now + timedelta(minutes=20))
    soon = side_effects.note(db, treatment, NAUSEA, now=then, by=by, onset=then - timedelta(minutes=10))
    assert (effect.late, event.late, soon.late) == (True, True, False)


def given(db: Session, treatment: TreatmentSession, now: datetime, by: Actor, dose: str = "4 mg IV") -> list[str]:
    act = InterventionAct(kind=InterventionKind.ONDANSETRON, dose_words=dose)
    return interventions.record(db, treatment, act, now=now, by=by).outside_rules


def test_a_drug_stands_under_the_order_until_its_limit_and_is_kept_and_marked_beyond(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime
) -> None:
    (offered,) = as_needed.of(db, treatment, now)
    assert (offered.kind, offered.given, offered.passes) == (InterventionKind.ONDANSETRON, [], False)
    assert [given(db, treatment, now + timedelta(minutes=n), by) for n in range(3)] == [[], [], ["as_needed_limit"]]
    (offered,) = as_needed.of(db, treatment, now)
    assert (len(offered.given), offered.passes) == (3, True)
    assert {one.as_needed_id for one in offered.given} == {offered.row.id}
    assert [words for _, words in alerts_of(db)] == ["More than the as-needed order allows."]


def test_a_tenfold_dose_of_an_as_needed_drug_is_marked_twice(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime
) -> None:
    assert given(db, treatment, now, by, "40 mg IV") == ["other_than_ordered", "as_needed_limit"]


def test_a_corrected_gift_counts_once(db: Session, treatment: TreatmentSession, by: Actor, now: datetime) -> None:
    act = InterventionAct(kind=InterventionKind.ONDANSETRON, dose_words="8 mg IV")
    wrong = interventions.record(db, treatment, act, now=now, by=by)
    right = InterventionAct(kind=InterventionKind.ONDANSETRON, dose_words="4 mg IV")
    row = interventions.record(db, treatment, right, now=now, by=by, corrects=wrong)
    assert row.outside_rules == []
    assert given(db, treatment, now, by) == []


def test_a_drug_that_no_order_covers_is_kept_and_marked_unless_a_provider_gave_it(
    db: Session, clinic: Clinic, treatment: TreatmentSession, by: Actor, now: datetime
) -> None:
    labetalol = InterventionAct(kind=InterventionKind.LABETALOL, dose_words="10 mg IV")
    assert interventions.record(db, treatment, labetalol, now=now, by=by).outside_rules == ["no_as_needed_order"]
    provider = a_nurse(db, clinic, Role.PROVIDER)
    assert interventions.record(db, treatment, labetalol, now=now, by=provider).outside_rules == []
    oxygen = InterventionAct(kind=InterventionKind.OXYGEN)
    assert interventions.record(db, treatment, oxygen, now=now, by=by).outside_rules == []


def test_an_order_that_was_ended_offers_nothing_more_and_a_new_one_is_offered_at_once(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime
) -> None:
    before = session_revision.revision(db, treatment)
    old = db.get_one(Order, treatment.order_id)
    db.add(OrderEvent(order_id=old.id, kind=OrderEventKind.REPLACED, at=now, by_id=by.user_id or 0, words="Vomits"))
    db.flush()
    assert as_needed.of(db, treatment, now) == []
    new = factories.an_order(
        db, treatment.patient, old.protocol_version, signed=False, spoken=True, read_back_at=now, written_at=now,
        replaces_id=old.id,
    )  # fmt: skip
    db.add(AsNeeded(**{**ONDANSETRON, "order_id": new.id, "dose_words": "8 mg IV"}))
    db.flush()
    (offered,) = as_needed.of(db, treatment, now + timedelta(minutes=2))
    assert offered.row.dose_words == "8 mg IV"
    assert session_revision.revision(db, treatment) != before
    ended = as_needed.one(db, treatment, old.as_needed[0].id, now + timedelta(minutes=2))
    assert not ended.holds
    act = InterventionAct(kind=ended.kind, dose_words="4 mg IV", as_needed=ended.row)
    row = interventions.record(db, treatment, act, now=now + timedelta(minutes=2), by=by)
    assert row.outside_rules == ["no_as_needed_order"]
    someone = factories.a_patient(db, treatment.clinic, "Someone Else")
    other = factories.a_session(db, someone, now + timedelta(days=1))
    with pytest.raises(Absent):
        as_needed.one(db, other, old.as_needed[0].id, now)


def test_an_intervention_for_a_side_effect_of_another_session_is_not_found(
    db: Session, clinic: Clinic, treatment: TreatmentSession, by: Actor, now: datetime
) -> None:
    other = factories.a_session(db, factories.a_patient(db, clinic), now - timedelta(days=1))
    effect = side_effects.note(db, other, NAUSEA, now=now, by=by)
    act = InterventionAct(kind=InterventionKind.OXYGEN, side_effect=effect)
    with pytest.raises(Absent):
        interventions.record(db, treatment, act, now=now, by=by)


def test_what_was_done_stands_with_its_side_effect_also_after_a_correction(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime
) -> None:
    old = side_effects.note(db, treatment, NAUSEA, now=now, by=by)
    act = InterventionAct(kind=InterventionKind.ONDANSETRON, dose_words="4 mg IV", side_effect=old)
    interventions.record(db, treatment, act, now=now, by=by)
    acted = Followed(kind=SideEffectEventKind.ACTED_ON, words="Basin, cool cloth")
    side_effects.follow(db, treatment, old, acted, now=now + timedelta(minutes=1), by=by)
    side_effects.call_serious(db, treatment, old, Seriousness.DISABILITY, now=now, by=by)
    part = effect_part.of(db, treatment, now)
    assert part is not None
    (line,) = part.lines
    assert [done.text for done in line.done] == ["Ondansetron, 4 mg IV, under the order", "Basin, cool cloth"]
    assert [offered.row.drug for offered in line.offered] == ["Ondansetron"]


def test_an_as_needed_drug_stands_once_at_what_it_is_for(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime
) -> None:
    part = effect_part.of(db, treatment, now)
    assert part is not None
    assert [offered.row.drug for offered in part.as_needed] == ["Ondansetron"]
    for minutes in (1, 2):
        side_effects.note(db, treatment, NAUSEA, now=now + timedelta(minutes=minutes), by=by)
    part = effect_part.of(db, treatment, now + timedelta(minutes=3))
    assert part is not None
    assert [[offered.row.drug for offered in line.offered] for line in part.lines] == [["Ondansetron"], []]
    assert not part.as_needed


def test_what_was_given_under_the_order_says_so_on_the_timeline(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime
) -> None:
    act = InterventionAct(kind=InterventionKind.ONDANSETRON, dose_words="4 mg IV")
    under = interventions.record(db, treatment, act, now=now, by=by)
    act = InterventionAct(kind=InterventionKind.MIDAZOLAM, dose_words="1 mg IV")
    without = interventions.record(db, treatment, act, now=now, by=by)
    lines = timeline.build(treatment, timeline.Entries(interventions=[under, without]), [])
    titles = {line.title for line in lines}
    assert {"Ondansetron, 4 mg IV, under the order", "Midazolam, 1 mg IV"} <= titles


def test_the_trends_say_in_which_sessions_a_side_effect_was_recorded_and_how_strong_at_its_worst(
    db: Session, clinic: Clinic, by: Actor, now: datetime
) -> None:
    patient = factories.a_patient(db, clinic)
    days = [begun(db, factories.a_session(db, patient, at), at, by) for at in (now + timedelta(days=n) for n in (0, 3))]
    for minutes, one in zip((20, 35), days, strict=True):
        onset = one.starts_at + timedelta(minutes=minutes)
        effect = side_effects.note(db, one, NAUSEA, now=onset, by=by)
        graded = Followed(kind=SideEffectEventKind.GRADED, grade=Grade.MODERATE)
        side_effects.follow(db, one, effect, graded, now=onset, by=by)
        side_effects.follow(db, one, effect, OVER, now=onset + timedelta(minutes=9), by=by)
    taste = Noticed(kind=SideEffectKind.OTHER, grade=Grade.MILD, term="Metal taste")
    side_effects.note(db, days[1], taste, now=days[1].starts_at, by=by)
    mistake = side_effects.note(db, days[1], Noticed(kind=SideEffectKind.TREMOR, grade=Grade.MILD), now=now, by=by)
    side_effects.follow(db, days[1], mistake, Followed(kind=SideEffectEventKind.CORRECTED), now=now, by=by)
    assert side_effect_trends.of(db, days[0]) is None
    trends = side_effect_trends.of(db, days[1])
    assert trends is not None
    assert [column.treatment.id for column in trends.columns] == [one.id for one in days]
    assert [(row.label, row.worst, row.soonest, row.latest) for row in trends.rows] == [
        ("Nausea", [Grade.MODERATE, Grade.MODERATE], 20, 35),
        ("Metal taste", [None, Grade.MILD], 0, 0),
    ]


@pytest.mark.parametrize("count", [2, 12])
def test_the_part_is_read_with_as_many_queries_however_much_was_recorded(
    db: Session, clinic: Clinic, by: Actor, now: datetime, count: int
) -> None:
    patient = factories.a_patient(db, clinic)
    for n in range(3):
        at = now + timedelta(days=3 * n)
        one = begun(db, factories.a_session(db, patient, at), at, by)
        for _ in range(count):
            effect = side_effects.note(db, one, NAUSEA, now=at, by=by)
            side_effects.follow(db, one, effect, OVER, now=at, by=by)
            given(db, one, at, by)
    db.commit()
    session_id = one.id
    db.expunge_all()
    fresh = db.get_one(TreatmentSession, session_id)
    with reads(db) as seen:
        effect_part.of(db, fresh, now + timedelta(days=6))
    assert len(seen) <= 30
    assert db.scalar(sa.select(sa.func.count()).select_from(SideEffect)) == 3 * count
