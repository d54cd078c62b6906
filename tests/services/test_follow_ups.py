"""Calls that are owed: listed for their clinic until somebody says what was done, by one person only."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.follow_ups import FollowUpReason
from clinic_sessions.domain.session.side_effects import Grade, Seriousness, SideEffectEventKind, SideEffectKind
from clinic_sessions.models import AuditEntry, Clinic, FollowUp
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.effects import follow_ups, side_effects
from clinic_sessions.services.effects.side_effects import Followed, Noticed
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, Refusal
from clinic_sessions.services.today import for_clinicians
from clinic_sessions.services.today.for_clinicians import Asked, Work
from tests import factories
from tests.services.day import a_nurse

SERIOUS = Noticed(kind=SideEffectKind.CHEST_PAIN, grade=Grade.SEVERE, seriousness=Seriousness.HOSPITALISATION)


@pytest.fixture
def by(db: Session, clinic: Clinic) -> Actor:
    return a_nurse(db, clinic)


@pytest.fixture
def owed(db: Session, clinic: Clinic, now: datetime, by: Actor) -> FollowUp:
    treatment = factories.a_session(db, factories.a_patient(db, clinic), now)
    side_effects.note(db, treatment, SERIOUS, now=now, by=by)
    return db.scalars(sa.select(FollowUp)).one()


def test_a_call_is_owed_within_the_time_of_the_thresholds_and_says_why(owed: FollowUp, now: datetime) -> None:
    assert (owed.due_at, owed.words) == (now + timedelta(hours=24), "Chest pain, grade 3. Serious: stay in hospital")


def test_a_call_waits_on_the_lists_of_nurse_and_provider_until_it_is_made(
    db: Session, clinic: Clinic, owed: FollowUp, by: Actor, now: datetime
) -> None:
    asked = Asked(clinic=clinic, now=now, user_id=by.user_id or 0)
    for role in (Role.NURSE, Role.PROVIDER):
        assert Work.CALLS in for_clinicians.OF_ROLE[role]
    assert for_clinicians.counts(db, [Work.CALLS], asked) == {Work.CALLS: 1}
    assert for_clinicians.lines(db, Work.CALLS, asked) == [owed]
    follow_ups.finish(db, owed, "Spoke with her: home, well.", now=now, by=by)
    assert for_clinicians.counts(db, [Work.CALLS], asked) == {}
    assert follow_ups.done(db, [clinic.id], now) == [owed]
    assert follow_ups.done(db, [clinic.id], now + timedelta(days=31)) == []


def test_a_call_is_taken_off_the_list_once_with_words_and_audited(
    db: Session, owed: FollowUp, by: Actor, clinic: Clinic, now: datetime
) -> None:
    with pytest.raises(Refusal) as refused:
        follow_ups.finish(db, owed, "  ", now=now, by=by)
    assert refused.value.reasons == (FollowUpReason.WORDS_NEEDED,)
    follow_ups.finish(db, owed, "Spoke with her.", now=now, by=by)
    with pytest.raises(ChangedMeanwhile):
        follow_ups.finish(db, owed, "Me too.", now=now, by=a_nurse(db, clinic))
    assert (owed.done_words, owed.done_by_id, owed.done_at) == ("Spoke with her.", by.user_id, now)
    acts = db.scalars(sa.select(AuditEntry).where(AuditEntry.entity == "follow_up").order_by(AuditEntry.id)).all()
    assert [one.action.value for one in acts] == ["create", "change"]


def test_the_soonest_due_stands_first_and_another_clinic_sees_none(
    db: Session, clinic: Clinic, owed: FollowUp, by: Actor, now: datetime
) -> None:
    sooner = factories.a_session(db, factories.a_patient(db, clinic), now - timedelta(hours=9))
    side_effects.note(db, sooner, SERIOUS, now=now - timedelta(hours=5), by=by)
    first, second = follow_ups.waiting(db, [clinic.id])
    assert (first.session_id, second) == (sooner.id, owed)
    elsewhere = factories.a_clinic(db)
    assert follow_ups.waiting(db, [elsewhere.id]) == []
    with pytest.raises(Absent):
        follow_ups.load(db, owed.id, [elsewhere.id])


def test_a_call_for_a_side_effect_that_never_was_says_so_and_stays_until_it_is_answered(
    db: Session, clinic: Clinic, owed: FollowUp, by: Actor, now: datetime
) -> None:
    assert not follow_ups.was_mistaken(db, owed)
    assert owed.side_effect is not None
    mistake = Followed(kind=SideEffectEventKind.CORRECTED)
    side_effects.follow(db, owed.treatment, owed.side_effect, mistake, now=now, by=by)
    assert follow_ups.was_mistaken(db, owed)
    assert follow_ups.waiting(db, [clinic.id]) == [owed]
