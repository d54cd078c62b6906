"""Two people at once: one decides or begins a draft, the other is told; nothing is lost and nothing is doubled."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from threading import Barrier

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.papers.papers import Clearance
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import Route
from clinic_sessions.models import ActorKind, ClearanceDecision, Clinic, Patient, Screening, User
from clinic_sessions.models.engine import begin_write
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.patients import patients
from clinic_sessions.services.refusals import ChangedMeanwhile
from clinic_sessions.services.screening import clearance, screening
from clinic_sessions.services.screening.clearance import Wish
from clinic_sessions.services.screening.screening import Typed
from tests import factories

Act = Callable[[Session, Patient, Actor], object]


def _at_once(engine: sa.Engine, patient_id: int, user_ids: list[int], act: Act) -> list[str]:
    """Let each person act in a transaction of their own, all from the same moment; say how it went, sorted."""
    ready = Barrier(len(user_ids))

    def one(user_id: int) -> str:
        with Session(engine) as db:
            ready.wait(10)
            begin_write(db)
            user = db.get_one(User, user_id)
            patient = patients.load(db, patient_id, user, to_change=True)
            try:
                act(db, patient, Actor(kind=ActorKind.USER, user=user, role=Role.PROVIDER))
                db.commit()
            except ChangedMeanwhile:
                return "told"
            return "done"

    with ThreadPoolExecutor(len(user_ids)) as pool:
        return sorted(pool.map(one, user_ids))


@pytest.fixture
def people(db: Session, clinic: Clinic) -> tuple[int, list[int]]:
    """A patient of whom nothing is on file, and two providers, by id."""
    patient_id = factories.a_patient(db, clinic, papers=False).id
    providers = [factories.a_user(db, clinic, Role.PROVIDER).id for _ in range(2)]
    db.commit()
    return patient_id, providers


def test_of_two_decisions_at_once_one_stands_and_the_other_is_told(
    engine: sa.Engine, db: Session, people: tuple[int, list[int]], now: datetime
) -> None:
    def decide(mine: Session, patient: Patient, by: Actor) -> object:
        wish = Wish(decision=Clearance.DEFERRED, until=date(2026, 12, 1), words="Flu")
        version = factories.a_protocol(mine)
        return clearance.decide(mine, patient, version, wish, today=date(2026, 11, 23), now=now, by=by)

    assert _at_once(engine, people[0], people[1], decide) == ["done", "told"]
    assert db.scalar(sa.select(sa.func.count(ClearanceDecision.id))) == 1


def test_of_two_drafts_begun_at_once_there_is_one_and_the_other_is_told(
    engine: sa.Engine, db: Session, people: tuple[int, list[int]], now: datetime
) -> None:
    def begin(mine: Session, patient: Patient, by: Actor) -> object:
        return screening.save(mine, patient, Route.IV, Typed(systolic=120), version=0, now=now, by=by)

    assert _at_once(engine, people[0], people[1], begin) == ["done", "told"]
    assert db.scalar(sa.select(sa.func.count(Screening.id))) == 1
