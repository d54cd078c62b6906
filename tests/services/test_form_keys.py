"""A form acts once, however often it is sent."""

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.models import ActorKind, Clinic
from clinic_sessions.services import form_keys
from clinic_sessions.services.actor import Actor
from tests import factories

CONTENT = {"what": 1, "when": "then"}


@pytest.fixture
def desk(db: Session, clinic: Clinic) -> Actor:
    """Someone at the front desk."""
    return Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, Role.FRONT_DESK), role=Role.FRONT_DESK)


def test_a_new_key_lets_the_form_act(db: Session, desk: Actor, now: datetime) -> None:
    assert form_keys.claim(db, form_keys.new(), CONTENT, now=now, by=desk) is None


def test_the_same_form_again_gets_the_same_answer(db: Session, desk: Actor, now: datetime) -> None:
    key = form_keys.new()
    form_keys.claim(db, key, CONTENT, now=now, by=desk)
    form_keys.settle(db, key, "/sessions/1")
    db.commit()
    assert form_keys.claim(db, key, dict(reversed(CONTENT.items())), now=now, by=desk) == "/sessions/1"


def test_the_same_key_with_other_content_is_refused(db: Session, desk: Actor, now: datetime) -> None:
    key = form_keys.new()
    form_keys.claim(db, key, CONTENT, now=now, by=desk)
    with pytest.raises(form_keys.OtherContent):
        form_keys.claim(db, key, {**CONTENT, "what": 2}, now=now, by=desk)


def test_the_key_of_another_person_is_refused(db: Session, clinic: Clinic, desk: Actor, now: datetime) -> None:
    key = form_keys.new()
    form_keys.claim(db, key, CONTENT, now=now, by=desk)
    other = Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, Role.NURSE), role=Role.NURSE)
    with pytest.raises(form_keys.OtherContent):
        form_keys.claim(db, key, CONTENT, now=now, by=other)


def test_a_key_that_was_rolled_back_can_act_again(db: Session, desk: Actor, now: datetime) -> None:
    key, user_id = form_keys.new(), desk.user_id
    db.commit()
    form_keys.claim(db, key, CONTENT, now=now, by=desk)
    db.rollback()
    assert desk.user_id == user_id
    assert form_keys.claim(db, key, CONTENT, now=now, by=desk) is None
