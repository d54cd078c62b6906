"""Under which order a dose is begun, which papers it lacked, and what the order comes to."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from clinic_sessions.domain.papers.papers import PaperReason
from clinic_sessions.domain.session.readiness import DoseToGive, Reason, outside_protocol
from clinic_sessions.domain.session.record import BEGINS_DOSE, DoseEventKind
from clinic_sessions.domain.session.start_gate import StartReason
from clinic_sessions.models import DoseEvent, Order, TreatmentSession
from clinic_sessions.services.before import start_gate
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.orders import ordered_dose
from clinic_sessions.services.plans import papers
from clinic_sessions.services.session import facts


def begin(
    db: Session,
    treatment: TreatmentSession,
    kind: DoseEventKind,
    at: datetime,
    before: Sequence[DoseEvent],
    corrects: DoseEvent | None,
    micrograms: int | None,
) -> list[StrEnum]:
    """Keep under which order a dose is begun, and list what stood against it: the fact is stored with these marks.

    The papers, and the gate before the dose: one that was begun without a start is marked as a start would have been,
    and one of other micrograms than were drawn.
    A correction keeps the order and the marks of what it corrects.
    """
    if corrects is not None:
        kinds: tuple[type[StrEnum], ...] = (PaperReason, StartReason)
        return [kind(value) for value in corrects.outside_rules for kind in kinds if value in set(kind)]
    if kind not in BEGINS_DOSE or facts.so_far(before).begun:
        return []
    found = papers.of_treatment(db, treatment, at)
    treatment.order_id = found.order_id if found else None
    if found is None:
        return []
    return [*found.reasons, *start_gate.unmet(db, treatment, found.order_id, at), *_undrawn(db, treatment, micrograms)]


def _undrawn(db: Session, treatment: TreatmentSession, micrograms: int | None) -> list[StartReason]:
    draw = start_gate.in_hand(db, treatment)
    other = draw is not None and micrograms is not None and micrograms != draw.micrograms
    return [StartReason.OTHER_THAN_DRAWN] if other else []


def outside(
    db: Session,
    treatment: TreatmentSession,
    kind: DoseEventKind,
    at: datetime,
    micrograms: int | None,
    before: Sequence[DoseEvent],
) -> list[Reason]:
    """List what in a dose event is not what the session's protocol and its order ask for."""
    if treatment.protocol_version is None:
        return [Reason.OTHER_PROTOCOL]
    rule = protocol_of(treatment.protocol_version).dose_rule
    return outside_protocol(rule, kind, at, micrograms, facts.so_far(before), to_give(db, treatment, at))


def to_give(db: Session, treatment: TreatmentSession, at: datetime) -> DoseToGive | None:
    """Give the dose that the session's order comes to at `at`; None without an order or without a computed dose."""
    order = db.get(Order, treatment.order_id) if treatment.order_id is not None else None
    found = ordered_dose.of_session(db, treatment, order, treatment.dose_started_at or at) if order else None
    if order is None or found is None or found.dose is None:
        return None
    return DoseToGive(micrograms=found.dose.micrograms, round_down=order.round_down_micrograms)
