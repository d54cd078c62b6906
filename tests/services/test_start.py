"""One starts a dose while another takes a paper back: whoever is second sees what the first one did."""

import threading
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.papers.papers import Clearance, ConsentEventKind, PaperReason
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.models import (
    ActorKind,
    ClearanceDecision,
    Clinic,
    Consent,
    ConsentEvent,
    Order,
    TreatmentSession,
    User,
)
from clinic_sessions.models.engine import begin_write
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.orders import orders
from clinic_sessions.services.patients import patients
from clinic_sessions.services.session import lifecycle, steps
from clinic_sessions.services.session.lifecycle import GateClosed
from clinic_sessions.services.session.steps import Step
from tests import factories

TakeBack = Callable[[Session, TreatmentSession, datetime, Actor], None]


def _defers(db: Session, one: TreatmentSession, now: datetime, by: Actor) -> None:
    version = factories.a_protocol(db)
    row = ClearanceDecision(
        patient_id=one.patient_id, protocol_key=version.key, protocol_version_id=version.id, at=now, by_id=by.user_id,
        decision=Clearance.DEFERRED, until=date(2026, 12, 24), words="Blood pressure first",
    )  # fmt: skip
    db.add(row)


def _withdraws(db: Session, one: TreatmentSession, now: datetime, by: Actor) -> None:
    consent = db.scalars(
        sa.select(Consent).where(Consent.patient_id == one.patient_id, Consent.protocol_key == "iv-mood")
    ).one()
    said = {"kind": ConsentEventKind.CHANGED_MIND, "words": "Would rather wait"}
    db.add(ConsentEvent(consent_id=consent.id, **said, at=now, recorded_at=now, by_id=by.user_id))


def _ends(db: Session, one: TreatmentSession, now: datetime, by: Actor) -> None:
    query = sa.select(Order).where(Order.patient_id == one.patient_id, Order.protocol_key == "iv-mood")
    orders.end(db, one.patient, db.scalars(query).one().id, "Not needed any more", now=now, by=by)


EVERY_WAY = pytest.mark.parametrize(
    ("take_back", "reason"),
    [
        (_defers, PaperReason.DEFERRED),
        (_withdraws, PaperReason.CONSENT_CHANGED_MIND),
        (_ends, PaperReason.ORDER_ENDED),
    ],
)


@pytest.fixture
def people(db: Session, clinic: Clinic) -> tuple[int, int]:
    """A provider and a nurse, by id."""
    made = [factories.a_user(db, clinic, role) for role in (Role.PROVIDER, Role.NURSE)]
    db.commit()
    return made[0].id, made[1].id


@pytest.fixture
def session_id(db: Session, clinic: Clinic, now: datetime, people: tuple[int, int]) -> int:
    """A session whose patient is here, with every paper and everything else that a start asks for."""
    one = factories.a_session(db, factories.a_patient(db, clinic), now - timedelta(minutes=30))
    lifecycle.do(db, one, Action.ARRIVE, now=now, by=_actor(db, people[1], Role.NURSE))
    factories.ready_to_start(db, one, now)
    db.commit()
    return one.id


def _actor(db: Session, user_id: int, role: Role) -> Actor:
    return Actor(kind=ActorKind.USER, user=db.get_one(User, user_id), role=role)


class Start(threading.Thread):
    """Starts the dose in a transaction of its own; waits there until it may go on."""

    def __init__(self, engine: sa.Engine, session_id: int, nurse_id: int, now: datetime, *, plainly: bool) -> None:
        super().__init__(daemon=True)
        self.engine, self.session_id, self.nurse_id, self.now = engine, session_id, nurse_id, now
        self.plainly, self.taken, self.go_on = plainly, threading.Event(), threading.Event()
        self.refused: GateClosed | None = None
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            with Session(self.engine) as db:
                begin_write(db)
                self._start(db)
                self.taken.set()
                self.go_on.wait(10)
                db.commit()
        except GateClosed as refused:
            self.refused = refused
        except BaseException as error:
            self.error = error

    def _start(self, db: Session) -> None:
        one = db.get_one(TreatmentSession, self.session_id)
        by = _actor(db, self.nurse_id, Role.NURSE)
        if self.plainly:
            lifecycle.do(db, one, Action.START, now=self.now, by=by)
        else:
            steps.take(db, one, Step(action=Action.START, version=one.version, micrograms=40_000), now=self.now, by=by)

    def ends(self) -> None:
        """Wait for its end; what it could not foresee fails the test."""
        self.join(20)
        assert (self.is_alive(), self.error) == (False, None)


@EVERY_WAY
@pytest.mark.parametrize("plainly", [False, True], ids=["step", "lifecycle"])
def test_a_start_waits_for_a_paper_that_is_being_taken_back_and_is_refused(
    engine: sa.Engine, db: Session, session_id: int, people: tuple[int, int], now: datetime, take_back: TakeBack,
    reason: PaperReason, plainly: bool,
) -> None:  # fmt: skip
    start = Start(engine, session_id, people[1], now, plainly=plainly)
    begin_write(db)
    provider = _actor(db, people[0], Role.PROVIDER)
    one = db.get_one(TreatmentSession, session_id)
    patients.load(db, one.patient_id, db.get_one(User, people[0]), to_change=True)
    take_back(db, one, now, provider)
    db.flush()
    start.go_on.set()
    start.start()
    assert not start.taken.wait(0.3), "it waits for the one who came first"
    db.commit()
    start.ends()
    assert start.refused is not None
    assert list(start.refused.reasons) == [reason]
    assert db.get_one(TreatmentSession, session_id).status is Status.ARRIVED


@EVERY_WAY
def test_a_paper_is_taken_back_only_after_a_start_that_came_first(
    engine: sa.Engine, db: Session, session_id: int, people: tuple[int, int], now: datetime, take_back: TakeBack,
    reason: PaperReason,
) -> None:  # fmt: skip
    start = Start(engine, session_id, people[1], now, plainly=False)
    start.start()
    assert start.taken.wait(10)
    threading.Timer(0.3, start.go_on.set).start()
    began = time.monotonic()
    begin_write(db)
    one = db.get_one(TreatmentSession, session_id)
    patients.load(db, one.patient_id, db.get_one(User, people[0]), to_change=True)
    assert time.monotonic() - began >= 0.25, "it waits for the start that came first"
    db.refresh(one)
    assert one.status is Status.IN_TREATMENT, "whoever takes the paper back sees that the dose has begun"
    take_back(db, one, now, _actor(db, people[0], Role.PROVIDER))
    db.commit()
    start.ends()
    assert (start.refused, reason in PaperReason) == (None, True)
    assert one.changes[-1].outside_rules == []
