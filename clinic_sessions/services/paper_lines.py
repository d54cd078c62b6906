"""The papers of each series as the patient's page shows them: what stands, until when, and what is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from clinic_sessions.domain.orders import OrderEventKind
from clinic_sessions.domain.papers import ConsentEventKind, PaperReason
from clinic_sessions.domain.plans import PlanStatus
from clinic_sessions.domain.protocols import Drug
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import (
    ClearanceDecision,
    Consent,
    ConsentEvent,
    Enrolment,
    MonitoringCheck,
    Order,
    Patient,
    Plan,
    TreatmentSession,
)
from clinic_sessions.services import papers
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.order_rows import event_of
from clinic_sessions.services.papers import Papers, Want


class PaperPart(StrEnum):
    """Which paper a line is about."""

    CLEARANCE = "clearance"
    CONSENT = "consent"
    ORDER = "order"
    PROGRAM = "program"
    CHECK = "check"
    PLAN = "plan"


@dataclass(frozen=True, kw_only=True)
class PaperLine:
    """One paper of a series. `on`: since when; `until`: the last day; `stops`: whether no session starts without it.

    `pending`: it holds, but somebody still has to sign it.
    """

    part: PaperPart
    reasons: Sequence[PaperReason] = ()
    on: date | None = None
    until: date | None = None
    stops: bool = True
    pending: bool = False


@dataclass(frozen=True, kw_only=True)
class PlanPapers:
    """The papers of a series at a moment: the start of its next session, or now when none is booked."""

    plan: Plan
    session: TreatmentSession | None
    lines: Sequence[PaperLine]

    @property
    def missing(self) -> list[PaperPart]:
        """The papers without which no session of it starts."""
        return [line.part for line in self.lines if line.reasons and line.stops]


@dataclass(frozen=True, kw_only=True)
class _Found:
    cleared: Mapping[str, ClearanceDecision]
    consents: Mapping[int, Consent]
    orders: Mapping[int, Order]
    enrolled_on: date | None
    checked_at: datetime | None


def of(
    db: Session, patient: Patient, coming: Sequence[TreatmentSession], *, now: datetime, zone: ZoneInfo
) -> list[PlanPapers]:
    """Gather the papers of every series that goes on, the newest first; the number of queries does not grow with them.

    `coming`: the patient's sessions to come, in order.
    """
    query = sa.select(Plan).where(
        Plan.patient_id == patient.id, Plan.status.in_([PlanStatus.ACTIVE, PlanStatus.PAUSED])
    )
    newest = query.options(joinedload(Plan.protocol_version)).order_by(Plan.started_at.desc(), Plan.id.desc())
    plans = db.scalars(newest).all()
    following = {one.plan_id: one for one in reversed(coming)}
    sessions = [following.get(plan.id) for plan in plans]
    moments = [max(now, one.starts_at) if one else now for one in sessions]
    read = papers.read(db, [_want(plan, at, zone) for plan, at in zip(plans, moments, strict=True)])
    found = _find(db, patient.id, [one.order_id for one in read if one.order_id is not None]) if plans else None
    return [
        PlanPapers(plan=plan, session=session, lines=_lines(plan, one, found, zone))
        for plan, session, one in zip(plans, sessions, read, strict=True)
        if found
    ]


def _want(plan: Plan, at: datetime, zone: ZoneInfo) -> Want:
    version = plan.protocol_version
    return Want(
        patient_id=plan.patient_id, protocol_key=version.key, drug=protocol_of(version).drug, plan_id=plan.id,
        at=at, zone=zone,
    )  # fmt: skip


def _find(db: Session, patient_id: int, order_ids: Sequence[int]) -> _Found:
    decisions = sa.select(ClearanceDecision).where(ClearanceDecision.patient_id == patient_id)
    mistake = sa.exists().where(
        ConsentEvent.consent_id == Consent.id, ConsentEvent.kind == ConsentEventKind.ENTERED_BY_MISTAKE
    )
    consents = sa.select(Consent).where(Consent.patient_id == patient_id, Consent.plan_id.is_not(None), ~mistake)
    orders = sa.select(Order).where(Order.id.in_(order_ids)).options(selectinload(Order.events))
    enrolled = sa.select(sa.func.min(Enrolment.enrolled_on)).where(
        Enrolment.patient_id == patient_id, Enrolment.ended_at.is_(None)
    )
    checked = sa.select(MonitoringCheck.checked_at).where(MonitoringCheck.patient_id == patient_id)
    return _Found(
        cleared={
            one.protocol_key: one for one in db.scalars(decisions.order_by(ClearanceDecision.at, ClearanceDecision.id))
        },
        consents={one.plan_id: one for one in db.scalars(consents.order_by(Consent.at, Consent.id)) if one.plan_id},
        orders={one.id: one for one in db.scalars(orders)} if order_ids else {},
        enrolled_on=db.scalar(enrolled),
        checked_at=db.scalars(checked.order_by(MonitoringCheck.checked_at.desc()).limit(1)).first(),
    )


def _lines(plan: Plan, one: Papers, found: _Found, zone: ZoneInfo) -> list[PaperLine]:
    cleared, consent = found.cleared.get(plan.protocol_version.key), found.consents.get(plan.id)
    order = found.orders.get(one.order_id) if one.order_id is not None else None
    late = [reason for reason in (*one.programme, *one.warnings) if reason is PaperReason.MONITORING_DUE]
    lines = [
        PaperLine(
            part=PaperPart.CLEARANCE, reasons=one.clearance, on=local_day(cleared.at, zone) if cleared else None,
            until=cleared.until if cleared else None,
        ),
        PaperLine(
            part=PaperPart.CONSENT, reasons=one.consent, on=local_day(consent.at, zone) if consent else None,
            until=consent.until if consent else None,
        ),
        PaperLine(
            part=PaperPart.ORDER, reasons=one.order, on=order.valid_from if order else None,
            until=order.valid_until if order else None,
            pending=order is not None and order.spoken and event_of(order, OrderEventKind.SIGNED) is None,
        ),
        PaperLine(
            part=PaperPart.CHECK, reasons=late, stops=PaperReason.MONITORING_DUE in one.programme,
            on=local_day(found.checked_at, zone) if found.checked_at else None,
        ),
    ]  # fmt: skip
    if protocol_of(plan.protocol_version).drug is Drug.ESKETAMINE:
        outside = [reason for reason in one.programme if reason is PaperReason.NOT_ENROLLED]
        lines.insert(3, PaperLine(part=PaperPart.PROGRAM, reasons=outside, on=found.enrolled_on))
    if PaperReason.PLAN_PAUSED in one.programme:
        lines.append(PaperLine(part=PaperPart.PLAN, reasons=[PaperReason.PLAN_PAUSED]))
    return lines
