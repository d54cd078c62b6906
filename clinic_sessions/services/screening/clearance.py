"""Clearance: what a named provider decides about treating a patient under a protocol; every decision is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain import words
from clinic_sessions.domain.papers.papers import Clearance
from clinic_sessions.domain.papers.screening import Assessment, ScreeningItem, assess
from clinic_sessions.domain.papers.screening_kinds import ClearanceReason, DecisionChip, ItemKind
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.models import AuditAction, ClearanceDecision, Patient, ProtocolVersion, Screening
from clinic_sessions.services import audit, documents
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.refusals import ChangedMeanwhile, NotAllowed, Refusal
from clinic_sessions.services.screening import screening

ENDS = frozenset({Clearance.CLEARED, Clearance.DEFERRED})
"""The decisions that hold until a day."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a provider decides. `until`: the last day it holds; `newest_id`: the newest decision that they saw."""

    decision: Clearance
    until: date | None = None
    chips: tuple[DecisionChip, ...] = ()
    words: str | None = None
    newest_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Basis:
    """What there is to decide on: the newest filed screening of the route, and what its answers mean for the drug."""

    screening: Screening | None
    assessment: Assessment | None
    unclear: Sequence[ScreeningItem]
    """Contraindications that nobody is sure of."""
    hard_stops: Sequence[ScreeningItem]
    """Hard stops, those that nobody is sure of among them."""


class Undecided(Refusal):
    """A decision that is not taken; `items`: the answers of the screening that stand against it, by reason."""

    def __init__(
        self, reasons: Sequence[ClearanceReason], items: Mapping[ClearanceReason, Sequence[ScreeningItem]]
    ) -> None:
        super().__init__(*reasons)
        self.items = items


def of_patient(db: Session, patient_id: int) -> Sequence[ClearanceDecision]:
    """List every decision about a patient, the newest first."""
    row = ClearanceDecision
    query = sa.select(row).where(row.patient_id == patient_id).order_by(row.at.desc(), row.id.desc())
    return db.scalars(query.options(joinedload(row.protocol_version), joinedload(row.by))).all()


def newest(listed: Sequence[ClearanceDecision], key: str) -> ClearanceDecision | None:
    """Give the decision that counts for a protocol, from the list that `of_patient` gives."""
    return next((one for one in listed if one.protocol_key == key), None)


def basis(db: Session, patient: Patient, version: ProtocolVersion) -> Basis:
    """Gather what the decision about a patient and a protocol rests on."""
    filed = screening.newest_filed(screening.of_patient(db, patient.id), version.route)
    if filed is None:
        return Basis(screening=None, assessment=None, unclear=(), hard_stops=())
    drug = protocol_of(version).drug
    questionnaire = screening.questionnaire_of(filed.document_version)
    found = assess(questionnaire, screening.answers_of(filed), drug, patient.pregnancy_possible)

    def open_as(kind: ItemKind) -> list[ScreeningItem]:
        return [one for one in (*found.to_clarify, *found.unanswered) if one.kind_for(drug) is kind]

    return Basis(
        screening=filed,
        assessment=found,
        unclear=open_as(ItemKind.CONTRAINDICATION),
        hard_stops=[*found.hard_stops, *open_as(ItemKind.HARD_STOP)],
    )


def proposed_until(db: Session, today: date) -> date:
    """Give the day until which a clearance of today is proposed to hold."""
    return today + timedelta(days=documents.thresholds(db).clearance.whole)


def decide(
    db: Session, patient: Patient, version: ProtocolVersion, wish: Wish, *, today: date, now: datetime, by: Actor
) -> ClearanceDecision:
    """Keep a provider's decision; load the patient `to_change` first. It holds for every version of the protocol.

    Refuses with NotAllowed for who is no provider, ChangedMeanwhile when there is a newer decision than the one seen,
    and Undecided with every reason: nobody is cleared without a filed screening, with a contraindication of the
    label, or with one that nobody is sure of; another hard stop needs words. The source of each is its item's.
    """
    if by.user is None or not by.user.may(Permission.DECIDE_CLEARANCE):
        raise NotAllowed(ClearanceReason.NOT_ALLOWED)
    stands = newest(of_patient(db, patient.id), version.key)
    if (stands.id if stands else None) != wish.newest_id:
        raise ChangedMeanwhile(ClearanceReason.CHANGED_MEANWHILE)
    found = basis(db, patient, version)
    against = _against(wish, found, today)
    if against:
        raise Undecided(list(against), against)
    return _write(db, patient, version, wish, found, now=now, by=by)


def _against(wish: Wish, found: Basis, today: date) -> dict[ClearanceReason, Sequence[ScreeningItem]]:
    against: dict[ClearanceReason, Sequence[ScreeningItem]] = {}
    if wish.decision in ENDS and wish.until is None:
        against[ClearanceReason.UNTIL_MISSING] = ()
    if wish.decision in ENDS and wish.until is not None and wish.until < today:
        against[ClearanceReason.UNTIL_PAST] = ()
    if wish.decision is Clearance.CLEARED:
        return against | _against_clearing(wish, found)
    if not wish.words and not wish.chips:
        against[ClearanceReason.WORDS_MISSING] = ()
    return against


def _against_clearing(wish: Wish, found: Basis) -> dict[ClearanceReason, Sequence[ScreeningItem]]:
    if found.assessment is None:
        return {ClearanceReason.NO_SCREENING: ()}
    against: dict[ClearanceReason, Sequence[ScreeningItem]] = {}
    if found.assessment.contraindications:
        against[ClearanceReason.CONTRAINDICATED] = found.assessment.contraindications
    if found.unclear:
        against[ClearanceReason.TO_CLARIFY] = found.unclear
    if found.hard_stops and not wish.words:
        against[ClearanceReason.HARD_STOP_WORDS] = found.hard_stops
    return against


def _write(
    db: Session, patient: Patient, version: ProtocolVersion, wish: Wish, found: Basis, *, now: datetime, by: Actor
) -> ClearanceDecision:
    cleared = wish.decision is Clearance.CLEARED
    row = ClearanceDecision(
        patient_id=patient.id, protocol_key=version.key, protocol_version_id=version.id,
        screening_id=found.screening.id if found.screening else None, decision=wish.decision,
        until=wish.until if wish.decision in ENDS else None, reasons=[chip.value for chip in wish.chips],
        hard_stops=[item.key for item in found.hard_stops] if cleared else [],
        words=wish.words or (None if cleared else ", ".join(words.say(chip) for chip in wish.chips)),
        at=now, by_id=by.user_id,
    )  # fmt: skip
    db.add(row)
    db.flush()
    audit.note(
        db, AuditAction.CREATE, "clearance_decision", row.id, now=now, by=by, patient_id=patient.id,
        changes={"decision": [None, row.decision], "until": [None, row.until], "hard_stops": [None, row.hard_stops]},
        reason=row.words,
    )  # fmt: skip
    return row
