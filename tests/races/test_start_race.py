"""A nurse starts the dose at one desk while the paper it stands on is taken back at another."""

import secrets
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.models import (
    ActorKind,
    AuditEntry,
    Chair,
    ClearanceDecision,
    Consent,
    DoseEvent,
    Order,
    StatusChange,
    TreatmentSession,
)
from clinic_sessions.services.accounts import sign_ins
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.session import lifecycle
from tests import factories
from tests.races.conftest import MONDAY_TEN, Desks
from tests.races.servers import Post, cookie_of

ROUNDS = 8
KEY = "iv-mood"
Paper = type[Order] | type[Consent] | type[ClearanceDecision]


def _declines(patient_id: int, paper_id: int) -> tuple[str, dict[str, str]]:
    form = {"decision": "not_suitable", "words": "Blood pressure is not controlled", "seen": str(paper_id)}
    return f"/patients/{patient_id}/clearance/{KEY}", form


def _changes_mind(patient_id: int, paper_id: int) -> tuple[str, dict[str, str]]:
    return f"/patients/{patient_id}/consents/{paper_id}/changed-mind", {"words": "Would rather wait"}


def _ends(patient_id: int, paper_id: int) -> tuple[str, dict[str, str]]:
    return f"/patients/{patient_id}/orders/{paper_id}/end", {"words": "Not needed any more"}


def _here(db: Session, count: int) -> tuple[list[TreatmentSession], str]:
    """Make sessions whose patients have come, and someone who may do everything about them."""
    clinic = factories.a_clinic(db)
    user = factories.a_user(db, clinic, Role.NURSE, Role.PROVIDER)
    by = Actor(kind=ActorKind.USER, user=user, role=Role.NURSE)
    made = []
    for number in range(count):
        patient = factories.a_patient(db, clinic, f"Patient {number}", registered_by=user)
        starts = MONDAY_TEN - timedelta(minutes=30)
        clinic.chairs.append(_chair(number))
        db.flush()
        made.append(factories.a_session(db, patient, starts, chair=clinic.chairs[-1], by=user))
        lifecycle.do(db, made[-1], Action.ARRIVE, now=MONDAY_TEN, by=by)
        factories.ready_to_start(db, made[-1], MONDAY_TEN)
    token = sign_ins.open_sign_in(db, user, now=MONDAY_TEN, address="127.0.0.1")
    db.commit()
    return made, token


def _chair(number: int) -> Chair:
    taking = {"allows_iv": True, "allows_in": True, "allows_im": True}
    return Chair(name=f"More {number}", position=10 + number, **taking)


def _start(one: TreatmentSession) -> tuple[str, dict[str, str]]:
    form = {"action": "start", "version": str(one.version), "patient": str(one.patient_id), "identity": "y"}
    return f"/sessions/{one.id}/step", {**form, "mg": "40"}


@pytest.mark.parametrize(
    ("paper", "take_back", "reason"),
    [
        (ClearanceDecision, _declines, "not suitable now"),
        (Consent, _changes_mind, "changed their mind about the consent"),
        (Order, _ends, "The order was ended."),
    ],
)
def test_a_start_and_what_takes_its_paper_back_see_each_other(
    desks: Desks, db: Session, paper: Paper, take_back: Callable[[int, int], tuple[str, dict[str, str]]], reason: str
) -> None:
    sessions, token = _here(db, ROUNDS)
    posts: list[Post] = []
    for number, one in enumerate(sessions):
        query = sa.select(paper.id).where(paper.patient_id == one.patient_id, paper.protocol_key == KEY)
        path, form = take_back(one.patient_id, db.scalars(query).one())
        both = [desks.post(number, *_start(one)), desks.post(number + 1, path, {**form, **_key()})]
        posts += both if number % 2 else both[::-1]
    db.rollback()
    answers = desks.send(posts, cookie_of(desks.app, token), threads=6)
    for number, one in enumerate(sessions):
        pair = answers[2 * number : 2 * number + 2]
        started, taken = pair if number % 2 else pair[::-1]
        assert (taken.status, started.status in {303, 409}) == (303, True)
        assert (started.status == 303) == (_order_of_acts(db, one) == ["start", "taken back"])
        assert started.status == 303 or reason in started.body
        _is_whole(db, one, begun=started.status == 303)


def _key() -> dict[str, str]:
    return {"form_key": secrets.token_urlsafe(24)}


def _order_of_acts(db: Session, one: TreatmentSession) -> list[str]:
    """Tell by the audit, which each act writes while it holds the patient, who came first."""
    db.rollback()
    query = sa.select(AuditEntry.entity, AuditEntry.reason).where(
        AuditEntry.patient_id == one.patient_id,
        AuditEntry.entity.in_(["session", "order", "consent", "clearance_decision"]),
        AuditEntry.action.in_(["create", "change"]),
    )
    acts = [row for row in db.execute(query.order_by(AuditEntry.id)) if row.reason != Action.ARRIVE]
    return ["start" if row.entity == "session" else "taken back" for row in acts]


def _is_whole(db: Session, one: TreatmentSession, *, begun: bool) -> None:
    doses = db.scalars(sa.select(DoseEvent).where(DoseEvent.session_id == one.id)).all()
    steps = db.scalars(sa.select(StatusChange).where(StatusChange.session_id == one.id)).all()
    assert (len(doses), one.status) == ((1, Status.IN_TREATMENT) if begun else (0, Status.ARRIVED))
    assert [row.outside_rules for row in doses] == [[]] * len(doses)
    assert [row.outside_rules for row in steps] == [[]] * len(steps)
    assert (one.order_id is not None) is begun
